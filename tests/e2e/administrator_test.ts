/** Administrators: the login during a connection, and the requests that need it. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  connect,
  ConnectionAbortedError,
  kwargs,
  type ManagerOptions,
  type Prompt,
  RemoteError,
} from "../../mod.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { recordLogs } from "../support/logs.ts";
import { succeed } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { USER } from "../support/python_users.ts";
import { Lab } from "../support/services.ts";

const REFUSED = "ValueError: You must be an administrator to send this request to the Manager";

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a Python administrator logs in and shuts the Manager down, ${over}`, async () => {
    await using laboratory = await Laboratory.withUsers({ disableTls });
    const { manager } = laboratory;
    const environment = { USERNAME: "admin", PASSWORD: "whatever" };
    const stdout = await succeed(pythonPeer("administrator", manager, environment));
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const users = [["j.doe", false], ["admin", true]];
    assertEquals(lines, [["users_table.users", users], ["shutdown_manager", null]]);
    await manager.manager.finished;
  });

  Deno.test(`our Client is an administrator of our Manager, ${over}`, async () => {
    await using laboratory = await Laboratory.withUsers({ disableTls });
    const options = laboratory.manager.connectOptions;
    await using service = new Lab();
    await service.start(options);
    await using cxn = await connect({ ...options, ...ADMINISTRATOR });
    const link = await cxn.link<Lab>("Lab");
    await link.acquireLock();
    assertEquals(await cxn.adminRequest("users_table.usernames"), ["j.doe", "admin"]);
    assertEquals(await cxn.adminRequest("port"), options.port);
    const { clients } = await cxn.identities();
    const [name] = Object.keys(clients);
    assertEquals(await cxn.adminRequest("clients"), clients);
    assertEquals(await cxn.adminRequest("service_links"), { Lab: [name] });
    assertEquals(await cxn.adminRequest("service_locks"), { Lab: [name] });
    assertEquals(await cxn.adminRequest("password"), null);

    await cxn.adminRequest("users_table.insert", "N.Bohr", "atom", kwargs({ is_admin: true }));
    assertEquals(await laboratory.database.users.isPasswordValid("N.Bohr", "atom"), true);
    await cxn.adminRequest("users_table.update", "N.Bohr", kwargs({ password: "electron" }));
    assertEquals(await cxn.adminRequest("users_table.is_password_valid", "N.Bohr", "atom"), false);
    assertEquals(await cxn.adminRequest("users_table.is_admin", "N.Bohr"), true);
    await cxn.adminRequest("hostnames_table.insert", "scope.lab");
    assertEquals(laboratory.database.hostnames.includes("scope.lab"), true);
    const [first] = await cxn.adminRequest<unknown[][]>("connections_table.connections");
    assertEquals([first[0], first[5]], [1, "new connection request"]);
    await assertRejects(
      () => cxn.adminRequest("users_table.nope"),
      RemoteError,
      "AttributeError: 'UsersTable' object has no attribute 'nope'",
    );
    assertEquals(await cxn.adminRequest("shutdown_manager"), true);
    await laboratory.manager.manager.finished;
    await assertRejects(() => service.finished, ConnectionAbortedError);
  });
}

Deno.test("a client that connected as an administrator is not prompted again", async () => {
  await using laboratory = await Laboratory.withUsers({ authLogin: true });
  const options = laboratory.manager.connectOptions;
  const questions: string[] = [];
  const prompt: Prompt = {
    text: (question) => (questions.push(question), "admin"),
    secret: (question) => (questions.push(question), "whatever"),
    confirm: () => false,
  };
  await using cxn = await connect({ ...options, prompt });
  assertEquals(questions.length, 2);
  assertEquals(await cxn.adminRequest("users_table.is_admin", "admin"), true);
  assertEquals(questions.length, 2);
});

Deno.test("a user that is no administrator is rejected at every attempt, and stays connected", async () => {
  await using laboratory = await Laboratory.withUsers({ authLogin: true });
  await using cxn = await connect({ ...laboratory.manager.connectOptions, ...USER });
  for (const attribute of ["users_table.users", "shutdown_manager", "nothing", "__proto__"]) {
    await assertRejects(() => cxn.adminRequest(attribute), RemoteError, REFUSED);
  }
  assertMatch(Object.keys((await cxn.identities()).clients)[0], /^Client\[/);
});

Deno.test("an administrator's rights are withdrawn at once, and granted at once", async () => {
  await using laboratory = await Laboratory.withUsers();
  const { users } = laboratory.database;
  await using cxn = await connect({ ...laboratory.manager.connectOptions, ...ADMINISTRATOR });
  assertEquals(await cxn.adminRequest("hostnames"), null);
  await users.update("admin", { isAdmin: false });
  await assertRejects(() => cxn.adminRequest("hostnames"), RemoteError, REFUSED);
  await users.update("admin", { isAdmin: true });
  assertEquals(await cxn.adminRequest("hostnames"), null);
});

Deno.test("a prompt for a login delays neither the Client's other requests nor other Clients", async () => {
  await using laboratory = await Laboratory.withUsers();
  const options = laboratory.manager.connectOptions;
  await using service = new Lab();
  await service.start(options);
  const asked = Promise.withResolvers<void>();
  const username = Promise.withResolvers<string>();
  const prompt: Prompt = {
    text: () => (asked.resolve(), username.promise),
    secret: () => "whatever",
    confirm: () => false,
  };
  await using cxn = await connect({ ...options, prompt });
  await using other = await connect(options);
  const link = await cxn.link<Lab>("Lab");
  const users = cxn.adminRequest("users_table.usernames");
  await asked.promise;
  assertEquals(await link.add(1, 2), 3);
  assertEquals(await (await other.link<Lab>("Lab")).add(3, 4), 7);
  username.resolve("admin");
  assertEquals(await users, ["j.doe", "admin"]);
});

Deno.test("a Service cannot be an administrator", async () => {
  await using laboratory = await Laboratory.withUsers();
  await using peer = await laboratory.introduce({ type: "service", name: "S", attributes: {} });
  peer.send({
    service: "Manager",
    attribute: "users_table.users",
    args: [],
    kwargs: {},
    uid: "1",
    error: false,
  });
  const { message, uid } = await peer.read();
  assertEquals([message, uid], [REFUSED, "1"]);
});

const PLAIN: [outcome: string, options: ManagerOptions, warnings: number][] = [
  ["without TLS gives one warning", { disableTls: true }, 1],
  ["without TLS gives no second warning after the one at the start", {
    disableTls: true,
    authPassword: "a secret",
  }, 1],
  ["over TLS gives no warning", {}, 0],
];

for (const [outcome, options, count] of PLAIN) {
  Deno.test(`an administrator's password ${outcome}`, async () => {
    await using logs = await recordLogs(["msl", "network", "manager"], "warning");
    await using laboratory = await Laboratory.withUsers(options);
    const { connectOptions } = laboratory.manager;
    for (let time = 0; time < 2; time++) {
      await using cxn = await connect({ ...connectOptions, ...ADMINISTRATOR });
      assertEquals(await cxn.adminRequest("port"), connectOptions.port);
    }
    const warnings = logs.records.map(({ message }) => message.join(""));
    assertEquals(warnings.length, count, warnings.join("\n"));
    for (const warning of warnings) assertMatch(warning, /TLS is disabled: everybody/);
  });
}
