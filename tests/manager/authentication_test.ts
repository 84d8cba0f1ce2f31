import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import {
  type Ask,
  authenticate,
  type Authentication,
  Rejection,
  sameSecret,
} from "../../manager/authentication.ts";
import { ValueError, wireMessage } from "../../errors.ts";
import { HostnamesTable } from "../../manager/database/hostnames_table.ts";
import type { Host } from "../../manager/hosts.ts";
import { UsersTable } from "../../manager/database/users_table.ts";
import { MANAGER_NAME as MANAGER } from "../support/devices.ts";
import { PYTHON_USER } from "../support/python_users.ts";

const SCOPE: Host = {
  address: "10.0.0.7",
  domain: "scope.lab.nz",
  name: "scope",
  trustedBy: ["scope.lab.nz", "scope", "10.0.0.7"],
};

/** A visitor that gives these answers and no others. */
class Visitor {
  readonly host: Host;
  readonly asked: [attribute: string, argument: string][] = [];
  readonly #answers: Partial<Record<string, string>>;

  constructor(answers: Partial<Record<"username" | "password", string>> = {}, host = SCOPE) {
    this.#answers = answers;
    this.host = host;
  }

  judge = async (check: () => boolean | Promise<boolean>) => await check();

  ask: Ask = async (attribute, argument) => {
    this.asked.push([attribute, argument]);
    const answer = await this.#answers[attribute];
    if (answer === undefined) throw new Error(`the visitor has no ${attribute}`);
    return answer;
  };
}

/** That a visitor is turned away: with what it is told, and what is recorded. */
async function expectRejection(
  authentication: Authentication,
  visitor: Visitor,
  message: string,
  record: string,
): Promise<void> {
  const rejection: Rejection = await assertRejects(
    () => authenticate(authentication, MANAGER, visitor),
    Rejection,
  );
  assertEquals(wireMessage(rejection.reason), message);
  assert(rejection.reason instanceof ValueError);
  assertEquals(rejection.record, record);
}

function trusting(...names: string[]): Authentication {
  const hostnames = new HostnamesTable(new DatabaseSync(":memory:"), names);
  return { method: "hostname", hostnames, hosts: HONEST };
}

/** A network where every name is that of the computer that claims it. */
const HONEST = { leadsTo: () => Promise.resolve(true) };

/** The user `j.doe` with `a good password`, as Python wrote it. */
function python(): Authentication {
  const database = new DatabaseSync(":memory:");
  const users = new UsersTable(database);
  database.exec(PYTHON_USER);
  return { method: "login", users };
}

Deno.test("without authentication everybody is let in, and nobody is asked", async () => {
  const visitor = new Visitor();
  assertEquals(await authenticate({ method: "none" }, MANAGER, visitor), undefined);
  assertEquals(visitor.asked, []);
});

// The Manager's password

Deno.test("whoever knows the Manager's password is let in, and is no user", async () => {
  for (const password of ["abc 123", "Ωµ", "0"]) {
    const visitor = new Visitor({ password });
    assertEquals(await authenticate({ method: "password", password }, MANAGER, visitor), undefined);
    assertEquals(visitor.asked, [["password", MANAGER]]);
  }
});

Deno.test("a wrong Manager's password is turned away, and asked for once", async () => {
  for (const password of ["", "abc", "abc 123 ", "ABC 123", "abc 1234", "\0", MANAGER]) {
    const visitor = new Visitor({ password });
    await expectRejection(
      { method: "password", password: "abc 123" },
      visitor,
      "ValueError: Wrong Manager password",
      "wrong Manager password",
    );
    assertEquals(visitor.asked.length, 1);
  }
});

// Host names

Deno.test("a computer whose domain, name or address is trusted is let in without a question", async () => {
  for (const trusted of [SCOPE.domain, SCOPE.name, SCOPE.address]) {
    const visitor = new Visitor();
    assertEquals(await authenticate(trusting("other", trusted), MANAGER, visitor), undefined);
    assertEquals(visitor.asked, []);
  }
});

Deno.test("a computer that is not trusted is turned away with its domain in quotes", async () => {
  const visitor = new Visitor();
  await expectRejection(
    trusting("lab.nz", "scope.lab", "10.0.0.70", "SCOPE"),
    visitor,
    "ValueError: 'scope.lab.nz' is not a trusted hostname",
    "untrusted hostname",
  );
  await expectRejection(
    trusting(),
    new Visitor({}, { ...SCOPE, domain: "it's\n", trustedBy: [] }),
    `ValueError: "it's\\n" is not a trusted hostname`,
    "untrusted hostname",
  );
  assertEquals(visitor.asked, []);
});

Deno.test("a name that leads elsewhere is not trusted, and another that leads back is", async () => {
  const asked: string[][] = [];
  const hosts = {
    leadsTo(name: string, address: string) {
      asked.push([name, address]);
      return Promise.resolve(name === "10.0.0.7");
    },
  };
  const trusts = (...names: string[]): Authentication => ({
    method: "hostname",
    hostnames: new HostnamesTable(new DatabaseSync(":memory:"), names),
    hosts,
  });
  await expectRejection(
    trusts("scope", "scope.lab.nz"),
    new Visitor(),
    "ValueError: 'scope.lab.nz' is not a trusted hostname",
    "untrusted hostname",
  );
  assertEquals(asked, [["scope.lab.nz", "10.0.0.7"], ["scope", "10.0.0.7"]]);
  assertEquals(
    await authenticate(trusts("scope", "10.0.0.7"), MANAGER, new Visitor()),
    undefined,
  );
});

Deno.test("a computer is trusted from the moment on that the table has its name", async () => {
  const hostnames = new HostnamesTable(new DatabaseSync(":memory:"), []);
  const authentication: Authentication = { method: "hostname", hostnames, hosts: HONEST };
  await assertRejects(() => authenticate(authentication, MANAGER, new Visitor()), Rejection);
  hostnames.insert(SCOPE.domain);
  assertEquals(await authenticate(authentication, MANAGER, new Visitor()), undefined);
});

// Users

Deno.test("a user is asked for the name, then for the password of that name, and is let in", async () => {
  const visitor = new Visitor({ username: "j.doe", password: "a good password" });
  assertEquals(await authenticate(python(), MANAGER, visitor), "j.doe");
  assertEquals(visitor.asked, [["username", MANAGER], ["password", "j.doe"]]);
});

Deno.test("who is not a user is turned away before the password is asked for", async () => {
  for (const username of ["x", "", "J.Doe", "j.doe ", "%", "__proto__"]) {
    const visitor = new Visitor({ username, password: "a good password" });
    await expectRejection(
      python(),
      visitor,
      "ValueError: Unregistered user",
      "unregistered user",
    );
    assertEquals(visitor.asked, [["username", MANAGER]]);
  }
});

Deno.test("a user with a wrong password is turned away, and asked for it once", async () => {
  for (const password of ["y", ""]) {
    const visitor = new Visitor({ username: "j.doe", password });
    await expectRejection(
      python(),
      visitor,
      "ValueError: Wrong login password",
      "wrong login password",
    );
    assertEquals(visitor.asked.length, 2);
  }
});

// Both

Deno.test("a visitor that leaves instead of answering is not turned away", async () => {
  const gone = new Error("gone");
  for (const authentication of [python(), { method: "password", password: "x" } as const]) {
    const visitor = Object.assign(new Visitor(), { ask: () => Promise.reject(gone) });
    const error: Error = await assertRejects(() => authenticate(authentication, MANAGER, visitor));
    assertStrictEquals(error, gone);
  }
});

Deno.test("two secrets are the same if they are equal to the last character", () => {
  const secrets = ["", "a", "A", "a ", "aa", "\0", "a\0", "é", "e\u0301", "\u{1f600}", "語"];
  for (const [i, a] of secrets.entries()) {
    for (const [j, b] of secrets.entries()) assertEquals(sameSecret(a, b), i === j, `${a} ${b}`);
  }
});
