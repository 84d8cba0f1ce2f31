/** The status of a Manager: the reply to a device, and the `status` command. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import {
  connect,
  type JsonObject,
  type Limits,
  type ManagerStatus,
  type StatusTotals,
} from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { at, atTerminal, output, refusal } from "../support/command_line.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Laboratory } from "../support/laboratory.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { notification, reply, request } from "../support/messages.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { PYTHON_USER } from "../support/python_users.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { ROOT } from "../support/source_tree.ts";
import { until } from "../support/until.ts";
import { posixTest } from "../support/posix.ts";

const LAB = { type: "service", name: "Lab", attributes: {}, max_clients: 3 };

/** Waits for these totals; a connection ends asynchronously. */
async function totals(
  { manager }: TestManager,
  isSo: (totals: StatusTotals) => boolean,
): Promise<StatusTotals> {
  const { totals } = await until(`the totals fulfil ${isSo}`, () => {
    const status = manager.status();
    return isSo(status.totals) ? status : undefined;
  }) as ManagerStatus;
  return totals;
}

/** The text that a peer receives before it is disconnected. */
async function untilEnd(peer: WirePeer): Promise<void> {
  while (await peer.readText() !== undefined);
}

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`the status has links, locks, pending requests and unexpected replies, for every peer, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    const to = manager.connectOptions;
    await using a = await WirePeer.introduce(to, { type: "client", name: "a" });
    await using lab = await WirePeer.introduce(to, LAB);
    await manager.connected("a", "Lab");
    a.send(request("Manager", "link", ["Lab"]));
    a.send(request("Manager", "acquire_lock", ["Lab"]));
    a.send(request("Lab", "add"));
    a.send(request("Nothing", "add"));
    for (let answer = 0; answer < 3; answer++) await a.read();
    const { requester } = await lab.read();
    lab.send(reply(String(requester), { uid: "2" }));
    lab.send(notification("Other"));
    lab.send(notification("Lab"));
    await a.read();

    await using cxn = await connect({ ...to, name: "b" });
    const status = await cxn.adminRequest<ManagerStatus>("status");
    const name = String(requester);
    assertEquals([status.tls, status.authentication], [!disableTls, "none"]);
    assertMatch(status.requester!, /^b\[\S+:\d+\]$/);
    assertEquals(Object.keys(status.clients), [name, status.requester]);
    const { links, pending_requests, messages_in, messages_out } = status.clients[name];
    assertEquals([links, pending_requests, messages_in, messages_out], [["Lab"], 1, 5, 5]);
    const { bytes_in, bytes_out, ...service } = status.services.Lab;
    assert(bytes_in > 100 && bytes_out > 100, `${bytes_in} ${bytes_out}`);
    assertEquals(service, {
      address: service.address,
      links: [name],
      locks: [name],
      max_clients: 3,
      pending_requests: 1,
      queued_bytes: 0,
      calls: 0, // the reply was to no pending request
      call_errors: 0,
      timed_calls: 0,
      call_seconds: 0,
      messages_in: 4,
      messages_out: 2,
    });
    const { bytes_in: _, bytes_out: __, ...totals } = status.totals;
    assertEquals(totals, {
      connections: 3,
      messages_in: 11,
      messages_out: 9,
      requests: 1,
      answers: 0,
      notifications: 1,
      unowed_answers: 1,
      misnamed_notifications: 1,
      refused_connections: {},
      ended_connections: {},
      errors: { KeyError: 1 },
    });

    lab.send(reply(name));
    await a.read();
    await lab.close();
    await a.close();
    await manager.disconnected("a", "Lab");
    const later = await cxn.adminRequest<ManagerStatus>("status");
    assertEquals([later.services, Object.keys(later.clients)], [{}, [status.requester]]);
    assertEquals([later.totals.answers, later.totals.messages_in], [1, 13]);
    assert(later.totals.bytes_in > bytes_in, "the bytes of the other connections are not counted");
  });
}

Deno.test("long messages are counted like short ones", async () => {
  await using manager = await TestManager.start({ limits: { longLine: 1_000 } });
  const to = manager.connectOptions;
  const long = ["x".repeat(5_000)];
  await using a = await WirePeer.introduce(to, { type: "client", name: "a" });
  await using lab = await WirePeer.introduce(to, LAB);
  await manager.connected("a", "Lab");
  a.send(request("Manager", "link", ["Lab"]));
  a.send(request("Lab", "add", long));
  a.send(request("Nothing", "add", long));
  await a.read();
  await a.read();
  const name = String((await lab.read()).requester);
  lab.send(notification("Lab", long));
  lab.send(reply(name, { uid: "2", result: long })); // no such request is pending
  lab.send(reply(name, { result: long }));
  await a.read();
  await a.read();
  const { requests, answers, notifications, unowed_answers, errors } =
    manager.manager.status().totals;
  assertEquals([requests, answers, notifications, unowed_answers], [1, 1, 1, 1]);
  assertEquals(errors, { KeyError: 1 });
});

Deno.test("rejected connections are counted by the reason", async () => {
  await using lab = await Laboratory.open({
    authLogin: true,
    disableTls: true,
    limits: { freeLogins: 2, loginPenalty: 120_000, loginTimeout: 60_000 },
  }, PYTHON_USER);
  const logIn = async (username: string, password: string, identity: JsonObject = LAB) => {
    await using peer = await WirePeer.connect(lab.manager.connectOptions);
    await peer.read();
    for (const answer of [username, password, identity]) {
      peer.send(reply("", { uid: "", result: answer }));
    }
    if (identity === LAB) await untilEnd(peer);
  };
  await using _lab = await (async () => {
    const peer = await WirePeer.connect(lab.manager.connectOptions);
    for (const answer of ["j.doe", "a good password", LAB]) {
      await peer.read();
      peer.send(reply("", { uid: "", result: answer }));
    }
    return peer;
  })();
  await lab.manager.connected("Lab");
  await logIn("j.doe", "a good password");
  await logIn("nobody", "x");
  await logIn("j.doe", "wrong");
  await logIn("nobody", "x");
  await logIn("nobody", "x");
  const refused =
    (await totals(lab.manager, ({ ended_connections }) => ended_connections.closed === 5))
      .refused_connections;
  assertEquals(refused, {
    name_taken: 1,
    unregistered_user: 2,
    wrong_login_password: 1,
    too_many_failed_logins: 1,
  });
});

Deno.test("a wrong Manager's password and a time-out are counted as reasons", async () => {
  const reasons = async (limits: Partial<Limits>, ...lines: string[]) => {
    const options = { authPassword: "secret", disableTls: true, limits };
    await using manager = await TestManager.start(options);
    await using peer = await WirePeer.connect(manager.connectOptions);
    for (const line of lines) peer.send(line);
    await untilEnd(peer);
    return (await totals(manager, ({ ended_connections }) => ended_connections.closed === 1))
      .refused_connections;
  };
  assertEquals(await reasons({}, "wrong"), { wrong_manager_password: 1 });
  assertEquals(await reasons({ loginTimeout: 20 }), { no_password_in_time: 1 });
});

Deno.test("a connection above the limit, and a peer that is no device, are counted", async () => {
  await using strict = await TestManager.start({ disableTls: true, limits: { maxPending: 1 } });
  const to = strict.connectOptions;
  await using waiting = await WirePeer.connect(to);
  await waiting.read();
  assertEquals(strict.manager.status().unidentified, 1);
  await using surplus = await WirePeer.connect(to);
  await untilEnd(surplus);
  waiting.send(reply("", { uid: "", result: { type: "robot", name: "r" } }));
  await untilEnd(waiting);
  const { refused_connections, connections } = await totals(
    strict,
    ({ ended_connections }) => ended_connections.closed === 2,
  );
  assertEquals(refused_connections, { too_many_pending: 1, invalid_identity: 1 });
  assertEquals([connections, strict.manager.status().unidentified], [2, 0]);
});

Deno.test("an untrusted computer, and a peer that does not speak TLS, are counted", async () => {
  await using lab = await Laboratory.open({ authHostname: true }, "DELETE FROM auth_hostnames");
  const to = lab.manager.connectOptions;
  await using unidentified = await WirePeer.connect(to);
  await untilEnd(unidentified);
  await using plain = await WirePeer.connect({ ...to, disableTls: true });
  plain.send("hello");
  await untilEnd(plain);
  const { refused_connections } = await totals(
    lab.manager,
    ({ ended_connections }) => ended_connections.closed === 2,
  );
  assertEquals(refused_connections, { untrusted_hostname: 1, no_tls: 1 });
});

Deno.test("a client that does not read its notifications is counted as overrun", async () => {
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { queueHigh: 1_000, queueLimit: 10_000 },
  });
  const to = manager.connectOptions;
  await using lab = await WirePeer.introduce(to, LAB);
  await using slow = await WirePeer.introduce(to, { type: "client", name: "deaf" });
  await manager.connected("deaf", "Lab");
  slow.send(request("Manager", "link", ["Lab"]));
  await slow.read();
  const long = notification("Lab", ["x".repeat(100_000)]);
  const { ended_connections } = await totals(manager, (totals) => {
    for (let count = 0; count < 10; count++) lab.send(long);
    return totals.ended_connections.overrun > 0;
  });
  assertEquals(ended_connections, { overrun: 1 });
});

// The command

posixTest("status shows a Manager of this computer over TLS, by each of its names", async () => {
  await using home = await temporaryFolder();
  await using manager = await ManagerProcess.startSecure(home.path);
  const { port } = manager.connectOptions;
  for (const host of ["localhost", "127.0.0.1"]) {
    const args = [...at({ host, port }), "--json", "--interval", "1ms"];
    const stdout = await output(home.path, "status", ...args);
    assertEquals(stdout.split("\n").length, 2, stdout);
    const { rates, ...status } = JSON.parse(stdout);
    assertEquals([status.tls, status.services], [true, {}]);
    assertEquals(Object.keys(status.clients), [status.requester]);
    assertEquals([rates.messages_in_per_s, rates.bytes_out_per_s], [0, 0]); // the status request itself is not counted
  }
  manager.kill("SIGTERM");
  const { stderr } = await manager.end();
  assertMatch(
    stderr,
    /\[INFO\].*: In the \d+ s since the start: 2 connections, 0 of them rejected, 0 requests, 0 answers and 0 notifications; \d+ bytes came in, \d+ bytes went out\n/,
  );
});

posixTest("status prints a table, also over TCP and of a Manager with login", async () => {
  await using home = await temporaryFolder();
  await output(home.path, "user", "add", "j.doe", "-p", "a good password");
  const file = join(home.path, "password.txt");
  await Deno.writeTextFile(file, "a good password\nand more\n", { mode: 0o600 });
  await using manager = await ManagerProcess.start(home.path, "--auth-login");
  const { host, port } = manager.connectOptions;
  const words = [
    "manager.ts",
    "status",
    "--disable-tls",
    "--password-file",
    file,
    "--interval",
    "0",
  ];
  const env = {
    MSL_NETWORK_HOST: host,
    MSL_NETWORK_PORT: String(port),
    MSL_NETWORK_USERNAME: "j.doe",
  };
  const options = { home: home.path, cwd: ROOT, env };
  const text = await succeed(denoCommand(["run", "-A", ...words], options));
  assertMatch(text, /^Manager\[\S+:\d+\], version .*\nno TLS, authentication: login, /);
  assertMatch(text, /^0 clients, 0 services, 0 connections not identified yet$/m);
  assertMatch(text, /^requests +0$/m);
  const wrong = ["--disable-tls", "--username", "j.doe", "--password-file", "/dev/null"];
  const refused = await refusal(home.path, "status", ...at({ host, port }), ...wrong);
  assertEquals(refused, "Cannot use an empty password");
});

const REFUSED = "Connection refused. Is the Manager running, at that port?";

Deno.test("status prints its error in one line", async () => {
  await using home = await temporaryFolder();
  const free = at({ host: "127.0.0.1", port: 1 }); // no server listens there
  await using secret = await TestManager.start({ authPassword: "secret", disableTls: true });
  await using secure = await TestManager.start();
  const guess = join(home.path, "guess.txt");
  await Deno.writeTextFile(guess, "guess", { mode: 0o600 });
  const toSecret = ["--disable-tls", ...at(secret.connectOptions)];
  const toSecure = at(secure.connectOptions);
  const cases: [expected: string, ...args: string[]][] = [
    [`Cannot connect to 127.0.0.1:1: ${REFUSED}`, "--disable-tls", ...free],
    [`Cannot connect to 127.0.0.1:1: ${REFUSED}`, ...free],
    ["no computer of that name is known", "--disable-tls", "--host", "lab-pc.invalid"],
    ["no computer of that name is known", "--host", "lab-pc.invalid"],
    [
      "refuses to connect: ValueError: Wrong Manager password",
      ...toSecret,
      "--password-file",
      guess,
    ],
    ["Cannot ask for the password: the standard input is not a terminal", ...toSecret],
    ["there is no file of that name", ...toSecret, "--password-file", join(home.path, "none")],
    ["Cannot ask whether to trust the certificate of the Manager", ...toSecure],
    ["perhaps the Manager has TLS disabled", ...at(secret.connectOptions)],
    ["You have TLS disabled", "--disable-tls", "--timeout", "500ms", ...toSecure],
  ];
  await Promise.all(cases.map(async ([expected, ...args]) => {
    const line = await refusal(home.path, "status", ...args);
    assert(line.includes(expected), line);
  }));
});

posixTest(
  "status prompts for missing login details, and never for those of an administrator",
  async () => {
    await using home = await temporaryFolder();
    await using manager = await TestManager.start({ authPassword: "a secret", disableTls: true });
    const { code, shown } = await atTerminal(
      home.path,
      [["Enter the password for Manager[", "a secret"]],
      "status",
      "--disable-tls",
      ...at(manager.connectOptions),
    );
    assertEquals(code, 0, shown);
    assertMatch(shown, /authentication: password/);
  },
);

/** Runs `status` with a scripted Manager, up to the identity. */
async function visited(
  script: (manager: ScriptedManager) => Promise<void>,
  ...args: string[]
): Promise<string> {
  await using home = await temporaryFolder();
  await using manager = new ScriptedManager();
  const to = ["--disable-tls", ...at(manager.connectOptions), ...args];
  const line = refusal(home.path, "status", ...to);
  const { name } = await manager.accept();
  assertEquals(name, "status");
  await script(manager);
  return await line;
}

const UNKNOWN = /^The Manager at \S+ does not know "status": only one of this package does$/;

Deno.test("status sends no password to a Python Manager that requires an administrator", async () => {
  await using home = await temporaryFolder();
  const file = join(home.path, "password.txt");
  await Deno.writeTextFile(file, "secret", { mode: 0o600 });
  const line = await visited(
    async (manager) => {
      assertEquals((await manager.receive()).attribute, "status");
      await manager.sendRequest("username", MANAGER_NAME);
      for (let text; (text = await manager.receiveText()) !== undefined;) {
        assert(!text.includes("alice") && !text.includes("secret"), text);
      }
    },
    "--username",
    "alice",
    "--password-file",
    file,
  );
  assertMatch(line, UNKNOWN);
});

Deno.test("status is an error for a Manager without that attribute", async () => {
  const line = await visited(async (manager) => {
    const { uid } = await manager.receive();
    const message = "AttributeError: 'Manager' object has no attribute 'status'";
    await manager.send({ error: true, message, traceback: [], result: null, requester: "x", uid });
  });
  assertMatch(line, UNKNOWN);
});

Deno.test("a reply that is no status is an error", async () => {
  const line = await visited(async (manager) => {
    const { uid } = await manager.receive();
    await manager.send({ error: false, result: { version: 1 }, requester: "x", uid });
  });
  assertMatch(line, /^The Manager at \S+ answered "status" with something else$/);
});

/** Runs `status` with a Manager that sends other lines for ever. */
async function abandoned(script: (manager: ScriptedManager) => Promise<void>): Promise<string> {
  await using home = await temporaryFolder();
  await using manager = new ScriptedManager();
  const to = ["--disable-tls", "--timeout", "500ms", ...at(manager.connectOptions)];
  const line = refusal(home.path, "status", ...to);
  await script(manager).catch(() => {}); // until the command has ended
  return await line;
}

Deno.test("status times out for a Manager that sends nothing, or other lines for ever", async () => {
  const chatter = async (manager: ScriptedManager) => {
    for (;;) await manager.send({ error: false, result: 1, requester: "x", uid: "other" });
  };
  const lines = await Promise.all([
    abandoned(async (manager) => void await manager.receiveText()),
    abandoned(chatter),
    abandoned(async (manager) => {
      await manager.sendRequest("identity");
      await manager.receive();
      await manager.receive();
    }),
    abandoned(async (manager) => {
      await manager.sendRequest("identity");
      await chatter(manager);
    }),
  ]);
  for (const line of lines) {
    assertMatch(line, /^The Manager at \S+ did not answer within 500ms \(--timeout\)/);
  }
  assertMatch(lines[0], /You have TLS disabled\. Perhaps/);
});
