/** A session belongs to the user who logged in, and ends with what that user was. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Client,
  ConfigurationError,
  connect,
  ConnectionAbortedError,
  RemoteError,
  Service,
} from "../../mod.ts";
import { UsersTable } from "../../manager/database/users_table.ts";
import { output } from "../support/command_line.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { USER } from "../support/python_users.ts";

class Lab extends Service {
  add(x: number, y: number): number {
    return x + y;
  }
}

const NOT_VALID = "the user was removed, or has another password";

/** A Manager with login, and the clients of an administrator and of a user. */
async function openLaboratory() {
  await using stack = new AsyncDisposableStack();
  const laboratory = stack.use(await Laboratory.withUsers({ authLogin: true }));
  const to = laboratory.manager.connectOptions;
  const admin = stack.use(await connect({ ...to, ...ADMINISTRATOR }));
  const user = stack.use(await connect({ ...to, ...USER }));
  const whole = stack.move();
  const command = (...args: string[]) => output(laboratory.home, ...args);
  return {
    laboratory,
    to,
    admin,
    user,
    command,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** Waits until a client is disconnected. */
async function ended(client: Client): Promise<void> {
  await client.disconnected;
  await assertRejects(() => client.identities());
}

Deno.test("the connections of a user end when another program removes the user, and a later user of that name has only its own", async () => {
  await using here = await openLaboratory();
  const { admin, user, to, command } = here;
  await using lab = new Lab();
  await lab.start({ ...to, ...USER });
  await command("access", "allow", "Lab", "j.doe");
  await command("user", "remove", "j.doe");
  await command("user", "add", "j.doe", "-p", USER.password);
  await Promise.all([ended(user), lab.finished.catch(() => {})]);
  assertEquals(Object.keys((await admin.identities()).services), []);
  await using next = await connect({ ...to, ...USER });
  await using other = new Lab();
  await other.start({ ...to, ...ADMINISTRATOR });
  await assertRejects(() => next.link("Lab"), RemoteError, "'j.doe' may not use the 'Lab' service");
});

Deno.test("the connections of a user end when the password changes, by another program or by a request", async () => {
  await using here = await openLaboratory();
  const { admin, user, to, command } = here;
  await command("user", "update", "j.doe", "-p", "another");
  await ended(user);
  const changed = { ...to, username: USER.username, password: "another" };
  await using again = await connect(changed);
  await again.identities();
  await admin.adminRequest("users_table.update", "j.doe", "a third");
  await ended(again);
  await using third = await connect({ ...changed, password: "a third" });
  await admin.adminRequest("users_table.update", "j.doe", null, true); // not the password
  await third.adminRequest("users_table.usernames");
  await third.identities();
});

Deno.test("an administrator who changes the own password is told of it before the connection ends", async () => {
  await using here = await openLaboratory();
  assertEquals(
    await here.admin.adminRequest("users_table.update", ADMINISTRATOR.username, "new"),
    null,
  );
  await ended(here.admin);
  await here.user.identities();
});

Deno.test("a reconnecting Client of a removed user gives up, and is told why", async () => {
  await using here = await openLaboratory();
  const { to, admin } = here;
  await using client = await connect({ ...to, ...USER, reconnect: true });
  await admin.adminRequest("users_table.delete", "j.doe");
  const error = await new Promise<Error | undefined>((resolve) => {
    client.shutdownHandler = (reason) => resolve(reason);
  });
  assert(
    error?.message.includes("Unregistered user") || error?.message.includes(NOT_VALID),
    String(error),
  );
});

Deno.test("a demoted administrator, and a removed one whose name another has, lose the rights at once", async () => {
  for (const authLogin of [true, false]) {
    await using laboratory = await Laboratory.withUsers({ authLogin });
    const { database } = laboratory;
    await database.users.insert("other", "secret", true);
    const to = laboratory.manager.connectOptions;
    await using demoted = await connect({ ...to, username: "other", password: "secret" });
    await demoted.adminRequest("users_table.usernames");
    await database.users.update("other", { isAdmin: false });
    await assertRejects(
      () => demoted.adminRequest("users_table.usernames"),
      RemoteError,
      "You must be an administrator",
    );
    await using removed = await connect({ ...to, ...ADMINISTRATOR });
    await removed.adminRequest("users_table.usernames");
    database.users.delete("admin");
    await database.users.insert("admin", "of another person", true);
    await assertRejects(() => removed.adminRequest("users_table.usernames"));
  }
});

Deno.test("a user who is removed during the handshake is not connected", async () => {
  await using laboratory = await Laboratory.withUsers({ authLogin: true });
  const { WirePeer } = await import("../../testing.ts");
  await using peer = await WirePeer.connect(laboratory.manager.connectOptions);
  for (const answer of [USER.username, USER.password]) {
    await peer.read();
    peer.send(answer);
  }
  await peer.read(); // the request for the identity
  laboratory.database.users.delete(USER.username);
  peer.send("client");
  assert(String((await peer.read()).message).includes(NOT_VALID));
  await laboratory.records((records) => records.includes("rejected: invalid identity"));
});

/** The first so many reads of a session's user fail. */
function failReads(count: number, reason: string): Disposable & { left(): number } {
  const { current } = UsersTable.prototype;
  UsersTable.prototype.current = function (user) {
    if (count-- <= 0) return current.call(this, user);
    throw new ConfigurationError(`Cannot use the database: ${reason}`, {
      cause: new Error(reason),
    });
  };
  return {
    left: () => count,
    [Symbol.dispose]: () => void (UsersTable.prototype.current = current),
  };
}

Deno.test("a device is let in also if another program locks the database right after the login", async () => {
  await using laboratory = await Laboratory.withUsers({ authLogin: true });
  using reads = failReads(3, "database is locked");
  await using client = await connect({ ...laboratory.manager.connectOptions, ...USER });
  assertEquals(Object.keys((await client.identities()).clients).length, 1);
  assert(reads.left() <= 0);
});

Deno.test("a device that cannot be registered for the database is not told what is wrong with that", async () => {
  await using laboratory = await Laboratory.withUsers({ authLogin: true });
  using _reads = failReads(Infinity, "disk I/O error");
  const { message } = await assertRejects(
    () => new Lab().start({ ...laboratory.manager.connectOptions, ...USER }),
    RemoteError,
  );
  assertEquals(message, "ValueError: The Manager cannot let anybody in now");
});

Deno.test("a Client and a Service know from the error that ends them why the Manager has ended the session", async () => {
  await using here = await openLaboratory();
  const { user, to, command } = here;
  await using lab = new Lab();
  await lab.start({ ...to, ...USER });
  const ends: (Error | undefined)[] = [];
  user.shutdownHandler = (error) => void ends.push(error);
  await command("user", "remove", USER.username);
  const text = `after the error ValueError: '${USER.username}' has to log in again: ${NOT_VALID}`;
  await assertRejects(() => lab.finished, ConnectionAbortedError, text);
  await user.disconnected;
  assertStringIncludes(ends[0]!.message, text);
});
