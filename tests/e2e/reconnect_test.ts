/** Devices that reconnect to a Manager that was restarted. */

import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { Database } from "../../manager/database/database.ts";
import {
  CertificateError,
  ConfigurationError,
  connect,
  ConnectError,
  ConnectionAbortedError,
  type ConnectionChange,
  LinkedClient,
  options,
  RemoteError,
  TimeoutError,
} from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import {
  connected,
  isState,
  reasonOf,
  RECONNECT,
  statesOf,
} from "../support/connection_changes.ts";
import { Events } from "../support/events.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Lab, LinkedLab, Restarts } from "../support/restarts.ts";
import { inTime } from "../support/until.ts";

for (const disableTls of [true, false]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a Client and a Service reconnect, and the Link stays usable, ${over}`, async () => {
    await using files = await TestManager.start(); // only its certificate is used
    const { certFile } = files.connectOptions;
    const keyFile = certFile!.replace(/crt$/, "key");
    await using manager = await Restarts.start({ disableTls, certFile, keyFile });
    await using lab = new Lab();
    await lab.start(manager.connectOptions);
    const { client, changes } = await connected(manager.connectOptions);
    await using _client = client;
    const link = await client.link<Lab>("Lab");
    const notified = new Events<unknown>();
    link.notificationHandler = (text) => notified.add(text);
    for (const round of ["1", "2"]) {
      await manager.stop();
      await changes.next(isState("lost"));
      assertEquals(client.isConnected(), false);
      await manager.resume();
      await changes.next(isState("linked"));
      assertEquals(client.isConnected(), true);
      assertEquals(await link.echo(`echo ${round}`), `echo ${round}`);
      await link.tell(`note ${round}`);
      assertEquals(await notified.next(), `note ${round}`);
    }
    assertEquals(statesOf(lab.changes), ["lost", "connected", "lost", "connected"]);
    const found = statesOf(changes).filter((state) => state !== "unlinked"); // the Lab reconnects after the Client
    assertEquals(found, ["lost", "connected", "linked", "lost", "connected", "linked"]);
  });
}

Deno.test("a request that is pending when the connection ends is rejected, and is not sent again", async () => {
  await using network = await LinkedLab.open();
  const { manager, lab, changes, link } = network;
  const slow = link.slow();
  await link.echo("the one before has arrived");
  await manager.stop();
  const error = await assertRejects(() => slow, ConnectionAbortedError);
  assertMatch(error.message, /^The request to 'Lab' was not answered: the connection to /);
  await manager.resume();
  await changes.next(isState("linked"));
  lab.release.resolve(); // its reply has no connection
  await link.echo("after");
  assertEquals(lab.calls, ["slow", "the one before has arrived", "after"]);
});

Deno.test("a request made while the Manager is down waits, and is sent once", async () => {
  await using network = await LinkedLab.open();
  const { manager, lab, client, changes, link } = network;
  await manager.stop();
  await changes.next(isState("lost"));
  const echoes = [link.echo("a"), link.echo("b")];
  const identities = client.identities();
  await manager.resume();
  assertEquals(await Promise.all(echoes), ["a", "b"]);
  assertEquals(Object.keys((await identities).clients).length, 1);
  assertEquals(lab.calls, ["a", "b"]);
});

Deno.test("a request that waits for longer than its time-out is never sent", async () => {
  await using network = await LinkedLab.open();
  const { manager, lab, changes, link } = network;
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

Deno.test("a lock is acquired again after a reconnection", async () => {
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
  assertEquals(await link.releaseLock(), []);
  await using second = await other.link("Lab");
  assertEquals(second.serviceName, "Lab");
});

Deno.test("a Link is restored when its Service has reconnected, without a new request", async () => {
  await using manager = await Restarts.start();
  await using first = new Lab();
  await first.start(manager.connectOptions);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  const notified = new Events<unknown>();
  link.notificationHandler = (text) => notified.add(text);
  await first.shutdown();
  await changes.next(isState("unlinked"));
  const waiting = link.echo("for the second");
  await using second = new Lab({ maxClients: 7 });
  await second.start(manager.connectOptions);
  await changes.next(isState("linked"));
  assertEquals(link.serviceMaxClients, 7);
  second.emitNotification("hello");
  assertEquals(await notified.next(), "hello");
  assertEquals(await waiting, "for the second");
  assertEquals(second.calls, ["for the second"]);
});

Deno.test("a Client that is rejected when it reconnects has ended, with the reason", async () => {
  await using manager = await Restarts.start({ authPassword: "the old one" });
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  const reason = Promise.withResolvers<Error | undefined>();
  client.shutdownHandler = reason.resolve;
  await manager.stop();
  await changes.next(isState("lost"));
  const waiting = client.identities();
  await manager.resume({ authPassword: "a new one" });
  await client.disconnected;
  const error = await reason.promise;
  assertInstanceOf(error, RemoteError);
  assertEquals((error as RemoteError).remoteMessage, "ValueError: Wrong Manager password");
  await assertRejects(() => waiting, ConnectionAbortedError, "Wrong Manager password");
  const later = client.identities();
  await assertRejects(() => later, ConnectionAbortedError, "not connected");
});

Deno.test("a Manager with another certificate is not trusted at a reconnection", async () => {
  await using manager = await Restarts.start({ disableTls: false });
  await using folder = await temporaryFolder();
  const kept = join(folder.path, "kept.crt");
  await Deno.copyFile(manager.connectOptions.certFile!, kept);
  await using lab = new Lab();
  const reason = Promise.withResolvers<Error | undefined>();
  lab.shutdownHandler = reason.resolve;
  await lab.start({ ...manager.connectOptions, certFile: kept });
  await manager.stop();
  await manager.resume();
  await assertRejects(() => lab.finished, CertificateError);
  assertInstanceOf(await reason.promise, CertificateError);
});

Deno.test("typed login details are sent again at a reconnection, without a second prompt", async () => {
  await using manager = await Restarts.start({ authPassword: "a b" });
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
  await using _client = client;
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

Deno.test("disconnect() and shutdown() end the attempts to reconnect", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const ends: (Error | undefined)[] = [];
  lab.shutdownHandler = (error) => void ends.push(error);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
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

Deno.test("a device has ended after its number of attempts, with the last error", async () => {
  await using manager = await Restarts.start();
  const { client, changes } = await connected({
    ...manager.connectOptions,
    reconnect: { ...RECONNECT, attempts: 3 },
  });
  await using _client = client;
  const reason = Promise.withResolvers<Error | undefined>();
  client.shutdownHandler = reason.resolve;
  await manager.stop();
  assertInstanceOf(await reason.promise, ConnectError);
  const attempts = changes.all.filter(isState("retrying"));
  assertEquals(attempts.map((change) => change.state === "retrying" && change.attempt), [1, 2, 3]);
});

Deno.test("waitOnFirstConnect waits for a Manager that does not listen yet, and without it connect() rejects", async () => {
  await using manager = await Restarts.start();
  const { connectOptions } = manager;
  await manager.stop();
  await assertRejects(() => connect(connectOptions), ConnectError);
  const persistent = { ...connectOptions, reconnect: { ...RECONNECT, waitOnFirstConnect: true } };
  const connecting = connect(persistent);
  await using lab = new Lab();
  const starting = lab.start(persistent);
  await lab.changes.next(isState("retrying"));
  await manager.resume();
  await starting;
  await using client = await connecting;
  await using link = await client.link<Lab>("Lab");
  assertEquals(await link.echo("hello"), "hello");
  await manager.stop();
});

Deno.test("a Service that waits for its first Manager can be shut down", async () => {
  await using manager = await Restarts.start();
  const { connectOptions } = manager;
  await manager.stop();
  await using lab = new Lab();
  const started = lab.start({
    ...connectOptions,
    reconnect: { ...RECONNECT, waitOnFirstConnect: true },
  });
  await lab.changes.next(isState("retrying"));
  await Promise.all([
    lab.shutdown(),
    assertRejects(() => started, ConnectionAbortedError, "has given up the Manager at"),
  ]);
  assertEquals(statesOf(lab.changes), []); // attempts only
  await inTime("the Service has finished", lab.finished);
  await assertRejects(() => lab.start(connectOptions), ConnectionAbortedError, "started before");
});

Deno.test("a Service that is shut down during a start that fails has finished, and ends only once", async () => {
  await using manager = await Restarts.start();
  const { connectOptions } = manager;
  await manager.stop();
  await using lab = new Lab();
  const ends: unknown[] = [];
  lab.shutdownHandler = (error) => void ends.push(error);
  const started = lab.start({ ...connectOptions, reconnect: false });
  const shutDown = [lab.shutdown(), lab.shutdown()];
  await assertRejects(() => started, ConnectError);
  await inTime("the Service has finished", Promise.all([...shutDown, lab.finished]));
  assertThrows(() => lab.addTasks(() => {}), ConnectionAbortedError);
  assertEquals(ends, []); // it was never connected
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

Deno.test("a task keeps running while its device reconnects, and its signal is aborted at the end", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  const reason = Promise.withResolvers<unknown>();
  const signals: AbortSignal[] = [];
  lab.addTasks((signal) => {
    signals.push(signal);
    signal.addEventListener("abort", () => reason.resolve(signal.reason));
  });
  await lab.start(manager.connectOptions);
  await manager.stop();
  await manager.resume();
  await lab.changes.next(isState("connected"));
  assertEquals(signals.map((signal) => signal.aborted), [false]); // the task was started once
  await lab.shutdown();
  assertInstanceOf(await reason.promise, ConnectionAbortedError);
});

Deno.test("shutdown() does not wait for requests of a lost connection", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const { client } = await connected(manager.connectOptions);
  await using _client = client;
  const link = await client.link<Lab>("Lab");
  const slow = link.slow();
  await link.echo("the one before has arrived");
  await manager.stop();
  await assertRejects(() => slow, ConnectionAbortedError);
  await manager.resume();
  await lab.changes.next(isState("connected"));
  let isAnswered = false;
  lab.release.promise.then(() => isAnswered = true);
  await lab.shutdown();
  assertEquals(isAnswered, false);
  assertEquals(lab.calls, ["slow", "the one before has arrived"]);
  await manager.manager.disconnected("Lab");
});

Deno.test("a Service whose name is taken retries until it is shut down, with waitOnFirstConnect", async () => {
  await using manager = await Restarts.start();
  await using first = new Lab();
  await first.start(manager.connectOptions);
  await using second = new Lab();
  const persistent = { ...RECONNECT, waitOnFirstConnect: true };
  const started = second.start({ ...manager.connectOptions, reconnect: persistent });
  const change = await second.changes.next(isState("retrying"));
  assertEquals(
    reasonOf(change),
    "NameError: A 'Lab' service is already running on the Manager",
  );
  await Promise.all([
    assertRejects(() => started, ConnectionAbortedError, "has given up the Manager at"),
    second.shutdown(),
  ]);
});

Deno.test("connect() is aborted with its signal, at every step", async () => {
  await using manager = await Restarts.start();
  const { connectOptions } = manager;
  await manager.stop();
  const reason = new Error("enough");
  const persistent = { ...RECONNECT, waitOnFirstConnect: true };
  const away = new AbortController();
  const connecting = connect({ ...connectOptions, reconnect: persistent, signal: away.signal });
  away.abort(reason);
  assertEquals(await assertRejects(() => connecting), reason);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const silent = new AbortController();
  const waiting = connect({
    ...{ host: "127.0.0.1", port, disableTls: true, timeout: 1_000_000 },
    signal: silent.signal,
  });
  using _socket = await listener.accept(); // sends nothing
  silent.abort(reason);
  assertEquals(await assertRejects(() => waiting), reason);
});

Deno.test("an abort of the signal of connect() does not affect a connected Client", async () => {
  await using manager = await Restarts.start();
  const given = new AbortController();
  const { client, changes } = await connected({
    ...manager.connectOptions,
    signal: given.signal,
  });
  await using _client = client;
  given.abort();
  await manager.stop();
  await manager.resume();
  await changes.next(isState("connected"));
  await using sibling = await client.spawn("sibling");
  assertEquals(sibling.isConnected(), true);
  await client.disconnect();
});

Deno.test("a password is prompted for once, however many attempts the first connection takes", async () => {
  await using manager = await Restarts.start({ authPassword: "pw" });
  await using first = new Lab();
  await first.start(manager.connectOptions);
  let questions = 0;
  const prompt = { text: () => "", confirm: () => false, secret: () => (questions++, "pw") };
  await using second = new Lab();
  const started = second.start({
    ...manager.connectOptions,
    ...{ passwordManager: undefined, prompt },
    reconnect: { ...RECONNECT, waitOnFirstConnect: true },
  });
  await second.changes.next((change) => change.state === "retrying" && change.attempt === 2);
  await first.shutdown();
  await started;
  assertEquals(questions, 1);
});

Deno.test("a device with the right password retries while its computer is throttled, and then connects", async () => {
  // A device that comes within the memory of a failed login is rejected: its penalty is longer than the
  // time-out.
  const limits = {
    freeLogins: 1,
    loginPenalty: 1_000_000,
    loginTimeout: 30_000,
    loginMemory: 4_000,
  };
  await using manager = await Restarts.start({ authPassword: "right", limits });
  const wrong = () => connect({ ...manager.connectOptions, passwordManager: "wrong" });
  await assertRejects(wrong, RemoteError, "Wrong Manager password");
  await using lab = new Lab();
  const reconnect = { ...RECONNECT, waitOnFirstConnect: true };
  const started = lab.start({ ...manager.connectOptions, reconnect });
  const change = await lab.changes.next(isState("retrying"));
  assertMatch(reasonOf(change), /^PermissionError: Too many failed logins/);
  await started; // the failed logins have expired
  assertEquals(Object.keys(manager.manager.manager.identities().services), ["Lab"]);
});

Deno.test("requests that wait for the connection are sent before those of connectionHandler", async () => {
  await using network = await LinkedLab.open();
  const { manager, lab, client, changes, link } = network;
  const handled = Promise.withResolvers<void>();
  client.connectionHandler = async (change) => {
    changes.add(change);
    if (change.state !== "linked") return;
    await link.echo("in the handler");
    handled.resolve();
  };
  await manager.stop();
  await changes.next(isState("lost"));
  const away = link.echo("while away");
  await manager.resume();
  await Promise.all([away, handled.promise]);
  assertEquals(lab.calls, ["while away", "in the handler"]);
});

Deno.test("a shutdownHandler can disconnect", async () => {
  await using manager = await Restarts.start();
  await using client = await connect({ ...manager.connectOptions, reconnect: false });
  const ends: (Error | undefined)[] = [];
  const isDisconnected = Promise.withResolvers<void>();
  client.shutdownHandler = async (error) => {
    ends.push(error);
    await client.disconnect();
    isDisconnected.resolve();
  };
  await manager.stop();
  await client.disconnected;
  await isDisconnected.promise;
  assertEquals(client.isConnected(), false);
  assertEquals(ends.length, 1);
  assertInstanceOf(ends[0], ConnectionAbortedError);
  const text = /^The connection to the Manager at localhost:\d+ ended: the peer closed it$/;
  assertMatch(ends[0]!.message, text);
});

Deno.test("disconnect() does not wait for a Manager that stalls in the TLS handshake", async () => {
  await using manager = await Restarts.start({ disableTls: false });
  await using folder = await temporaryFolder();
  const certFile = join(folder.path, "kept.crt");
  await Deno.copyFile(manager.connectOptions.certFile!, certFile);
  const { client, changes } = await connected({
    ...manager.connectOptions,
    ...{ certFile, timeout: 1_000_000 },
  });
  await using _client = client;
  const ends: (Error | undefined)[] = [];
  client.shutdownHandler = (error) => ends.push(error);
  await manager.stop();
  await changes.next(isState("retrying"));
  const { host: hostname, port } = manager.connectOptions;
  using listener = Deno.listen({ hostname, port });
  using socket = await listener.accept();
  await socket.read(new Uint8Array(1)); // the TLS handshake has begun, and gets no reply
  await client.disconnect();
  assertEquals(client.isConnected(), false);
  assertEquals(statesOf(changes), ["lost"]);
  assertEquals(ends, [undefined]);
});
