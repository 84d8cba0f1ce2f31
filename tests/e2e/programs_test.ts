/** Services with their own Manager in one process, and a device's tasks and handlers. */

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Database } from "../../manager/database/database.ts";
import {
  type Client,
  ConfigurationError,
  connect,
  ConnectionAbortedError,
  LinkedClient,
  RemoteError,
  runServices,
  Service,
  ValueError,
} from "../../mod.ts";
import { parseReadyLine } from "../../program/ready_line.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, Process } from "../support/process.ts";
import { recordLogs } from "../support/logs.ts";
import { until } from "../support/until.ts";
import { posixTest } from "../support/posix.ts";

/** The script with two Services as a process, with files of its own. */
class Program extends Process {
  readonly #folder: AsyncDisposable & { path: string };

  private constructor(command: Deno.Command, folder: AsyncDisposable & { path: string }) {
    super(command);
    this.#folder = folder;
  }

  static async start(args: string[] = [], env: Record<string, string> = {}): Promise<Program> {
    const folder = await temporaryFolder();
    const script = fileURLToPath(import.meta.resolve("../support/programs/two_services.ts"));
    const words = ["run", "-A", script, "--host", "localhost", "--port", "0", ...args];
    return new Program(denoCommand(words, { home: folder.path, env }), folder);
  }

  /** The connect options, once the program has printed its ready line. */
  async ready(): Promise<{ host: string; port: number; certFile: string }> {
    const { port } = parseReadyLine(await this.stdout.next())!;
    const certFile = join(this.#folder.path, "certs", "localhost.crt");
    return { host: "localhost", port, certFile };
  }

  /** The log so far. */
  async log(): Promise<string> {
    const logs = join(this.#folder.path, "logs");
    const [{ name }] = Deno.readDirSync(logs);
    return await Deno.readTextFile(join(logs, name));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Shuts a Service down through a Client. */
async function shutDown(cxn: Client, service: string): Promise<void> {
  const link = await cxn.link(service);
  await link.shutdownService();
}

Deno.test("runServices ends when its last Service has disconnected, not its first", async () => {
  await using program = await Program.start();
  await using cxn = await connect(await program.ready());
  assertEquals(Object.keys((await cxn.identities()).services).sort(), ["Camera", "Lamp"]);
  await shutDown(cxn, "Camera");
  await shutDown(cxn, "Lamp");
  await cxn.disconnected;
  assertEquals((await program.end()).code, 0);
});

Deno.test("runServices logs its Services in to a Manager with login", async () => {
  await using folder = await temporaryFolder();
  const database = join(folder.path, "manager.sqlite3");
  {
    using users = new Database(database, []);
    await users.users.insert("lab", "a secret", false);
  }
  const args = ["--auth-login", "--database", database];
  const user = { username: "lab", password: "a secret" };
  const env = { LAB_USERNAME: user.username, LAB_PASSWORD: user.password };
  await using program = await Program.start(args, env);
  await using cxn = await connect({ ...await program.ready(), ...user });
  assertEquals(Object.keys((await cxn.identities()).services).length, 2);
});

Deno.test("runServices rejects with the reason when a Service is rejected", async () => {
  await using program = await Program.start(["--auth-password", "abc 123"], { TWICE: "1" });
  const { code, stderr } = await program.end();
  assertEquals(code, 1);
  assert(stderr.includes("A 'Camera' service is already running on the Manager"), stderr);
});

Deno.test("runServices can be called with options alone", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "is-not-a-folder");
  await Deno.writeTextFile(file, "");
  const options = { disableTls: true, port: 0, logFile: join(file, "log") };
  await assertRejects(() => runServices(options), ConfigurationError, "Cannot write the log file");
});

posixTest(
  "a signal ends runServices after its Services' shutdown handlers, without a stack trace",
  async () => {
    await using program = await Program.start();
    await program.ready();
    program.kill("SIGINT");
    const { code, stderr } = await program.end();
    assertEquals(code, 0);
    assertMatch(stderr, /Camera: the shutter is closed/);
    assertEquals(
      /FATAL|Error/.test(stderr.replaceAll("ConnectionAbortedError", "")),
      false,
      stderr,
    );
  },
);

Deno.test("a Client changes the log level of a Service", async () => {
  await using program = await Program.start();
  const options = await program.ready();
  await using cxn = await connect(options);
  const link = await cxn.link("Camera");
  assertEquals(link.serviceAttributes.set_logging_level, "(level: Union[str, int]) -> bool");
  assertEquals(await link.set_logging_level("error"), true);
  await using _quiet = await connect({ ...options, name: "quiet" });
  await cxn.identities(); // its log records are in the file now
  assertEquals(await link.set_logging_level(20), true);
  await using loud = await connect({ ...options, name: "loud" });
  await loud.identities();
  const log = await program.log();
  for (const name of ["quiet", "loud"]) { // the level of the Manager is its own
    assertMatch(log, new RegExp(`${name}\\[\\S+ connected as a client`));
  }
  assertEquals(await link.set_logging_level("shrill"), false);
});

class Lab extends Service {
  readonly ends: (Error | undefined)[] = [];

  override shutdownHandler(error: Error | undefined): void {
    this.ends.push(error);
  }

  add(x: number, y: number): number {
    if (x < 0) throw new ValueError("x is negative");
    return x + y;
  }
}

Deno.test("tasks run while a Service is connected", async () => {
  await using manager = await TestManager.start();
  await using lab = new Lab();
  const events: unknown[] = [];
  lab.addTasks(async (signal) => {
    events.push("started");
    lab.emitNotification(1); // no error: it is connected
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    events.push(signal.reason.name);
  });
  assertEquals(events, []);
  await lab.start(manager.connectOptions);
  assertEquals(events, ["started"]);
  await manager.manager.shutdown();
  await assertRejects(() => lab.finished, ConnectionAbortedError);
  assertEquals(events, ["started", "ConnectionAbortedError"]);
});

Deno.test("shutdownHandler gets the error that ended the connection, and undefined after an intended end", async () => {
  await using manager = await TestManager.start();
  await using meant = new Lab();
  await meant.start(manager.connectOptions);
  await meant.shutdown();
  assertEquals(meant.ends, [undefined]);
  await using lost = new Lab();
  await lost.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  await using left = await connect(manager.connectOptions);
  const ends: (Error | undefined)[] = [];
  cxn.shutdownHandler = left.shutdownHandler = (error) => ends.push(error);
  assertEquals("shutdownHandler" in (await cxn.link("Lab")).serviceAttributes, false);
  await left.disconnect();
  assertEquals(ends, [undefined]);
  await manager.manager.shutdown();
  await assertRejects(() => lost.finished, ConnectionAbortedError);
  await cxn.disconnected;
  for (const [error] of [lost.ends, ends.slice(1)]) {
    assert(error instanceof ConnectionAbortedError, String(error));
  }
  assertEquals([lost.ends.length, ends.length], [1, 2]);
});

Deno.test("a handler may be asynchronous, and an error of a handler is only logged", async () => {
  await using manager = await TestManager.start();
  const events: string[] = [];
  class Slow extends Service {
    override async shutdownHandler(): Promise<void> {
      await Promise.resolve();
      events.push("the Service is off");
      throw new Error("clumsy");
    }
    notify(): void {
      this.emitNotification();
    }
  }
  await using slow = new Slow();
  await slow.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  cxn.shutdownHandler = async () => {
    await Promise.resolve();
    events.push("the Client is off");
    throw new Error("clumsy too");
  };
  const link = await cxn.link<Slow>("Slow");
  const notified = Promise.withResolvers<void>();
  link.notificationHandler = async () => {
    notified.resolve();
    await cxn.link("Nothing");
  };
  await link.notify();
  await notified.promise;
  await slow.shutdown();
  await cxn.disconnect();
  assertEquals(events, ["the Service is off", "the Client is off"]);
});

Deno.test("the shutdownHandler of a Service that was rejected is not called", async () => {
  await using manager = await TestManager.start();
  await using first = new Lab();
  await first.start(manager.connectOptions);
  const second = new Lab();
  await assertRejects(() => second.start(manager.connectOptions), RemoteError, "NameError");
  await second.shutdown();
  assertEquals([first.ends, second.ends], [[], []]);
  await first.shutdown();
  await second.start(manager.connectOptions); // it may be started again
  await second.shutdown();
  assertEquals(second.ends, [undefined]);
});

Deno.test("a Service that is shut down while it starts is connected first, then disconnected", async () => {
  await using manager = await TestManager.start();
  const lab = new Lab();
  const started = lab.start(manager.connectOptions);
  await lab.shutdown();
  assertEquals(await started, undefined);
  await manager.disconnected("Lab");
  assertEquals(lab.ends, [undefined]);
  assertEquals(manager.manager.status().totals.connections, 1);
});

Deno.test("a Service can be started again after options that are not valid", async () => {
  await using manager = await TestManager.start();
  await using lab = new Lab();
  await assertRejects(() => lab.start({ port: -1 }), RangeError, "port");
  await lab.start(manager.connectOptions);
  assertEquals(Object.keys(manager.manager.identities().services), ["Lab"]);
});

for (const disableTls of [true, false]) {
  const over = disableTls ? "TCP" : "TLS";

  Deno.test(`a Service that has shut down is not listed any more, over ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    for (let count = 0; count < 20; count++) {
      await using lab = new Lab();
      await lab.start(manager.connectOptions);
      await lab.shutdown();
      assertEquals(Object.keys(manager.manager.identities().services), []);
    }
  });
}

Deno.test("a method can shut its Service down, and its reply is sent first", async () => {
  await using manager = await TestManager.start();
  class Mortal extends Service {
    die(): string {
      this.shutdown();
      return "at once";
    }
    async dieSlowly(): Promise<string> {
      await Promise.resolve();
      await this.shutdown();
      return "slowly";
    }
  }
  for (const [method, answer] of [["die", "at once"], ["dieSlowly", "slowly"]]) {
    await using mortal = new Mortal();
    await mortal.start(manager.connectOptions);
    await using cxn = await connect(manager.connectOptions);
    const link = await cxn.link("Mortal");
    assertEquals(await link.request(method), answer);
    await mortal.finished;
    await manager.disconnected("Mortal");
    const late = link.request(method);
    await assertRejects(() => late, ConnectionAbortedError, "Mortal");
  }
});

Deno.test("any value that a method throws is an error of the call, and the Service stays connected", async () => {
  await using manager = await TestManager.start();
  class Odd extends Service {
    fail(): never {
      throw Object.create(null);
    }
    async failLater(): Promise<never> {
      await Promise.resolve();
      throw Object.create(null);
    }
    live(): boolean {
      return true;
    }
  }
  await using odd = new Odd();
  await odd.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link<Odd>("Odd");
  await assertRejects(() => link.fail(), RemoteError, "cannot be shown as text");
  await assertRejects(() => link.failLater(), RemoteError, "cannot be shown as text");
  assertEquals(await link.live(), true);
});

/** The attributes and messages that a peer receives that sends nothing, until the connection ends. */
async function arrive({ connectOptions }: TestManager): Promise<string> {
  const received: unknown[] = [];
  try {
    await using peer = await WirePeer.connect(connectOptions);
    for (let text = await peer.readText(); text !== undefined; text = await peer.readText()) {
      const { attribute, message } = JSON.parse(text);
      received.push(attribute ?? message);
    }
  } catch (error) {
    const { cause = error } = error as Error; // that of a `ConnectError`
    if (cause instanceof Deno.errors.ConnectionRefused) return "refused";
    assertInstanceOf(cause, Deno.errors.ConnectionReset); // the Manager had not accepted it
    return "reset";
  }
  return received.join(", ") || "nothing";
}

Deno.test("a Manager shuts down while Clients connect", async () => {
  const outcomes = new Set<string>();
  for (let round = 0; round < 10; round++) {
    await using manager = await TestManager.start({ disableTls: true });
    const arriving = Array.from({ length: 20 }, () => arrive(manager));
    // In each round the Manager accepts more of them before it shuts down.
    await until("it has accepted some", () => manager.manager.status().totals.connections >= round);
    await manager.manager.shutdown();
    for (const outcome of await Promise.all(arriving)) outcomes.add(outcome);
    await manager.manager.finished;
    const { clients, totals, unidentified } = manager.manager.status();
    assertEquals([clients, unidentified], [{}, 0]);
    assertEquals(totals.ended_connections.closed ?? 0, totals.connections);
  }
  const goodbye = "ConnectionAbortedError: the Manager is shutting down";
  const possible = ["identity", `identity, ${goodbye}`, "nothing", "refused", "reset"];
  assertEquals([...outcomes].filter((outcome) => !possible.includes(outcome)), []);
  assert(outcomes.has(possible[0]) || outcomes.has(possible[1]), [...outcomes].join("; "));
});

Deno.test("serviceErrorHandler is called for each request that fails, and the caller gets the error", async () => {
  await using manager = await TestManager.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  await using linked = await LinkedClient.connect<Lab>("Lab", manager.connectOptions);
  const received = Promise.withResolvers<Error>();
  const errors: Error[] = [];
  linked.serviceErrorHandler = (error) => {
    errors.push(error);
    received.resolve(error);
    throw new Error("a handler that fails harms nobody");
  };
  assertEquals(await linked.add(1, 2), 3);
  await assertRejects(() => linked.add(-1, 2), RemoteError, "ValueError: x is negative");
  const error = await received.promise;
  assert(error instanceof RemoteError, String(error));
  linked.serviceErrorHandler = undefined;
  await assertRejects(() => linked.add(-1, 2), RemoteError);
  assertEquals(errors.length, 1);
});

Deno.test("a shutdownHandler that does not return keeps nobody waiting for longer than the grace, and is logged", async () => {
  await using logs = await recordLogs(["msl", "network", "handler"]);
  await using manager = await TestManager.start({ disableTls: true });
  class Stuck extends Service {
    override shutdownHandler(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const stuck = new Stuck({ grace: 10 });
  await stuck.start(manager.connectOptions);
  await stuck.shutdown();
  await stuck.finished;
  const cxn = await connect({ ...manager.connectOptions, grace: 0 });
  const spawned = await cxn.spawn();
  for (const client of [cxn, spawned]) {
    client.shutdownHandler = () => new Promise(() => {});
    await client.disconnect();
    await client.disconnected;
  }
  const names = logs.records.map(({ properties }) => properties);
  assertEquals(names, [
    { handler: "shutdownHandler", owner: "Stuck", grace: 10 },
    { handler: "shutdownHandler", owner: "Client", grace: 0 },
    { handler: "shutdownHandler", owner: "Client", grace: 0 },
  ]);
  for (const grace of [-1, NaN]) {
    await assertRejects(
      () => connect({ ...manager.connectOptions, grace }),
      RangeError,
      `got ${grace}`,
    );
  }
});
