/** Authentication by password, by host name and by login, with Python's users and Python's devices. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ConfigurationError, connect, Manager, RemoteError } from "../../mod.ts";
import type { HostOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { Laboratory } from "../support/laboratory.ts";
import { Person } from "../support/person.ts";
import { tool } from "../support/process.ts";
import { connectPythonClient, PYTHON } from "../support/python.ts";
import { PYTHON_USER } from "../support/python_users.ts";
import { Lab } from "../support/services.ts";
import { until } from "../support/until.ts";

/** The address of another computer, as the Manager sees it. */
const ELSEWHERE = "127.0.0.9";

/** The name that a look-up of its address gives, and the names that belong to the address. */
function named(domain: string, ...names: string[]): HostOptions {
  return {
    hostname: "lab-pc",
    localAddresses: () => [],
    reverse: () => Promise.resolve(domain),
    forward: (name) => Promise.resolve(names.includes(name) ? ["10.0.0.1", ELSEWHERE] : []),
  };
}

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a user that Python wrote logs in with a Python device, ${over}`, async () => {
    await using lab = await Laboratory.open({ authLogin: true, disableTls }, PYTHON_USER);
    const logIn = (username: string, password: string) =>
      connectPythonClient(lab.manager, { USERNAME: username, PASSWORD: password });
    assertMatch(await logIn("j.doe", "a good password"), /^visitor\[\S+:\d+]$/);
    assertEquals(await logIn("j.doe", "a bad password"), "ValueError: Wrong login password");
    assertEquals(await logIn("__proto__", "x"), "ValueError: Unregistered user");
    await lab.manager.disconnected("visitor");
    assertEquals(await lab.records(({ length }) => length === 4), [
      "connected as a client",
      "disconnected",
      "rejected: wrong login password",
      "rejected: unregistered user",
    ]);
  });

  Deno.test(`our Client and Service log in, ${over}`, async () => {
    await using lab = await Laboratory.open({ authLogin: true, disableTls }, PYTHON_USER);
    const options = lab.manager.connectOptions;
    const user = { username: "j.doe", password: "a good password" };
    await using service = new Lab();
    await service.start({ ...options, ...user });
    await using cxn = await connect({ ...options, ...user });
    assertEquals(await (await cxn.link<Lab>("Lab")).add(1, 2), 3);
    await assertRejects(
      () => connect({ ...options, ...user, password: "" }),
      RemoteError,
      "ValueError: Wrong login password",
    );
    await assertRejects(
      () => new Lab().start({ ...options, ...user, username: "nobody" }),
      RemoteError,
      "ValueError: Unregistered user",
    );
  });
}

Deno.test("a name or a password that the options do not have is prompted for", async () => {
  await using lab = await Laboratory.open({ authLogin: true }, PYTHON_USER);
  const prompt = new Person("j.doe", "a good password");
  await using cxn = await connect({ ...lab.manager.connectOptions, prompt });
  assertEquals(cxn.isConnected(), true);
  const { networkName } = lab.manager.manager;
  assertEquals(prompt.questions, [
    `Enter a username for ${networkName}:`,
    "Enter the password for j.doe:",
  ]);
});

Deno.test("a user that is added or changed while the Manager runs can log in at once", async () => {
  await using lab = await Laboratory.open({ authLogin: true }, PYTHON_USER);
  const logIn = (password: string) =>
    connect({ ...lab.manager.connectOptions, username: "N.Bohr", password });
  await assertRejects(() => logIn("atom"), RemoteError, "Unregistered user");
  await lab.database.users.insert("N.Bohr", "atom", false);
  await using first = await logIn("atom");
  await lab.database.users.update("N.Bohr", { password: "electron" });
  await assertRejects(() => logIn("atom"), RemoteError, "Wrong login password");
  await using second = await logIn("electron");
  await first.disconnected; // it has the old password
  assertEquals(Object.keys((await second.identities()).clients).length, 1);
  const records = await lab.records((records) =>
    records.filter((record) => record !== "disconnected").length === 4
  );
  assertEquals(records.filter((record) => record !== "disconnected"), [
    "rejected: unregistered user",
    "connected as a client",
    "rejected: wrong login password",
    "connected as a client",
  ]);
});

Deno.test("a computer is accepted by its domain, its name or its address, and by nothing else", async () => {
  await using lab = await Laboratory.open({
    authHostname: true,
    disableTls: true,
    hosts: named("scope.lab.org", "scope.lab.org", "scope"),
  });
  const { hostnames } = lab.database;
  const from = { SOURCE_ADDRESS: ELSEWHERE };
  const refused = "ValueError: 'scope.lab.org' is not a trusted hostname";
  assertEquals(await connectPythonClient(lab.manager, from), refused);
  for (const name of ["scope.lab.org", "scope", ELSEWHERE]) {
    hostnames.insert(name);
    assertMatch(await connectPythonClient(lab.manager, from), /^visitor\[scope:\d+]$/);
    hostnames.delete(name);
  }
  hostnames.insert("lab.org");
  hostnames.insert("scope.lab");
  assertEquals(await connectPythonClient(lab.manager, from), refused);
  assertMatch(await connectPythonClient(lab.manager), /^visitor\[lab-pc:\d+]$/); // this computer
  hostnames.delete("lab-pc");
  assertEquals(
    await connectPythonClient(lab.manager),
    "ValueError: 'lab-pc' is not a trusted hostname",
  );
  await lab.manager.disconnected("visitor");
  const isRejected = (record: string) => record.startsWith("rejected");
  const records = await lab.records((records) => records.filter(isRejected).length >= 3);
  assertEquals(records.filter(isRejected), [
    "rejected: untrusted hostname",
    "rejected: untrusted hostname",
    "rejected: untrusted hostname",
  ]);
});

Deno.test("a computer that only claims a trusted name is rejected", async () => {
  await using lab = await Laboratory.open({
    authHostname: true,
    disableTls: true,
    hosts: named("lab-pc.elsewhere.org", "lab-pc.elsewhere.org"),
  });
  assertEquals(
    await connectPythonClient(lab.manager, { SOURCE_ADDRESS: ELSEWHERE }),
    "ValueError: 'lab-pc.elsewhere.org' is not a trusted hostname",
  );
  assertMatch(await connectPythonClient(lab.manager), /^visitor\[lab-pc:\d+]$/);
});

Deno.test("a name look-up that does not end delays its own connection by two seconds, and no other", async () => {
  const asked = Promise.withResolvers<void>();
  await using lab = await Laboratory.open({
    disableTls: true,
    hosts: {
      ...named(""),
      reverse: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    },
  });
  let hasConnected = false;
  const slow = connectPythonClient(lab.manager, { SOURCE_ADDRESS: ELSEWHERE }).finally(() =>
    hasConnected = true
  );
  await asked.promise;
  await using service = new Lab();
  await service.start(lab.manager.connectOptions);
  await using cxn = await connect(lab.manager.connectOptions);
  assertEquals(await (await cxn.link<Lab>("Lab")).add(1, 2), 3);
  assert(!hasConnected, "the other connections were delayed by the look-up");
  assertMatch(await slow, /visitor\[127\.0\.0\.9:\d+]/);
});

const NO_IDENTITY =
  "TimeoutError: No identity was received within the limit of 20ms (--handshake-timeout)";

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a peer that sends no identity within the handshake time-out is disconnected, ${over}`, async () => {
    await using lab = await Laboratory.open({ disableTls, limits: { handshakeTimeout: 20 } });
    const { host, port } = lab.manager.connectOptions;
    const socket = await Deno.connect({ hostname: host, port });
    const text = await new Response(socket.readable).text();
    const lines = text.split("\n").filter((line) => line !== "");
    const messages = lines.map((line) => JSON.parse(line).message);
    const status = () => lab.manager.manager.status();
    await until("the connection has ended", () => status().totals.ended_connections.closed);
    const { totals } = status();
    if (disableTls) {
      assertEquals(messages.at(-1), NO_IDENTITY);
      assertEquals(totals.refused_connections, { no_identity_in_time: 1 });
      assertEquals(await lab.records(({ length }) => length > 0), [
        "rejected: no identity in time",
      ]);
    } else { // there is no TLS connection, and so no error can be sent
      assertEquals(messages, []);
      assertEquals(totals.refused_connections, { no_tls_in_time: 1 });
      assertEquals(await lab.records(({ length }) => length > 0), [
        "connection closed prematurely",
      ]);
    }
    assertEquals(totals.ended_connections, { closed: 1 });
  });
}

Deno.test("peers that disconnect before they are accepted delay no other peer", async () => {
  await using lab = await Laboratory.open({ disableTls: true });
  const { host, port } = lab.manager.connectOptions;
  const script = `
import socket, struct, sys
for _ in range(100):
    peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()  # with a reset
`;
  await tool(PYTHON, "-c", script, host, String(port));
  // 100 ms for each of these hundred would be noticed.
  await using cxn = await connect({ ...lab.manager.connectOptions, timeout: 5_000 });
  assertEquals(Object.keys((await cxn.identities()).clients).length, 1);
  const { totals, unidentified } = lab.manager.manager.status();
  assertEquals([unidentified, totals.refused_connections], [0, {}]);
  await lab.records((records) => records.at(-1) === "connected as a client");
});

Deno.test("a database that cannot be written rejects no peer", async () => {
  await using lab = await Laboratory.open({});
  lab.execute("DROP TABLE connections");
  await using cxn = await connect(lab.manager.connectOptions);
  assertEquals(Object.keys((await cxn.identities()).clients).length, 1);
});

Deno.test("a broken database rejects every login, and the error does not tell the reason", async () => {
  await using lab = await Laboratory.open({ authLogin: true }, PYTHON_USER);
  lab.execute("DROP TABLE auth_users");
  assertEquals(
    await connectPythonClient(lab.manager, { USERNAME: "j.doe", PASSWORD: "x" }),
    "ValueError: The Manager cannot let anybody in now",
  );
  await lab.manager.disconnected("visitor");
  assertEquals(await lab.records(({ length }) => length > 0), ["rejected: failure"]);
});

Deno.test("two authentication methods, or login without users, are rejected before the Manager listens", async () => {
  await assertRejects(
    () => Manager.start({ authLogin: true, authPassword: "x" }),
    ConfigurationError,
    "Cannot specify multiple authentication methods",
  );
  await assertRejects(
    () => TestManager.start({ authLogin: true }),
    ConfigurationError,
    'Run the "user" command to add one',
  );
});
