import { assertEquals, assertRejects } from "@std/assert";
import { PermissionError } from "../../errors.ts";
import type { SessionUser } from "../../manager/database/users_table.ts";
import { MonitoredManager, type MonitoredParts } from "../../manager/monitoring_source.ts";
import { Statistics } from "../../manager/statistics.ts";
import { userNamed } from "../support/users.ts";

/** A Manager whose only user is Ada, with the password `secret`. */
class FakeManager {
  readonly statistics = new Statistics();
  /** The addresses that have tried to log in. */
  readonly attempts: string[] = [];
  /** How many times the table of users was read. */
  reads = 0;
  isThrottled = false;

  source(parts: Partial<MonitoredParts> = {}): MonitoredManager {
    return new MonitoredManager({
      users: {
        isUserRegistered: (name) => {
          this.reads++;
          return name === "ada";
        },
        logIn: (name, password): Promise<SessionUser | undefined> =>
          Promise.resolve(name === "ada" && password === "secret" ? userNamed(name) : undefined),
      },
      statistics: this.statistics,
      maxNameLength: 5,
      status: () => {
        throw new Error("the status is not asked for");
      },
      attemptLogin: (address) => async (check) => {
        this.attempts.push(address);
        if (this.isThrottled) throw new PermissionError("Too many logins have failed");
        return await check();
      },
      ...parts,
    });
  }
}

Deno.test("a user logs in for the metrics like any other, and a wrong login is counted", async () => {
  const manager = new FakeManager();
  const source = manager.source();
  assertEquals(await source.logIn("10.0.0.1", "ada", "secret"), true);
  assertEquals(manager.statistics.refusedConnections.toObject(), {});
  assertEquals(await source.logIn("10.0.0.2", "ada", "wrong"), false);
  assertEquals(await source.logIn("10.0.0.2", "bob", "secret"), false);
  assertEquals(manager.attempts, ["10.0.0.1", "10.0.0.2", "10.0.0.2"]);
  assertEquals(manager.statistics.refusedConnections.toObject(), { wrong_metrics_login: 2 });
});

Deno.test("a name that is too long for one of a user is not looked for", async () => {
  const manager = new FakeManager();
  assertEquals(await manager.source().logIn("10.0.0.1", "adaada", "secret"), false);
  assertEquals([manager.reads, manager.attempts], [0, []]);
});

Deno.test("a login that is throttled is refused", async () => {
  const manager = new FakeManager();
  manager.isThrottled = true;
  await assertRejects(
    () => manager.source().logIn("10.0.0.1", "ada", "secret"),
    PermissionError,
    "Too many logins have failed",
  );
});

Deno.test("all who ask at once whether the Manager is ready share one look at the database", async () => {
  const manager = new FakeManager();
  const source = manager.source();
  await Promise.all([source.checkReady(), source.checkReady(), source.checkReady()]);
  assertEquals(manager.reads, 1);
  await source.checkReady();
  assertEquals(manager.reads, 2);
});

Deno.test("a database that cannot be read is told to all who ask, and the next one looks again", async () => {
  const manager = new FakeManager();
  let isBroken = true;
  const source = manager.source({
    users: {
      isUserRegistered: () => {
        if (isBroken) throw new Error("it is broken");
        return false;
      },
      logIn: () => Promise.resolve(undefined),
    },
  });
  const both = [source.checkReady(), source.checkReady()];
  for (const check of both) await assertRejects(() => check, Error, "it is broken");
  isBroken = false;
  await source.checkReady();
});
