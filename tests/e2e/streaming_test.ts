/** Streams and cancellation: between our Clients and Services, and with peers without these extensions. */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CancelledError,
  connect,
  ConnectionAbortedError,
  Future,
  type JsonObject,
  kwargs,
  options,
  RemoteError,
  Service,
  Stream,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import { periodicPause } from "../../base/pause.ts";
import { WINDOW } from "../../client/stream_window.ts";
import { type TestManager, WirePeer } from "../../testing.ts";
import { linked } from "../support/linked.ts";
import { everywhere, ONE_MANAGER, type Site } from "../support/places.ts";
import { recordLogs } from "../support/logs.ts";
import * as messages from "../support/messages.ts";
import { Process, succeed } from "../support/process.ts";
import { answersOf, pythonCaller } from "../support/python.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";

/** An instrument whose readings the test releases one by one. */
class Meter extends Service {
  /** How many values `count` was asked to produce. */
  made = 0;
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();
  readonly #begun = new Map<string, PromiseWithResolvers<void>>();
  readonly #marks = new Map<number, PromiseWithResolvers<void>>();

  async *count(to: number, name = "count"): AsyncGenerator<number> {
    try {
      for (let i = 1; i <= to; i++) {
        this.made = i;
        this.#marks.get(i)?.resolve();
        yield i;
      }
    } finally {
      this._end(name).resolve("ended");
    }
  }

  *letters(text: string): Generator<string> {
    yield* text;
  }

  async *requesters(): AsyncGenerator<string> {
    yield this.request!.attribute;
    await Promise.resolve();
    yield this.request!.attribute;
  }

  /** Yields once, and then waits until its request is cancelled. */
  async *patient(name: string): AsyncGenerator<string> {
    yield name;
    await this.wait(name);
  }

  async *broken(): AsyncGenerator<unknown> {
    yield 1;
    throw new ValueError("The lamp has gone out");
  }

  *promised(...values: unknown[]): Generator<unknown> {
    for (const value of values) yield Promise.resolve(value);
  }

  *failing(): Generator<unknown> {
    yield 1;
    yield Promise.reject(new ValueError("The lamp has gone out"));
  }

  /** Returns a generator when the test lets it. */
  async prepared(name: string): Promise<AsyncGenerator<string>> {
    this._beginning(name).resolve();
    await this._end("prepared").promise;
    return this.patient(`${name}, prepared`);
  }

  async *unsendable(): AsyncGenerator<unknown> {
    try {
      yield 1;
      yield () => 2;
    } finally {
      this._end("unsendable").resolve("ended");
    }
  }

  async *large(size: number): AsyncGenerator<string> {
    yield "a".repeat(size);
    yield "b".repeat(size);
  }

  /** Returns when its request is cancelled, and not before. */
  wait(name: string): Promise<string> {
    const { signal } = this.request!;
    this._beginning(name).resolve();
    const { promise, reject } = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => {
      this._end(name).resolve(`${signal.reason.name}: ${signal.reason.message}`);
      reject(signal.reason);
    });
    return promise;
  }

  /** Reads the signal after it was aborted. */
  async late(name: string): Promise<void> {
    this._beginning(name).resolve();
    await this._end("abort").promise;
    this._end(name).resolve(String(this.request!.signal.aborted));
  }

  ping(): string {
    return "pong";
  }

  _hasBegun(name: string): boolean {
    return this.#begun.has(name);
  }

  /** Waits until `count` was asked for that many values. */
  async _reached(count: number): Promise<void> {
    const mark = Promise.withResolvers<void>();
    this.#marks.set(count, mark);
    if (this.made < count) await mark.promise;
  }

  _end(name: string): PromiseWithResolvers<string> {
    const known = this.#ends.get(name) ?? Promise.withResolvers<string>();
    this.#ends.set(name, known);
    return known;
  }

  _beginning(name: string): PromiseWithResolvers<void> {
    const known = this.#begun.get(name) ?? Promise.withResolvers<void>();
    this.#begun.set(name, known);
    return known;
  }
}

/** A Meter, and a Client that is linked with it. */
async function laboratory(place = ONE_MANAGER, managerOptions = { disableTls: true }) {
  const network = await linked(new Meter(), managerOptions, place);
  return { ...network, meter: network.service, cxn: network.client };
}

for (const disableTls of [true, false]) {
  Deno.test(`the values of a generator arrive one by one, over ${disableTls ? "TCP" : "TLS"}`, async () => {
    await using lab = await laboratory(ONE_MANAGER, { disableTls });
    const stream = lab.link.patient("first");
    assert(stream instanceof Stream);
    const iterator = stream[Symbol.asyncIterator]();
    assertEquals(await iterator.next(), { value: "first", done: false }); // the generator continues
    await iterator.return(undefined);
    assertEquals((await lab.meter._end("first").promise).split(":")[0], "CancelledError");
  });
}

everywhere("many values all arrive, and in order", async (place) => {
  await using lab = await laboratory(place);
  let expected = 1;
  for await (const value of lab.link.count(1_000)) assertEquals(value, expected++);
  assertEquals(expected, 1_001);
  assertEquals(await lab.meter._end("count").promise, "ended");
});

everywhere("await of a stream gives an array of all its values", async (place) => {
  await using lab = await laboratory(place);
  assertEquals(await lab.link.count(100), Array.from({ length: 100 }, (_, i) => i + 1));
  assertEquals(await lab.link.letters("abc"), ["a", "b", "c"]);
  assertEquals(await lab.link.count(0), []);
});

everywhere("a stream is a Future, with its members", async (place) => {
  await using lab = await laboratory(place);
  const called = Promise.withResolvers<number[]>();
  const stream = lab.link.count(50);
  stream.addDoneCallback((future) => called.resolve(future.result()));
  assertEquals((await called.promise).length, 50);
  assertEquals(stream.done(), true);
  assertEquals(await stream.exception(), null);
  const { done } = await Future.wait([lab.link.count(40), lab.link.letters("ab")]);
  assertEquals(done.size, 2);
});

everywhere("a loop over a stream that was awaited gives its values again", async (place) => {
  await using lab = await laboratory(place);
  const stream = lab.link.count(3);
  assertEquals(await stream, [1, 2, 3]);
  assertEquals(await Array.fromAsync(stream), [1, 2, 3]);
});

everywhere("await after a loop gives the values that the loop has not read", async (place) => {
  await using lab = await laboratory(place);
  const stream = lab.link.count(5);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  assertEquals(await stream, [3, 4, 5]);
  const read = lab.link.count(2);
  assertEquals(await Array.fromAsync(read), [1, 2]);
  assertEquals(read.done(), true);
  assertEquals(await read, []);
});

everywhere("a generator has the request as this.request, also after an await", async (place) => {
  await using lab = await laboratory(place);
  assertEquals(await lab.link.requesters(), ["requesters", "requesters"]);
});

everywhere("a slow reader slows its own generator down, and no other request", async (place) => {
  await using lab = await laboratory(place);
  const iterator = lab.link.count(10_000)[Symbol.asyncIterator]();
  await lab.meter._reached(WINDOW);
  for (let i = 0; i < 20; i++) assertEquals(await lab.link.ping(), "pong");
  assertEquals(lab.meter.made, WINDOW);
  for (let i = 1; i <= WINDOW; i++) assertEquals((await iterator.next()).value, i);
  await lab.meter._reached(2 * WINDOW);
  await iterator.return(undefined);
  assertEquals(await lab.meter._end("count").promise, "ended");
});

everywhere("the end of a loop ends the generator", async (place) => {
  await using lab = await laboratory(place);
  const read: number[] = [];
  for await (const value of lab.link.count(1_000_000, "left")) {
    if (read.push(value) === 70) break;
  }
  assertEquals(read.length, 70);
  assertEquals(await lab.meter._end("left").promise, "ended");
  assertEquals(await lab.link.ping(), "pong");
});

everywhere("an error of a generator arrives after the values before it", async (place) => {
  await using lab = await laboratory(place);
  const read: unknown[] = [];
  const loop = async () => {
    for await (const value of lab.link.broken()) read.push(value);
  };
  const error = await assertRejects(loop, RemoteError, "The lamp has gone out");
  assertEquals(error.remoteName, "ValueError");
  assertEquals(read, [1]);
  await assertRejects(() => lab.link.broken().result(), RemoteError, "The lamp has gone out");
});

everywhere("a promise that a synchronous generator yields is sent as its value", async (place) => {
  await using lab = await laboratory(place);
  assertEquals(await lab.link.promised(1, "a"), [1, "a"]);
  assertEquals(await lab.link.request("promised", { args: [2] }), [2]);
  await assertRejects(() => lab.link.failing().result(), RemoteError, "The lamp has gone out");
  assertEquals(await lab.link.ping(), "pong"); // an unhandled rejection would end the process
});

everywhere(
  "a stream continues after its link has ended, like any request, and can be cancelled",
  async (place) => {
    await using lab = await laboratory(place);
    const iterator = lab.link.count(3 * WINDOW)[Symbol.asyncIterator]();
    const abandoned = lab.link.count(1_000, "abandoned")[Symbol.asyncIterator]();
    for (const { next } of [iterator, abandoned]) assertEquals((await next()).value, 1);
    const waiting = lab.link.wait("waiting");
    await lab.link.unlink();
    for (let i = 2; i <= 3 * WINDOW; i++) assertEquals((await iterator.next()).value, i);
    assertEquals((await iterator.next()).done, true);
    await abandoned.return(undefined);
    assertEquals(await lab.meter._end("abandoned").promise, "ended");
    waiting.cancel();
    assertEquals(
      await lab.meter._end("waiting").promise,
      `CancelledError: wait was cancelled by ${requesterOf(lab.site)}`,
    );
  },
);

everywhere("the errorHandler of a link is called for a stream that fails", async (place) => {
  await using lab = await laboratory(place);
  const reported = Promise.withResolvers<Error>();
  lab.link.serviceErrorHandler = (error) => reported.resolve(error);
  const iterator = lab.link.broken()[Symbol.asyncIterator]();
  assertEquals((await iterator.next()).value, 1); // the handler has not read it
  assertEquals((await reported.promise).message, "ValueError: The lamp has gone out");
});

everywhere("a value that JSON cannot encode is an error, and the generator ends", async (place) => {
  await using lab = await laboratory(place);
  await assertRejects(() => lab.link.unsendable().result(), RemoteError, "TypeError");
  assertEquals(await lab.meter._end("unsendable").promise, "ended");
});

everywhere("large values are streamed too, through any Manager", async (place) => {
  await using lab = await laboratory(place);
  const size = 5 * 1024 * 1024; // above longLine, so that the Manager forwards it in pieces
  const sizes: [string, number][] = [];
  for await (const value of lab.link.large(size)) sizes.push([value[0], value.length]);
  assertEquals(sizes, [["a", size], ["b", size]]);
});

everywhere("a value above the Client's readLimit ends the stream on both sides", async (place) => {
  await using lab = await laboratory(place);
  const cxn = await connect({ ...lab.manager.connectOptions, readLimit: 3 * 1024 * 1024 });
  await using _closed = cxn;
  const link = await cxn.link<Meter>(lab.link.serviceName);
  await assertRejects(() => link.large(4 * 1024 * 1024).result(), ValueError, "readLimit");
  assertEquals(await link.ping(), "pong");
});

everywhere(
  "a value that does not arrive in time is a TimeoutError, and ends the generator",
  async (place) => {
    await using lab = await laboratory(place);
    const loop = async () => {
      // The first value has to arrive within that time.
      for await (const _ of lab.link.patient("slow", options({ timeout: 1_000 })));
    };
    await assertRejects(loop, TimeoutError, "was not there within 1000 ms");
    assertEquals(
      await lab.meter._end("slow").promise,
      `CancelledError: patient was cancelled by ${requesterOf(lab.site)}`,
    );
  },
);

everywhere("the signal of a method is aborted when its request is cancelled", async (place) => {
  await using lab = await laboratory(place);
  const future = lab.link.wait("cancelled");
  await lab.meter._beginning("cancelled").promise;
  assertEquals(future.cancel(), true);
  assertEquals(
    await lab.meter._end("cancelled").promise,
    `CancelledError: wait was cancelled by ${requesterOf(lab.site)}`,
  );
  await assertRejects(() => future, CancelledError);
  assertEquals(await lab.link.ping(), "pong");
});

everywhere("an error reply to a cancelled request is not logged as a warning", async (place) => {
  await using lab = await laboratory(place);
  await using logs = await recordLogs(["msl", "network", "client"], "warning");
  for await (const _ of lab.link.patient("left")) break;
  assertEquals(
    await lab.meter._end("left").promise,
    `CancelledError: patient was cancelled by ${requesterOf(lab.site)}`,
  );
  assertEquals(await lab.link.ping(), "pong"); // its reply comes after the error
  assertEquals(logs.records, []);
});

everywhere("the signal of a method is aborted when the signal of the request is", async (place) => {
  await using lab = await laboratory(place);
  const abort = new AbortController();
  const future = lab.link.wait("aborted", options({ signal: abort.signal }));
  await lab.meter._beginning("aborted").promise;
  abort.abort(new Error("the measurement is over"));
  assertEquals(
    await lab.meter._end("aborted").promise,
    `CancelledError: wait was cancelled by ${requesterOf(lab.site)}`,
  );
  await assertRejects(() => future, Error, "the measurement is over");
  const stream = lab.link.patient("stream", options({ signal: AbortSignal.abort("too late") }));
  assertEquals(await stream.result().catch((reason) => reason), "too late");
  assertEquals(stream.cancelled(), true);
});

everywhere("a signal that a method reads after the cancellation is aborted", async (place) => {
  await using lab = await laboratory(place);
  const future = lab.link.late("late");
  await lab.meter._beginning("late").promise;
  future.cancel();
  await lab.link.ping(); // sent after the cancellation
  lab.meter._end("abort").resolve("");
  assertEquals(await lab.meter._end("late").promise, "true");
});

everywhere("the signal of a method is aborted when its Client disconnects", async (place) => {
  await using lab = await laboratory(place);
  await using other = await connect({ ...lab.manager.connectOptions, name: "other" });
  const link = await other.link<Meter>(lab.link.serviceName);
  const waiting = link.wait("gone");
  await lab.meter._beginning("gone").promise;
  const requester = requesterOf(lab.site, "other");
  await other.disconnect();
  assertEquals(
    await lab.meter._end("gone").promise,
    `CancelledError: wait was cancelled by ${requester}`,
  );
  await assertRejects(() => waiting, ConnectionAbortedError, "was not answered");
});

Deno.test("the signal of a method is aborted when the connection is lost", async () => {
  await using lab = await laboratory();
  const waiting = lab.link.wait("lost").exception();
  await lab.meter._beginning("lost").promise;
  await lab.manager.manager.shutdown(0);
  assertEquals(
    await lab.meter._end("lost").promise,
    "ConnectionAbortedError: The connection to the Manager has ended",
  );
  assertInstanceOf(await waiting, ConnectionAbortedError);
});

everywhere("a Service that shuts down ends its streams, endless ones too", async (place) => {
  await using lab = await laboratory(place);
  const loop = async () => {
    for await (const _ of lab.link.patient("endless"));
  };
  const reading = assertRejects(loop, RemoteError, "the 'Meter' service is shutting down");
  await lab.meter._beginning("endless").promise;
  await lab.meter.shutdown();
  await reading;
  assertEquals((await lab.meter._end("endless").promise).split(":")[0], "ConnectionAbortedError");
});

everywhere(
  "a Service that shuts down does not begin a stream whose method has not returned yet",
  async (place) => {
    await using lab = await laboratory(place);
    const waiting = lab.link.prepared("endless").result();
    await lab.meter._beginning("endless").promise;
    const left = lab.meter.shutdown();
    lab.meter._end("prepared").resolve("");
    await assertRejects(() => waiting, RemoteError, "the 'Meter' service is shutting down");
    await left;
    await lab.site.home.disconnected("Meter");
    assertEquals(lab.meter._hasBegun("endless, prepared"), false);
  },
);

everywhere("requests with the same uid are cancelled together", async (place) => {
  await using lab = await laboratory(place);
  await using peer = await WirePeer.introduce(lab.manager.connectOptions, {
    type: "client",
    name: "plain",
  });
  for (const name of ["one", "two"]) {
    peer.send(messages.request(lab.link.serviceName, "wait", [name], { uid: "u1" }));
    await lab.meter._beginning(name).promise;
  }
  await peer.close();
  for (const name of ["one", "two"]) {
    const requester = lab.site.requesterOf(
      `plain[${lab.manager.manager.hostname}:${peer.port}]`,
    );
    assertEquals(
      await lab.meter._end(name).promise,
      `CancelledError: wait was cancelled by ${requester}`,
    );
  }
});

Deno.test("a Client cancels a stream that sends more values than its credit", async () => {
  await using lab = await laboratory();
  await using peer = await WirePeer.introduce(lab.manager.connectOptions, {
    type: "service",
    name: "Flood",
    attributes: {},
    extensions: ["cancel", "stream"],
    streams: ["count"],
  });
  await lab.manager.connected("Flood");
  const link = await lab.cxn.link("Flood");
  const stream = link.count();
  const { requester, uid } = await peer.read();
  for (let i = 0; i <= WINDOW; i++) {
    peer.send({ error: false, requester, uid, attribute: "__next__", result: i });
  }
  const { attribute, uid: cancelled } = await peer.read();
  assertEquals([attribute, cancelled], ["__cancel__", uid]);
  await assertRejects(() => stream.result(), ValueError, "more than 32 values came");
});

/** What a Python client, which has no extensions, gets for calls of the Meter. */
async function pythonAnswers(
  { manager, link }: { manager: TestManager; link: { serviceName: string } },
  ...calls: [attribute: string, ...args: unknown[]][]
): Promise<[error: string | null, result: unknown][]> {
  const { serviceName: name } = link;
  const ofMeter = calls.map(([attribute, ...args]) =>
    [name, attribute, args] as [string, string, unknown[]]
  );
  return answersOf(
    await succeed(pythonCaller(manager, [["Manager", "link", [name]], ...ofMeter])),
  );
}

everywhere("a Python client gets the values of a stream as an array", async (place) => {
  await using lab = await laboratory(place);
  const [[, entry], ...answers] = await pythonAnswers(lab, ["count", 40]);
  assertEquals(
    Object.keys(entry as JsonObject).sort(),
    ["address", "attributes", "language", "max_clients", "os"],
  );
  assertEquals(answers, [[null, Array.from({ length: 40 }, (_, i) => i + 1)]]);
});

Deno.test("a Python client gets an error for an endless stream", async () => {
  await using lab = await laboratory();
  const [, [error]] = await pythonAnswers(lab, ["count", 1_000_000]);
  assertEquals(
    error,
    "ValueError: count has more than 100000 values, the limit for a client that does not read " +
      "them one by one",
  );
  assertEquals(lab.meter.made, 100_001);
});

Deno.test("a generator that never waits delays no other request", async () => {
  await using lab = await laboratory();
  let isCollected = false;
  const collecting = pythonAnswers(lab, ["count", 1_000_000])
    .then(() => isCollected = true);
  await lab.meter._reached(1);
  assertEquals(await lab.link.ping(), "pong");
  assertEquals(isCollected, false);
  assert(lab.meter.made < 100_000, `it was asked for ${lab.meter.made} values meanwhile`);
  await collecting;
});

everywhere("the requests of a Python client are cancelled when it is killed", async (place) => {
  await using lab = await laboratory(place);
  await using python = new Process(
    pythonCaller(lab.manager, [[lab.link.serviceName, "wait", ["python"]]]),
  );
  await lab.meter._beginning("python").promise;
  const requester = requesterOf(lab.site, "caller");
  python.kill("SIGKILL");
  assertEquals(
    await lab.meter._end("python").promise,
    `CancelledError: wait was cancelled by ${requester}`,
  );
});

Deno.test("a Python client cannot request private attributes", async () => {
  await using lab = await laboratory();
  const attributes = ["__cancel__", "__more__", "__next__"];
  const [, ...answers] = await pythonAnswers(
    lab,
    ...attributes.map((it) => [it] as [string]),
  );
  const refused = "PermissionError: Cannot request a private attribute";
  assertEquals(answers, attributes.map(() => [refused, null]));
});

Deno.test("under a Manager without extensions a loop reads an array, and no cancellation is sent", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using cxn = await connecting;
  const link = await manager.grantLink(cxn, "Meter");
  const [read, asked] = await Promise.all([
    Array.fromAsync(link.count(2)),
    manager.answer("count", { result: [1, 2] }),
  ]);
  assertEquals(read, [1, 2]);
  assertEquals(Object.keys(asked).includes("stream"), false);
  link.wait("x").cancel();
  assertEquals((await manager.receive()).attribute, "wait");
  const [no] = await Promise.all([
    Array.fromAsync(link.ping()).catch(String),
    manager.answer("ping", { result: 7 }), // no line before it
  ]);
  assertEquals(
    no,
    "TypeError: Cannot read the values of ping of the 'Meter' service: the result is no array",
  );
});

Deno.test("a request that is cancelled while a long one is being written is not sent", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using cxn = await connecting;
  const linking = cxn.link("Meter");
  const entry = { ...ENTRY, extensions: ["cancel", "stream"], streams: ["count"] };
  await manager.answer("link", { result: entry });
  const link = await linking;
  const send = async (attribute: string, size: number): Promise<{ future: Future<unknown> }> => {
    const written = Promise.withResolvers<void>();
    const toJSON = () => written.resolve();
    const future = link[attribute]("a".repeat(size), kwargs({ last: { toJSON } }));
    await written.promise;
    const pause = periodicPause(0);
    for (let i = 0; i < 4; i++) await pause(); // the requests are written or queued by then
    return { future };
  };
  const { future: first } = await send("first", 16 * 1024 * 1024); // more than the buffers of a socket hold
  for (const attribute of ["count", "second"]) (await send(attribute, 300_000)).future.cancel();
  assertEquals((await manager.receive()).attribute, "first");
  const last = link.last(); // after whatever has waited for the long one
  assertEquals((await manager.receive()).attribute, "last");
  for (const future of [first, last]) future.cancel();
});

Deno.test("under a Manager without extensions a Service replies with an array, and treats no request as a control message", async () => {
  await using meter = new Meter();
  await using manager = new ScriptedManager();
  const starting = meter.start(manager.connectOptions);
  await manager.accept();
  await starting;
  const requester = "c[h:3]";
  await manager.send({ ...messages.request("Meter", "count", [3]), requester });
  assertEquals((await manager.receive()).result, [1, 2, 3]);
  await manager.send({ ...messages.request("Meter", "__cancel__"), requester });
  assertEquals(
    (await manager.receive()).message,
    "PermissionError: Cannot request a private attribute",
  );
  const left = meter.shutdown();
  assertEquals((await manager.receive()).attribute, "__disconnect__");
  await manager.close();
  await left;
});

/** The network name by which the Service knows the only client of that name. */
function requesterOf(site: Site, name = "Client"): string {
  const clients = Object.values(site.manager.manager.identities().clients);
  const { address } = clients.find((client) => client.name === name)!;
  return site.requesterOf(`${name}[${address}]`);
}
