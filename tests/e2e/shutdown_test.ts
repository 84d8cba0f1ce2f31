/** The shutdown of a Manager: pending requests are completed, new ones are rejected. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { mock } from "node:test";
import { DatabaseSync } from "node:sqlite";
import {
  connect,
  ConnectError,
  ConnectionAbortedError,
  type ConnectOptions,
  RemoteError,
  Service,
} from "../../mod.ts";
import { Manager } from "../../manager.ts";
import { Database } from "../../manager/database/database.ts";
import { Connection } from "../../net/connection.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { delay } from "@std/async/delay";
import { SAME_REQUEST } from "../../program/signals.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Laboratory } from "../support/laboratory.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { memoryPair } from "../support/memory_transport.ts";
import { Process } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { until } from "../support/until.ts";
import { wireService } from "../support/wire_devices.ts";
import { posixTest } from "../support/posix.ts";

/** A Service that replies when the test lets it. */
class Slow extends Service {
  readonly started = Promise.withResolvers<void>();
  readonly answer = Promise.withResolvers<string>();

  measure(): Promise<string> {
    this.started.resolve();
    return this.answer.promise;
  }
}

/** A time-out that no test reaches. */
const ENDLESS = { grace: 1_000_000 };

/** Waits for as long as a connection lingers that is closed while its peer does not read. */
async function lingered(): Promise<void> {
  await using pair = memoryPair(10);
  const connection = new Connection(pair.near);
  connection.sendText("more than the pair takes");
  await connection.close();
}

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a shutdown waits for pending replies and rejects new requests, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls, limits: ENDLESS });
    const options = manager.connectOptions;
    await using service = new Slow();
    await service.start(options);
    await using cxn = await connect(options);
    const link = await cxn.link<Slow>("Slow");
    const running = link.measure();
    await service.started.promise;
    await using unidentified = await WirePeer.connect(options);
    await unidentified.read();

    const ended = manager.manager.shutdown();
    await assertRejects(
      async () => await link.measure(),
      RemoteError,
      "ConnectionAbortedError: the Manager is shutting down",
    );
    unidentified.send({ result: { type: "client", name: "late" }, uid: "", error: false });
    assertEquals(
      (await unidentified.read()).message,
      "ConnectionAbortedError: the Manager is shutting down",
    );
    await assertRejects(() => connect(options), ConnectError);

    service.answer.resolve("done");
    assertEquals(await running, "done");
    await ended;
    await cxn.disconnected;
    assertEquals(cxn.isConnected(), false);
    const { clients, services } = manager.manager.identities();
    assertEquals([clients, services], [{}, {}]);
  });
}

Deno.test("a long reply that is being forwarded arrives whole before the Manager ends", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: ENDLESS });
  await using service = await wireService(manager, "Echo");
  await using cxn = await connect(manager.connectOptions);
  const answered = (await cxn.link("Echo")).request("echo");
  const { requester, uid } = await service.read();
  const value = "x".repeat(3_000_000);
  const line = JSON.stringify({ requester, uid, error: false, result: value });
  const send = await service.sendHalf(line.slice(0, -1));
  const ended = manager.manager.shutdown();
  await assertRejects(
    async () => await cxn.link("Echo").then((link) => link.request("echo")),
    RemoteError,
    "the Manager is shutting down",
  );
  await send("}\n");
  assertEquals(await answered, value);
  await ended;
});

Deno.test("a reply that a client has not read yet is flushed before the Manager ends", async () => {
  const limits = { ...ENDLESS, longLine: 64e6, queueHigh: 64e6 }; // the line is held as a whole
  await using manager = await TestManager.start({ disableTls: true, limits });
  await using service = await wireService(manager, "Echo");
  await using client = await WirePeer.introduce(manager.connectOptions, {
    type: "client",
    name: "slow",
  });
  client.send({ service: "Echo", attribute: "echo", args: [], kwargs: {}, uid: "1", error: false });
  const { requester, uid } = await service.read();
  const value = "x".repeat(16_000_000);
  service.send({ requester, uid, error: false, result: value });
  service.send({ service: "Manager", attribute: "identity", args: [], kwargs: {}, uid: "2" });
  await service.read(); // so the Manager has read the reply before it
  const ended = manager.manager.shutdown();
  await lingered(); // the Manager waits no longer than that when it closes a connection
  assertEquals((await client.read()).result, value);
  await ended;
});

Deno.test("a request without a reply within the grace is rejected with the connection", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: { grace: 50 } });
  await using service = new Slow();
  await service.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  const running = (await cxn.link<Slow>("Slow")).measure();
  await service.started.promise;
  const failed = assertRejects(
    async () => await running,
    ConnectionAbortedError,
    "The request to 'Slow' was not answered",
  );
  await manager.manager.shutdown();
  await failed;
  service.answer.resolve("too late");
});

Deno.test("a Python client gets an error for each request without a reply within the grace", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: { grace: 50 } });
  await using service = new Slow();
  await service.start(manager.connectOptions);
  await using client = new Process(
    pythonPeer("holder", manager, { SERVICE: "Slow", PENDING: "1" }),
  );
  await service.started.promise;
  await manager.manager.shutdown();
  const { stdout } = await client.succeeded();
  assertEquals(JSON.parse(stdout.trim().split("\n").at(-1)!), {
    shutdown_handler: true,
    is_connected: false,
    pending: "ConnectionAbortedError: the Manager shut down before the 'Slow' service answered " +
      "the request",
  });
  service.answer.resolve("too late");
});

Deno.test("an administrator's shutdown_manager waits for pending replies too", async () => {
  await using lab = await Laboratory.open({ disableTls: true, limits: ENDLESS });
  await lab.database.users.insert("admin", "whatever", true);
  const options = lab.manager.connectOptions;
  await using service = new Slow();
  await service.start(options);
  await using cxn = await connect(options);
  const running = (await cxn.link<Slow>("Slow")).measure();
  await service.started.promise;
  await using admin = await connect({ ...options, username: "admin", password: "whatever" });
  const isShutDown = admin.adminRequest("shutdown_manager");
  await until("the Manager accepts no new client", async () => !await isListening(options));
  service.answer.resolve("done");
  assertEquals(await running, "done");
  assertEquals(await isShutDown, true);
  await lab.manager.manager.finished;
});

Deno.test("abort() does not wait for pending replies", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: ENDLESS });
  await using service = new Slow();
  await service.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  const running = (await cxn.link<Slow>("Slow")).measure();
  await service.started.promise;
  let isAnswered = false;
  service.answer.promise.then(() => isAnswered = true);
  const failed = assertRejects(
    async () => await running,
    ConnectionAbortedError,
    "The request to 'Slow' was not answered",
  );
  const ended = manager.manager.shutdown();
  await manager.manager.abort();
  await ended;
  await failed;
  assertEquals(isAnswered, false);
  service.answer.resolve("too late");
});

/** Whether a server accepts connections there. */
async function isListening(
  { host, port }: { host: string; port: number },
): Promise<boolean> {
  try {
    using _socket = await Deno.connect({ hostname: host, port });
    return true;
  } catch (error) {
    const { ConnectionRefused, ConnectionReset } = Deno.errors;
    assert(error instanceof ConnectionRefused || error instanceof ConnectionReset, `${error}`);
    return false;
  }
}

/** A Client with a pending request, and a Manager that is a process. */
async function openRequest(options: ConnectOptions & { host: string; port: number }) {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(new Slow());
  await service.start(options);
  stack.defer(() => service.answer.resolve("the test is over")); // the Service waits for it at its shutdown
  const cxn = stack.use(await connect(options));
  const running = (await cxn.link<Slow>("Slow")).measure();
  running.addDoneCallback(() => {});
  await service.started.promise;
  const whole = stack.move();
  return { service, running, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

posixTest("SIGTERM waits for pending replies, for at most --grace", async () => {
  await using home = await temporaryFolder();
  await using manager = await ManagerProcess.start(home.path, "--grace=1h");
  await using request = await openRequest(manager.connectOptions);
  manager.kill("SIGTERM");
  await until("it no longer listens", async () => !await isListening(manager.connectOptions));
  request.service.answer.resolve("done");
  assertEquals(await request.running, "done");
  assertEquals((await manager.end()).code, 0);
});

posixTest("a signal that comes twice, from the terminal and from deno task, is one", async () => {
  await using home = await temporaryFolder();
  await using manager = await ManagerProcess.start(home.path, "--grace=1h");
  await using request = await openRequest(manager.connectOptions);
  manager.kill("SIGINT");
  manager.kill("SIGTERM"); // two SIGINT that wait are one already
  await until("it no longer listens", async () => !await isListening(manager.connectOptions));
  request.service.answer.resolve("done");
  assertEquals(await request.running, "done");
  assertEquals((await manager.end()).code, 0);
});

posixTest("a second signal ends a Manager at once", async () => {
  await using home = await temporaryFolder();
  await using manager = await ManagerProcess.start(home.path, "--grace=1h");
  await using request = await openRequest(manager.connectOptions);
  manager.kill("SIGTERM");
  await until("it no longer listens", async () => !await isListening(manager.connectOptions));
  await delay(2 * SAME_REQUEST);
  manager.kill("SIGINT");
  const { code } = await manager.end();
  assertEquals(code, 0);
  await assertRejects(
    async () => await request.running,
    ConnectionAbortedError,
    "The request to 'Slow' was not answered",
  );
  request.service.answer.resolve("too late");
});

Deno.test("the database survives kill -9, again and again, while devices connect", async () => {
  await using home = await temporaryFolder();
  const path = join(home.path, "manager.sqlite3");
  const recorded = () => {
    using database = new DatabaseSync(path);
    const { count } = database.prepare(
      "SELECT count(*) AS count FROM connections WHERE message = 'connected as a client'",
    ).get() as { count: number };
    return count;
  };
  for (let round = 0; round < 15; round++) {
    await using manager = await ManagerProcess.start(home.path);
    const before = recorded();
    const connectOnce = async () => {
      for (;;) {
        try {
          await using cxn = await connect({ ...manager.connectOptions, timeout: 60_000 });
          await cxn.identities(); // it is registered
        } catch {
          return; // the Manager was killed
        }
      }
    };
    const clients = Promise.all(Array.from({ length: 4 }, connectOnce));
    await until("connections are recorded, while others come", () => recorded() > before);
    manager.kill("SIGKILL");
    await clients;
    assertEquals((await manager.end()).signal, "SIGKILL");
    using database = new DatabaseSync(path);
    assertEquals(database.prepare("PRAGMA integrity_check").get(), { integrity_check: "ok" });
  }
});

Deno.test("a Manager whose database cannot be closed has finished nevertheless", async () => {
  const manager = await Manager.start({ port: 0, disableTls: true, database: ":memory:" });
  const peer = await Deno.connect({ hostname: "127.0.0.1", port: manager.port });
  const close = Database.prototype[Symbol.dispose];
  mock.method(Database.prototype, Symbol.dispose, function (this: Database) {
    close.call(this);
    throw new Error("the disk is full");
  });
  try {
    await assertRejects(() => manager.shutdown(), Error, "the disk is full");
    await manager.finished;
  } finally {
    mock.restoreAll();
    peer.close();
  }
});
