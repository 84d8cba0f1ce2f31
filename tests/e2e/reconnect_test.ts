/** Devices that come back to a Manager that was restarted. */

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Database } from "../../database.ts";
import {
  CertificateError,
  type ClientOptions,
  ConfigurationError,
  connect,
  ConnectError,
  ConnectionAbortedError,
  type ConnectionChange,
  type ConnectOptions,
  type JsonObject,
  LinkedClient,
  options,
  type ReconnectOptions,
  RemoteError,
  Service,
  type ServiceOptions,
  TimeoutError,
} from "../../mod.ts";
import { TestManager, WireListener, type WirePeer } from "../../testing.ts";
import { Events } from "./events.ts";
import { temporaryFolder } from "./folder.ts";

/** Quickly, so that a test does not take long. */
const RECONNECT = { firstDelay: 1, longestDelay: 20 };

class Lab extends Service {
  readonly changes = new Events<ConnectionChange>();
  readonly letGo = Promise.withResolvers<void>();
  calls: string[] = [];

  constructor(options: ServiceOptions = {}) {
    super({ name: "Lab", ...options });
  }

  echo(text: string): string {
    this.calls.push(text);
    return text;
  }

  tell(text: string): void {
    this.emitNotification(text);
  }

  async slow(): Promise<void> {
    this.calls.push("slow");
    await this.letGo.promise;
  }

  override connectionHandler(change: ConnectionChange): void {
    this.changes.add(change);
  }
}

/** A Manager that can be restarted, on the same port with the same files. */
class Restarts implements AsyncDisposable {
  #manager: TestManager;
  readonly #options: Parameters<typeof TestManager.start>[0];

  private constructor(manager: TestManager, options: Parameters<typeof TestManager.start>[0]) {
    this.#manager = manager;
    this.#options = options;
  }

  static async start(options: Parameters<typeof TestManager.start>[0] = {}): Promise<Restarts> {
    const manager = await TestManager.start({ disableTls: true, ...options });
    return new Restarts(manager, { disableTls: true, ...options });
  }

  get connectOptions(): ConnectOptions & { host: string; port: number } {
    return { ...this.#manager.connectOptions, reconnect: RECONNECT };
  }

  get manager(): TestManager {
    return this.#manager;
  }

  /** Ends the Manager. */
  async stop(): Promise<void> {
    await this.#manager[Symbol.asyncDispose]();
  }

  /** Starts it again. */
  async resume(options: Parameters<typeof TestManager.start>[0] = {}): Promise<void> {
    const { port } = this.#manager.connectOptions;
    this.#manager = await TestManager.start({ ...this.#options, port, ...options });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#manager[Symbol.asyncDispose]();
  }
}

/** A Client and all that it reports. */
async function connected(options: ClientOptions) {
  const client = await connect(options);
  const changes = new Events<ConnectionChange>();
  client.connectionHandler = (change) => changes.add(change);
  return { client, changes };
}

function isState(state: ConnectionChange["state"]): (change: ConnectionChange) => boolean {
  return (change) => change.state === state;
}

/** The states that were reported, without how often was tried. */
function statesOf(changes: Events<ConnectionChange>): string[] {
  return changes.all.map(({ state }) => state).filter((state) => state !== "retrying");
}

for (const disableTls of [true, false]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a Client and a Service come back, and the Link stays usable, ${over}`, async () => {
    await using files = await TestManager.start(); // for its certificate, which outlives the others
    const { certFile } = files.connectOptions;
    const keyFile = certFile!.replace(/crt$/, "key");
    await using manager = await Restarts.start({ disableTls, certFile, keyFile });
    await using lab = new Lab();
    await lab.start(manager.connectOptions);
    const { client, changes } = await connected(manager.connectOptions);
    await using _client = client;
    const link = await client.link<Lab>("Lab");
    const told = new Events<unknown>();
    link.notificationHandler = (text) => told.add(text);
    for (const round of ["1", "2"]) {
      await manager.stop();
      await changes.next(isState("lost"));
      assertEquals(client.isConnected(), false);
      await manager.resume();
      await changes.next(isState("linked"));
      assertEquals(client.isConnected(), true);
      assertEquals(await link.echo(`echo ${round}`), `echo ${round}`);
      await link.tell(`note ${round}`);
      assertEquals(await told.next(), `note ${round}`);
    }
    assertEquals(statesOf(lab.changes), ["lost", "connected", "lost", "connected"]);
    const found = statesOf(changes).filter((state) => state !== "unlinked"); // the Lab came later
    assertEquals(found, ["lost", "connected", "linked", "lost", "connected", "linked"]);
  });
}

Deno.test("a request that was out when the connection ended fails, and is not sent again", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  const slow = link.slow();
  await link.echo("the one before has arrived");
  await manager.stop();
  const error = await assertRejects(() => slow, ConnectionAbortedError);
  assertMatch(error.message, /^The request to 'Lab' was not answered: the connection to /);
  await manager.resume();
  await changes.next(isState("linked"));
  lab.letGo.resolve(); // its answer goes nowhere
  await link.echo("after");
  assertEquals(lab.calls, ["slow", "the one before has arrived", "after"]);
});

Deno.test("a request made while the Manager is away waits, and is sent once", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  await manager.stop();
  await changes.next(isState("lost"));
  const echoes = [link.echo("a"), link.echo("b")];
  const identities = client.identities();
  await manager.resume();
  assertEquals(await Promise.all(echoes), ["a", "b"]);
  assertEquals(Object.keys((await identities).clients).length, 1);
  assertEquals(lab.calls, ["a", "b"]);
});

Deno.test("a request that waited for longer than its time-out is never sent", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  await manager.stop();
  await changes.next(isState("lost"));
  const late = link.echo("late", options({ timeout: 20 }));
  const cancelled = link.echo("cancelled");
  cancelled.cancel();
  await assertRejects(() => late, TimeoutError);
  await assertRejects(() => late.result(), TimeoutError, "was not sent in time");
  await manager.resume();
  await changes.next(isState("linked"));
  await link.echo("after");
  assertEquals(lab.calls, ["after"]);
});

Deno.test("a lock is acquired again, before any request that counts on it is sent", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const { client, changes } = await connected({ ...manager.connectOptions, name: "owner" });
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  await link.acquireLock();
  await manager.stop();
  await manager.resume();
  await changes.next(isState("linked"));
  await using other = await connect(manager.connectOptions);
  await assertRejects(() => other.link("Lab"), RemoteError, "'Lab' service is locked");
  await link.releaseLock();
  await using _link = await other.link("Lab");
});

/** Accepts a device of ours, and lets it in. */
async function welcome(listener: WireListener): Promise<{ peer: WirePeer; identity: JsonObject }> {
  const peer = await listener.accept();
  const requester = "Manager[lab-pc:1875]";
  peer.send({ attribute: "identity", args: [], kwargs: {}, requester, uid: "", error: false });
  const { result } = await peer.read();
  return { peer, identity: result as JsonObject };
}

/** Answers the next request of a Client, which has to be for the attribute. */
async function answer(peer: WirePeer, attribute: string, answer: JsonObject): Promise<JsonObject> {
  const request = await peer.read();
  assertEquals(request.attribute, attribute);
  peer.send({ error: false, result: null, requester: "c[a:1]", uid: request.uid, ...answer });
  return request;
}

/** A Client that a scripted Manager has let in, and has lost again. */
async function connectedTo(listener: WireListener, reconnect: ReconnectOptions) {
  const welcomed = welcome(listener);
  const connection = await connected({ ...listener.connectOptions, reconnect });
  const { peer } = await welcomed;
  await peer.close();
  await connection.changes.next(isState("lost"));
  return connection;
}

const ENTRY = { attributes: {}, address: "a:2", language: "", os: "", max_clients: -1 };

for (const shared of [false, true]) {
  const kind = shared ? "a shared" : "an exclusive";

  Deno.test(`${kind} lock that somebody else was faster for is reported, and what counted on it fails`, async () => {
    using listener = new WireListener();
    const first = welcome(listener);
    const connecting = connected({ ...listener.connectOptions, reconnect: RECONNECT });
    const { client, changes } = await connecting;
    const { peer: one, identity } = await first;
    assertEquals(identity.extensions, ["ready", "beat", "gone"]);
    const linking = client.link("Lab");
    await answer(one, "link", { result: ENTRY });
    const link = await linking;
    const locking = link.acquireLock({ shared });
    await answer(one, "acquire_lock", { result: ["c[a:1]"] });
    await locking;
    await one.close();
    await changes.next(isState("lost"));
    const waiting = link.move(10);
    const { peer: two } = await welcome(listener);
    await answer(two, "link", { result: ENTRY });
    const message = "PermissionError: c cannot acquire an exclusive lock, there are 2 links";
    const request = await answer(two, "acquire_lock", { error: true, message, traceback: [] });
    assertEquals([request.args, request.kwargs], [["Lab"], { shared }]);
    const lost = await changes.next(isState("unlocked"));
    assert(lost.state === "unlocked" && lost.service === "Lab", lost.state);
    const error = await assertRejects(() => waiting, ConnectionAbortedError);
    assertMatch(error.message, /^Cannot request move of the 'Lab' service: the lock was lost/);
    const next = link.move(20); // without the lock, as the user knows
    assertEquals((await answer(two, "move", { result: 20 })).args, [20]);
    assertEquals(await next, 20);
    await two.close();
    await client.disconnect();
  });
}

Deno.test("a released lock is not acquired again, and a link that was ended not linked", async () => {
  using listener = new WireListener();
  const first = welcome(listener);
  const { client, changes } = await connected({
    ...listener.connectOptions,
    reconnect: RECONNECT,
  });
  const { peer: one } = await first;
  const links = [client.link("A"), client.link("B"), client.link("C")];
  for (const _ of links) await answer(one, "link", { result: ENTRY });
  const [a, b, c] = await Promise.all(links);
  const locking = a.acquireLock();
  await answer(one, "acquire_lock", { result: [] });
  await locking;
  const releasing = a.releaseLock();
  await answer(one, "release_lock", { result: [] });
  await releasing;
  const unlinking = b.unlink();
  await answer(one, "unlink", { result: true });
  await unlinking;
  await one.close();
  await changes.next(isState("lost"));
  const waiting = c.move();
  await c.unlink(); // while the Manager is away
  await assertRejects(() => waiting, ConnectionAbortedError, "the link has ended");
  const { peer: two } = await welcome(listener);
  assertEquals((await answer(two, "link", { result: ENTRY })).args, ["A"]);
  await changes.next(isState("linked"));
  const moving = a.move();
  await answer(two, "move", {});
  await moving;
  await two.close();
  await client.disconnect();
});

Deno.test("a Link is restored when its Service has come back, without a request in between", async () => {
  await using manager = await Restarts.start();
  const first = new Lab();
  await first.start(manager.connectOptions);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  const told = new Events<unknown>();
  link.notificationHandler = (text) => told.add(text);
  await first.shutdown();
  await changes.next(isState("unlinked"));
  const waiting = link.echo("for the second");
  await using second = new Lab({ maxClients: 7 });
  await second.start(manager.connectOptions);
  await changes.next(isState("linked"));
  assertEquals(link.serviceMaxClients, 7);
  second.emitNotification("hello");
  assertEquals(await told.next(), "hello");
  assertEquals(await waiting, "for the second");
  assertEquals(second.calls, ["for the second"]);
});

Deno.test("a Manager of Python's tells that a Service is gone when it is requested", async () => {
  using listener = new WireListener();
  const first = welcome(listener);
  const { client, changes } = await connected({
    ...listener.connectOptions,
    reconnect: RECONNECT,
  });
  const { peer } = await first;
  const linking = client.link("Lab");
  await answer(peer, "link", { result: ENTRY });
  const link = await linking;
  const failing = link.move(1);
  const message = `KeyError: "the 'Lab' Service is not connected to Manager[lab-pc:1875]"`;
  await answer(peer, "move", { error: true, message, traceback: [] });
  await assertRejects(() => failing, RemoteError, "is not connected");
  await changes.next(isState("unlinked"));
  await answer(peer, "link", { error: true, message: "KeyError: 'no'", traceback: [] });
  await answer(peer, "link", { result: ENTRY });
  await changes.next(isState("linked"));
  await peer.close();
  await client.disconnect();
});

Deno.test("a Client that is turned away when it comes back has ended, with the reason", async () => {
  await using manager = await Restarts.start({ authPassword: "the old one" });
  const { client, changes } = await connected(manager.connectOptions);
  const reason = Promise.withResolvers<Error | undefined>();
  client.shutdownHandler = reason.resolve;
  await manager.stop();
  await changes.next(isState("lost"));
  const waiting = client.identities();
  await manager.resume({ authPassword: "a new one" });
  await client.disconnected;
  const error = await reason.promise;
  assertInstanceOf(error, RemoteError);
  assertEquals(error?.message, "ValueError: Wrong Manager password");
  await assertRejects(() => waiting, ConnectionAbortedError, "Wrong Manager password");
  const later = client.identities();
  await assertRejects(() => later, ConnectionAbortedError, "not connected");
});

Deno.test("a Manager with another certificate is not trusted when it comes back", async () => {
  await using manager = await Restarts.start({ disableTls: false });
  const kept = await Deno.makeTempFile({ suffix: ".crt" });
  await Deno.copyFile(manager.connectOptions.certFile!, kept);
  await using lab = new Lab();
  const reason = Promise.withResolvers<Error | undefined>();
  lab.shutdownHandler = reason.resolve;
  await lab.start({ ...manager.connectOptions, certFile: kept });
  await manager.stop();
  await manager.resume();
  await lab.finished;
  assertInstanceOf(await reason.promise, CertificateError);
  await Deno.remove(kept);
});

Deno.test("what a person has typed is given again, and nobody is asked once more", async () => {
  const manager = await Restarts.start({ authPassword: "a b" });
  const questions: string[] = [];
  const prompt = {
    text: () => "",
    confirm: () => false,
    secret: (question: string) => {
      questions.push(question);
      return "a b";
    },
  };
  const { client, changes } = await connected({
    ...manager.connectOptions,
    passwordManager: undefined,
    prompt,
  });
  await manager.stop();
  await manager.resume();
  await changes.next(isState("connected"));
  assertEquals(questions.length, 1);
  await manager.stop();
  const reason = Promise.withResolvers<Error | undefined>();
  client.shutdownHandler = reason.resolve;
  await using folder = await temporaryFolder();
  const database = join(folder.path, "manager.sqlite3");
  using users = new Database(database, []);
  await users.users.insert("j.doe", "secret", false);
  await manager.resume({ authPassword: undefined, authLogin: true, database });
  const error = await reason.promise;
  assertInstanceOf(error, ConfigurationError);
  assertMatch(error!.message, /^Cannot ask "Enter a username for Manager\[.*" while reconnecting/);
  assertEquals(questions.length, 1);
  await manager.stop(); // before its database is removed
});

Deno.test("disconnect() and shutdown() end the attempts to come back", async () => {
  const manager = await Restarts.start();
  const lab = new Lab();
  await lab.start(manager.connectOptions);
  const ends: (Error | undefined)[] = [];
  lab.shutdownHandler = (error) => void ends.push(error);
  const { client, changes } = await connected(manager.connectOptions);
  client.shutdownHandler = (error) => ends.push(error);
  await manager.stop();
  await changes.next(isState("retrying"));
  await lab.changes.next(isState("retrying"));
  lab.emitNotification("to nobody, since nobody is linked");
  const waiting = client.identities();
  await client.disconnect();
  await assertRejects(() => waiting, ConnectionAbortedError);
  await lab.shutdown();
  assertEquals(ends, [undefined, undefined]);
});

Deno.test("after its number of attempts a device has ended, with the last error", async () => {
  const manager = await Restarts.start();
  const { client, changes } = await connected({
    ...manager.connectOptions,
    reconnect: { ...RECONNECT, attempts: 3 },
  });
  const reason = Promise.withResolvers<Error | undefined>();
  client.shutdownHandler = reason.resolve;
  await manager.stop();
  assertInstanceOf(await reason.promise, ConnectError);
  const attempts = changes.all.filter(isState("retrying"));
  assertEquals(attempts.map((change) => change.state === "retrying" && change.attempt), [1, 2, 3]);
});

Deno.test("a Manager that ends each connection at once is left in peace for longer each time", async () => {
  using listener = new WireListener();
  const { client, changes } = await connectedTo(listener, { firstDelay: 20, longestDelay: 1_000 });
  const start = performance.now();
  for (let count = 0; count < 5; count++) {
    const { peer } = await welcome(listener);
    await peer.close();
    await changes.next(isState("lost"));
  }
  // Half of 20, 40, 80 and 160 ms is left to chance; how much longer it took does not matter.
  assert(performance.now() - start >= 150);
  await client.disconnect();
});

Deno.test("waitOnFirstConnect waits for a Manager that is not there yet; without it that is an error", async () => {
  const manager = await Restarts.start();
  const { connectOptions } = manager;
  await manager.stop();
  await assertRejects(() => connect(connectOptions), ConnectError);
  const patient = { ...connectOptions, reconnect: { ...RECONNECT, waitOnFirstConnect: true } };
  const clientComes = connect(patient);
  await using lab = new Lab();
  const labComes = lab.start(patient);
  await lab.changes.next(isState("retrying"));
  await manager.resume();
  await labComes;
  await using client = await clientComes;
  await using link = await client.link<Lab>("Lab");
  assertEquals(await link.echo("hello"), "hello");
  await manager.stop();
});

Deno.test("a Service that waits for its first Manager can be shut down", async () => {
  const manager = await Restarts.start();
  const { connectOptions } = manager;
  await manager.stop();
  const lab = new Lab();
  const started = lab.start({
    ...connectOptions,
    reconnect: { ...RECONNECT, waitOnFirstConnect: true },
  });
  await lab.changes.next(isState("retrying"));
  await Promise.all([lab.shutdown(), assertRejects(() => started)]);
});

Deno.test("a LinkedClient reconnects too", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  await using linked = await LinkedClient.connect<Lab>("Lab", manager.connectOptions);
  const changes = new Events<ConnectionChange>();
  linked.connectionHandler = (change) => changes.add(change);
  await manager.stop();
  await manager.resume();
  await changes.next(isState("linked"));
  assertEquals(await linked.echo("hello"), "hello");
});

Deno.test("a task goes on while its device comes back, and is told of the end", async () => {
  await using manager = await Restarts.start();
  const lab = new Lab();
  const reason = Promise.withResolvers<unknown>();
  lab.addTasks((signal) => signal.addEventListener("abort", () => reason.resolve(signal.reason)));
  await lab.start(manager.connectOptions);
  await manager.stop();
  await manager.resume();
  await lab.changes.next(isState("connected"));
  await lab.shutdown();
  assertInstanceOf(await reason.promise, ConnectionAbortedError);
});
