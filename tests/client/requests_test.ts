import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type RequestConnection, Requests } from "../../client/requests.ts";
import { CancelledError, ConnectionAbortedError, RemoteError, TimeoutError } from "../../errors.ts";
import type { Future } from "../../future.ts";
import { collectGarbage } from "../support/garbage.ts";
import fc from "../support/properties.ts";
import { until } from "../support/until.ts";

/** A connection that can be lost and restored, and what was sent over it. */
class Uplink implements RequestConnection {
  readonly sent: { service: string; attribute: string; uid: string }[] = [];
  readonly manager = "the Manager at lab-pc:1875";
  isUp = true;
  reconnects = true;
  /** Settles when a large request has had its turn. */
  readonly onLarge = Promise.withResolvers<void>();
  readonly current = {
    sendText: (line: string) => this.#add(line),
    sendTexts: (texts: readonly string[]) => this.#add(texts.join("")),
    sendPieces: (pieces: readonly (string | Uint8Array)[], isWanted = () => true) => {
      const decoder = new TextDecoder();
      const texts = pieces.map((piece) =>
        typeof piece === "string" ? piece : decoder.decode(piece)
      );
      if (isWanted()) this.#add(texts.join(""));
      this.onLarge.resolve();
      return Promise.resolve();
    },
    congested: false,
    drained: () => Promise.resolve(),
  };

  #add(line: string): void {
    const { service, attribute, uid } = JSON.parse(line);
    this.sent.push({ service, attribute, uid });
  }

  /** What was sent, by the names of the attributes. */
  get names(): string[] {
    return this.sent.map(({ attribute }) => attribute);
  }
}

const LINK = { peer: { extensions: ["cancel"] } };

/** The requests of a Client that is linked with the service S. */
function requestsOf(maxWaiting = 100) {
  const uplink = new Uplink();
  const gone: string[] = [];
  const requests = new Requests(uplink, {
    maxWaiting,
    onServiceGone: (service) => gone.push(service),
  });
  const call = (attribute: string, options: { timeout?: number; signal?: AbortSignal } = {}) =>
    requests.call("S", attribute, { args: [], kwargs: {}, options }, LINK);
  const lose = (reconnects = true) => {
    Object.assign(uplink, { isUp: false, reconnects });
    requests.hold("S");
    requests.disconnected("it was lost", false);
  };
  const restore = () => {
    uplink.isUp = true;
    requests.release("S");
  };
  return { uplink, requests, gone, call, lose, restore };
}

Deno.test("a request is sent at once, and its reply settles it once", async () => {
  const { uplink, requests, call } = requestsOf();
  const future = call("a");
  const [{ uid }] = uplink.sent;
  requests.fulfil({ uid, result: 1 });
  requests.fulfil({ uid, result: 2 });
  requests.fail(uid, new RemoteError("ValueError: late", []));
  assertEquals(await future, 1);
});

for (const timeout of [0, -1, NaN]) {
  Deno.test(`a request with a timeout of ${timeout} ms is not sent`, () => {
    const { uplink, call } = requestsOf();
    assertThrows(
      () => call("a", { timeout }),
      RangeError,
      "a positive number of milliseconds, got",
    );
    assertEquals(uplink.names, []);
  });
}

Deno.test("requests that are made while the connection is lost are sent in their order when it is back", async () => {
  const { uplink, call, lose, restore } = requestsOf();
  const lost = call("a");
  lose();
  const futures = ["b", "c", "d"].map((name) => call(name));
  futures[1].cancel();
  assertEquals(uplink.names, ["a"]);
  restore();
  assertEquals(uplink.names, ["a", "b", "d"]);
  await assertRejects(
    () => lost,
    ConnectionAbortedError,
    "The request to 'S' was not answered: it was lost",
  );
});

Deno.test("a Client that does not reconnect fails its requests at once", async () => {
  const { uplink, call, lose } = requestsOf();
  lose(false);
  await assertRejects(
    () => call("a"),
    ConnectionAbortedError,
    "Cannot request a: not connected to the Manager at lab-pc:1875",
  );
  assertEquals(uplink.names, []);
});

Deno.test("a request that is cancelled is taken back: before it is sent in silence, afterwards with a message", () => {
  const { uplink, call, lose, restore } = requestsOf();
  const sent = call("a");
  sent.cancel();
  assertEquals(uplink.names, ["a", "__cancel__"]);
  assertEquals(uplink.sent[1].uid, uplink.sent[0].uid);
  lose();
  call("b").cancel();
  restore();
  assertEquals(call("c", { signal: AbortSignal.abort() }).cancelled(), true);
  assertEquals(uplink.names, ["a", "__cancel__"]);
});

Deno.test("a callback may cancel requests that are about to be sent", async () => {
  const { uplink, call, lose, requests, restore } = requestsOf();
  lose();
  const [first, second, third] = ["a", "b", "c"].map((name) => call(name));
  first.addDoneCallback(() => second.cancel());
  requests.reject("S", (label) => new Error(`no ${label}`));
  await assertRejects(() => first, Error, "no a of the 'S' service");
  await assertRejects(() => second, CancelledError);
  await assertRejects(() => third, Error, "no c of the 'S' service");
  restore();
  assertEquals(uplink.names, []);
});

Deno.test("a request that is released too late may have another one cancelled that is released with it", async () => {
  const { uplink, call, lose, restore } = requestsOf();
  lose();
  const late = call("a", { timeout: 1 });
  const other = call("b");
  late.addDoneCallback(() => other.cancel());
  const deadline = performance.now() + 2;
  while (performance.now() < deadline); // the timer of the queue has no turn
  restore();
  await assertRejects(
    () => late.result(),
    TimeoutError,
    "a of the 'S' service was not sent in time",
  );
  await assertRejects(() => other, CancelledError);
  assertEquals(uplink.names, []);
});

Deno.test("large arguments are sent when they are encoded, unless the request is cancelled first", async () => {
  const { uplink, requests } = requestsOf();
  const large = { args: [new Array(200_000).fill(1.5)], kwargs: {}, options: {} };
  const first = requests.call("S", "load", large, LINK);
  const second = requests.call("S", "unload", large, LINK);
  second.cancel();
  await uplink.onLarge.promise;
  const { uid } = uplink.sent.find(({ attribute }) => attribute === "load")!;
  requests.fulfil({ uid, result: "loaded" });
  assertEquals(await first, "loaded");
  assert(!uplink.names.includes("unload"));
});

Deno.test("a reply that a service is not connected is reported before the request fails", async () => {
  const { uplink, requests, gone, call } = requestsOf();
  const future = call("a");
  const message = "KeyError: \"the 'S' Service is not connected to Manager[lab-pc:1875]\"";
  requests.fail(uplink.sent[0].uid, new RemoteError(message, []));
  assertEquals(gone, ["S"]);
  await assertRejects(() => future, RemoteError, "is not connected");
});

Deno.test("a uid cannot be guessed from those before it", () => {
  const { uplink, call } = requestsOf();
  for (let count = 0; count < 1_000; count++) call("a");
  const uids = uplink.sent.map(({ uid }) => uid);
  assertEquals(new Set(uids).size, 1_000);
  for (const [index, uid] of uids.entries()) {
    assert(uid.length >= 10);
    if (index > 0) assert(uid.slice(0, 6) !== uids[index - 1].slice(0, 6), `${uid} is related`);
  }
});

/** Arguments of which a test finds out whether they are held: a small object, or one of 2 MB. */
function argumentOf(isLarge: boolean): object {
  return isLarge ? { numbers: new Array(200_000).fill(1.5) } : { number: 1.5 };
}

for (const isLarge of [false, true]) {
  const size = isLarge ? "large" : "small";

  Deno.test(`a call that is not answered does not hold its ${size} arguments`, async () => {
    const { uplink, requests } = requestsOf();
    const ask = (attribute: string, timeout?: number) => {
      const argument = argumentOf(isLarge);
      const call = { args: [argument], kwargs: { named: argument }, options: { timeout } };
      return [new WeakRef(argument), requests.call("S", attribute, call, LINK)] as const;
    };
    const [argument, future] = ask("a");
    const [late, expired] = ask("b", 1);
    await assertRejects(() => expired, TimeoutError);
    await until("both are sent", () => uplink.sent.length === (isLarge ? 1 : 2));
    // The one that is too late may still be being encoded.
    await until("both arguments are collected", async () => {
      await collectGarbage();
      return argument.deref() === undefined && late.deref() === undefined;
    });
    assertEquals(future.running(), true);
    requests.fulfil({ uid: uplink.sent[0].uid, result: "done" });
    assertEquals(await future, "done");
  });

  Deno.test(`a call that is cancelled, or is too late, while it waits does not hold its ${size} arguments`, async () => {
    const { uplink, requests, lose } = requestsOf();
    lose();
    const ask = (options: { timeout?: number }) => {
      const argument = argumentOf(isLarge);
      const call = { args: [argument], kwargs: { named: argument }, options };
      return [new WeakRef(argument), requests.call("S", "a", call, LINK)] as const;
    };
    const [argument, future] = ask({});
    const [late, expired] = ask({ timeout: 1 });
    future.cancel();
    await assertRejects(() => expired.result(), TimeoutError, "was not sent in time");
    await collectGarbage();
    assertEquals([argument.deref(), late.deref()], [undefined, undefined]);
    assertEquals([future.cancelled(), uplink.names], [true, []]);
  });
}

Deno.test("a thousand calls of 100 KB that are not answered hold a few kilobytes each", async () => {
  const { requests } = requestsOf();
  const call = () => {
    const args = ["x".repeat(100_000 - 1) + Math.random()];
    return requests.call("S", "a", { args, kwargs: {}, options: {} }, LINK);
  };
  await collectGarbage();
  const before = Deno.memoryUsage().heapUsed;
  const futures = Array.from({ length: 1_000 }, call);
  await collectGarbage();
  const held = Deno.memoryUsage().heapUsed - before;
  assert(held < 4_000_000, `${held} bytes are held`);
  assert(futures.every((future) => future.running()));
});

/** What happens to the requests of a Client, in any order. */
const EVENTS = fc.array(
  fc.oneof(
    fc.constant({ event: "call" as const }),
    fc.constant({ event: "lose" as const }),
    fc.constant({ event: "restore" as const }),
    fc.constant({ event: "unlink" as const }),
    fc.record({ event: fc.constant("cancel" as const), which: fc.nat(20) }),
    fc.record({ event: fc.constant("reply" as const), which: fc.nat(20) }),
  ),
  { maxLength: 60 },
);

Deno.test("whatever happens, a request is sent once at most, in its turn, and ends in one way", async () => {
  await fc.assert(fc.asyncProperty(EVENTS, async (events) => {
    const { uplink, requests, call, lose, restore } = requestsOf(5);
    const futures: Future<unknown>[] = [];
    const cancelled = new Set<string>();
    for (const { event, ...rest } of events) {
      const which = "which" in rest ? rest.which : 0;
      switch (event) {
        case "call":
          futures.push(call(String(futures.length)));
          break;
        case "lose":
          lose();
          break;
        case "restore":
          restore();
          break;
        case "unlink":
          requests.dropLink("S", () => new Error("unlinked"));
          break;
        case "cancel": {
          const future = futures[which];
          if (future && !future.done() && future.cancel() && !uplink.names.includes(`${which}`)) {
            cancelled.add(String(which));
          }
          break;
        }
        case "reply": {
          const sent = uplink.sent.find(({ attribute }) => attribute === String(which));
          if (sent) requests.fulfil({ uid: sent.uid, result: which });
        }
      }
    }
    const sent = uplink.names.filter((name) => name !== "__cancel__");
    assertEquals(sent, [...new Set(sent)].sort((a, b) => Number(a) - Number(b)));
    assertEquals(sent.filter((name) => cancelled.has(name)), []);
    lose();
    requests.end(() => new Error("the end"));
    assertEquals(futures.filter((future) => !future.done()), []);
    await Promise.allSettled(futures.map((future) => future.exception()));
  }));
});
