import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { mock } from "node:test";
import { setImmediate } from "node:timers";
import { CancelledError, TimeoutError } from "../errors.ts";
import { Future, type FutureWithResolvers, type ReturnWhen } from "../future.ts";
import { expectNothingUnhandled, turn } from "./support/unhandled.ts";

/** A Future that is fulfilled. */
function fulfilled<T>(value: T): Future<T> {
  const { future, resolve } = Future.withResolvers<T>();
  resolve(value);
  return future;
}

/** A Future that is rejected. */
function rejected(error: unknown): Future<number> {
  const { future, reject } = Future.withResolvers<number>();
  reject(error);
  return future;
}

function several(count: number): FutureWithResolvers<number>[] {
  return Array.from({ length: count }, () => Future.withResolvers<number>());
}

/** A fake time in milliseconds, which a test advances. */
function fakeTime(): Disposable & { now: number; advance: (by: number) => Promise<void> } {
  const clock = mock.method(performance, "now", () => time.now);
  mock.timers.enable({ apis: ["setTimeout"] });
  const time = {
    now: 0,
    async advance(by: number): Promise<void> {
      time.now += by;
      mock.timers.tick(by);
      await new Promise((resolve) => setImmediate(resolve));
    },
    [Symbol.dispose](): void {
      mock.timers.reset();
      clock.mock.restore();
    },
  };
  return time;
}

/** The state of a Future, by its three methods. */
function stateOf<T>(future: Future<T>): { done: boolean; running: boolean; cancelled: boolean } {
  return { done: future.done(), running: future.running(), cancelled: future.cancelled() };
}

const PENDING = { done: false, running: true, cancelled: false };
const DONE = { done: true, running: false, cancelled: false };
const CANCELLED = { done: true, running: false, cancelled: true };

// The state

Deno.test("a Future is pending until it has a result or an error", () => {
  const [one, other] = several(2);
  assertEquals(stateOf(one.future), PENDING);
  one.resolve(1);
  other.reject(new Error("x"));
  assertEquals(stateOf(one.future), DONE);
  assertEquals(stateOf(other.future), DONE);
  other.future.catch(() => {});
});

Deno.test("the first call that settles a Future counts", async () => {
  const [one, other] = several(2);
  one.resolve(1);
  one.resolve(2);
  one.reject(new Error("late"));
  assertEquals(await one.future, 1);
  const error = new Error("first");
  other.reject(error);
  other.resolve(1);
  other.reject(new Error("late"));
  assertEquals(await other.future.exception() === error, true);
});

Deno.test("the text of a Future has the name of its class", () => {
  assertEquals(Object.prototype.toString.call(fulfilled(1)), "[object Future]");
});

Deno.test("a Future is observed when some code waits for it or asks for its error", async () => {
  const observing: ((future: Future<number>) => unknown)[] = [
    (future) => future.then(),
    (future) => future.catch(() => {}),
    (future) => future.finally(),
    (future) => future.result(),
    (future) => future.exception(),
    (future) => future.addDoneCallback(() => {}),
    (future) => Future.wait([future], { timeout: 0 }),
    (future) => Future.asCompleted([future]),
    (future) => Promise.all([future]),
    (future) => Array.fromAsync(future),
  ];
  for (const observe of observing) {
    const { future, reject } = Future.withResolvers<number>();
    assertEquals([future.done(), future.running(), future.cancelled(), future.observed()], [
      false,
      true,
      false,
      false,
    ]);
    assertMatch(`${future} V`, /^Future of .*, pending \(await it for the result\) V$/);
    const waiting = Promise.resolve(observe(future)).catch(() => {});
    await turn();
    assertEquals(future.observed(), true, observe.toString());
    reject(new Error("x"));
    await waiting;
  }
});

// As a promise

Deno.test("every await gives the result", async () => {
  const { future, resolve } = Future.withResolvers<string>();
  const waiting = [future, future.then((value) => value), future.result()];
  resolve("x");
  assertEquals(await Promise.all(waiting), ["x", "x", "x"]);
  assertEquals(await future, "x");
});

Deno.test("await throws the error that the Future is rejected with", async () => {
  const error = new Error("x");
  for (const future of [rejected(error), rejected(error).result(), rejected(error).finally()]) {
    assertEquals(await assertRejects(() => Promise.resolve(future)) === error, true);
  }
});

Deno.test("then, catch and finally behave like those of a promise", async () => {
  const error = new Error("x");
  assertEquals(await fulfilled(1).then((value) => value + 1), 2);
  assertEquals(await fulfilled(1).then((value) => Promise.resolve(value + 1)), 2);
  assertEquals(await fulfilled(1).then(undefined, () => 5), 1);
  assertEquals(await fulfilled(1).catch(() => 5), 1);
  assertEquals(await rejected(error).then(() => 1, (reason) => reason === error), true);
  assertEquals(await rejected(error).catch((reason) => reason === error), true);
  let finals = 0;
  assertEquals(await fulfilled(1).finally(() => void finals++), 1);
  assertEquals(await rejected(error).finally(() => void finals++).catch(() => 7), 7);
  assertEquals(finals, 2);
});

Deno.test("Promise.all, race, allSettled and any take a Future", async () => {
  const never = several(1)[0].future;
  assertEquals(await Promise.all([fulfilled(1), fulfilled("a")]), [1, "a"]);
  assertEquals(await Promise.race([never, fulfilled(2)]), 2);
  assertEquals(await Promise.any([rejected(new Error()), fulfilled(3)]), 3);
  const settled = await Promise.allSettled([fulfilled(1), rejected(new Error())]);
  assertEquals(settled.map(({ status }) => status), ["fulfilled", "rejected"]);
});

Deno.test("a rejected Future that no code waits for does not end the process", async () => {
  await expectNothingUnhandled(async () => {
    const { future, reject } = Future.withResolvers<number>({ ignoreErrors: true });
    reject(new Error("not waited for"));
    assertEquals(future.observed(), false);
    several(1)[0].future.cancel();
    const [late] = several(1);
    late.future.addDoneCallback(() => {});
    await Future.wait([rejected(new Error("waited for"))]);
    late.reject(new Error("late"));
  });
});

Deno.test("an error after the time-out does not end the process", async () => {
  await expectNothingUnhandled(async () => {
    const { future, reject } = Future.withResolvers({ timeout: 1 });
    await assertRejects(() => future.result({ timeout: 1 }), TimeoutError);
    await assertRejects(() => future.exception({ timeout: 1 }), TimeoutError);
    await assertRejects(() => future.then(), TimeoutError);
    reject(new Error("late"));
  });
});

// Time limits

Deno.test("result waits no longer than its timeout, and the Future stays pending", async () => {
  const { future, resolve } = Future.withResolvers<number>({ label: "add of 'BasicMath'" });
  const error: Error = await assertRejects(() => future.result({ timeout: 1 }), TimeoutError);
  assertEquals(error.message, "add of 'BasicMath' was not done within 1 ms");
  assertEquals(stateOf(future), PENDING);
  resolve(3);
  assertEquals(await future.result({ timeout: 1 }), 3);
  assertEquals(await future, 3);
});

Deno.test("a timeout of 0 ms gives the result of a Future that is done, and else a TimeoutError", async () => {
  await assertRejects(() => several(1)[0].future.result({ timeout: 0 }), TimeoutError, " 0 ms");
  assertEquals(await fulfilled(1).result({ timeout: 0 }), 1);
  assertEquals(await fulfilled(1).exception({ timeout: 0 }), null);
});

for (const timeout of [-1, NaN, -Infinity]) {
  Deno.test(`a timeout of ${timeout} ms is rejected by each way to wait`, async () => {
    const [{ future, resolve }] = several(1);
    const rest = `timeout must be 0 or a positive number of milliseconds, got ${timeout}`;
    const ways: (() => unknown)[] = [
      () => future.result({ timeout }),
      () => future.exception({ timeout }),
      () => Future.wait([future], { timeout }),
      () => Future.asCompleted([future], { timeout }),
    ];
    for (const way of ways) await assertRejects(async () => await way(), RangeError, rest);
    resolve(1); // a Future that is done has the same rule
    for (const way of ways) await assertRejects(async () => await way(), RangeError, rest);
  });
}

for (const timeout of [0, -1, NaN]) {
  Deno.test(`a Future for whose value await may wait ${timeout} ms cannot be made`, () => {
    const error: Error = assertThrows(
      () => Future.withResolvers({ timeout, label: "the answer" }),
      RangeError,
    );
    assertEquals(
      error.message,
      `Cannot wait for the answer: timeout must be a positive number of milliseconds, got ${timeout}`,
    );
  });
}

Deno.test("a wrong timeout of result leaves no unhandled rejection", async () => {
  await expectNothingUnhandled(async () => {
    const { future, reject } = Future.withResolvers<number>();
    await assertRejects(() => future.result({ timeout: -1 }), RangeError);
    await assertRejects(() => future.exception({ timeout: -1 }), RangeError);
    reject(new Error("no power"));
    future.cancel();
    await turn();
    assertEquals(future.done(), true);
  });
});

Deno.test("with a timeout of 0 ms wait and asCompleted give what is done already", async () => {
  const { future } = several(1)[0];
  const futures = [fulfilled(1), future];
  const { done, notDone } = await Future.wait(futures, { timeout: 0 });
  assertEquals([[...done], [...notDone]], [[futures[0]], [future]]);
  const completed = Future.asCompleted(futures, { timeout: 0 });
  assertEquals((await completed.next()).value === futures[0], true);
  await assertRejects(() => completed.next(), TimeoutError, "1 of 2 Futures were not done");
});

Deno.test("await waits no longer than the timeout of the call, and result() gives the value later", async () => {
  const { future, resolve } = Future.withResolvers<number>({ timeout: 1, label: "the call" });
  const error: Error = await assertRejects(() => future.then(), TimeoutError);
  assertEquals(error.message, "the call was not done within 1 ms");
  await assertRejects(async () => await future, TimeoutError, "the call was not done within 1 ms");
  assertEquals(stateOf(future), PENDING);
  const result = future.result();
  resolve(3);
  assertEquals(await result, 3);
  assertEquals(await future, 3);
});

Deno.test("the timeout of the call applies to catch and finally too", async () => {
  const { future } = Future.withResolvers<number>({ timeout: 1 });
  assertEquals(await future.catch((error) => error instanceof TimeoutError), true);
  let finals = 0;
  await assertRejects(() => future.finally(() => void finals++), TimeoutError);
  assertEquals(finals, 1);
});

Deno.test("the timeout of the call counts from the call, not from each await", async () => {
  using time = fakeTime();
  const { future } = Future.withResolvers<number>({ timeout: 50 });
  await time.advance(30);
  const ends: number[] = [];
  const first = future.catch(() => ends.push(time.now));
  await time.advance(19);
  assertEquals(ends, []);
  await time.advance(1);
  assertEquals(ends, [50]);
  const second = future.catch(() => ends.push(time.now)); // the 50 ms are over
  await time.advance(0);
  assertEquals(ends, [50, 50]);
  await Promise.all([first, second]);
});

Deno.test({
  name: "a result in time leaves no timer",
  sanitizeOps: true,
  async fn() {
    const { future, resolve } = Future.withResolvers<number>({ timeout: 60_000 });
    const waiting = [
      future.then(),
      future.result({ timeout: 60_000 }),
      future.exception({ timeout: 60_000 }),
      Future.wait([future], { timeout: 60_000 }),
      Future.asCompleted([future], { timeout: 60_000 }).next(),
    ];
    resolve(1);
    await Promise.all(waiting);
    assertEquals(future.done(), true);
  },
});

for (const timeout of [Infinity, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
  Deno.test(`a timeout of ${timeout} ms does not expire at once`, async () => {
    const [one, other, third] = several(3);
    const limited = Future.withResolvers<number>({ timeout });
    const { setTimeout } = globalThis;
    const delays: unknown[] = [];
    globalThis.setTimeout = ((callback: () => void, delay: number) => {
      delays.push(delay);
      return setTimeout(callback, delay);
    }) as typeof setTimeout;
    try {
      const outcomes = Promise.all([
        one.future.result({ timeout }),
        other.future.exception({ timeout }),
        limited.future.then(),
        Future.wait([third.future], { timeout }).then(({ done }) => done.size),
      ]);
      // A timer that overflows fires within a millisecond or so.
      assertEquals(delays.filter((delay) => Number(delay) > 2 ** 31 - 1), []);
      for (const { resolve } of [one, other, third, limited]) resolve(1);
      assertEquals(await outcomes, [1, null, 1, 1]);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
  });
}

// The error

Deno.test("exception gives the error, or null if there is a result", async () => {
  const error = new Error("x");
  assertEquals(await rejected(error).exception() === error, true);
  assertEquals(await fulfilled(1).exception(), null);
  const { future, reject } = Future.withResolvers<number>();
  const waiting = future.exception();
  reject("no Error at all");
  assertEquals(await waiting, "no Error at all");
});

Deno.test("exception waits no longer than its timeout, and the Future stays pending", async () => {
  const { future, resolve } = Future.withResolvers<number>({ label: "the call" });
  const error: Error = await assertRejects(() => future.exception({ timeout: 1 }), TimeoutError);
  assertEquals(error.message, "the call was not done within 1 ms");
  assertEquals(stateOf(future), PENDING);
  resolve(1);
  assertEquals(await future.exception({ timeout: 1 }), null);
});

Deno.test("exception of a cancelled Future throws the reason, called before or after the cancellation", async () => {
  const { future } = Future.withResolvers<number>();
  const waiting = future.exception();
  future.cancel();
  await assertRejects(() => waiting, CancelledError);
  await assertRejects(() => future.exception(), CancelledError);
});

// Cancelling

Deno.test("a cancelled Future is done, and every await throws a CancelledError", async () => {
  const { future } = Future.withResolvers<number>({ label: "add of 'BasicMath'" });
  const waiting = [future.then(), future.result(), future.result({ timeout: 60_000 })];
  assertEquals(future.cancel(), true);
  assertEquals(stateOf(future), CANCELLED);
  for (const one of [...waiting, future.then(), future.result()]) {
    const error: Error = await assertRejects(() => one, CancelledError);
    assertEquals(error.message, "add of 'BasicMath' was cancelled");
  }
});

Deno.test("a Future is cancelled with the reason of the caller", async () => {
  const reason = new DOMException("user gave up", "AbortError");
  const { future } = Future.withResolvers<number>();
  assertEquals(future.cancel(reason), true);
  assertEquals(await assertRejects(() => future.result()) === reason, true);
  assertEquals(await assertRejects(() => future.exception()) === reason, true);
  assertEquals(stateOf(future), CANCELLED);
});

Deno.test("a Future that is done cannot be cancelled, and a cancelled one stays cancelled", async () => {
  let cancelled = 0;
  const { future, resolve } = Future.withResolvers<number>({ onCancel: () => cancelled++ });
  resolve(1);
  assertEquals(future.cancel(), false);
  assertEquals(stateOf(future), DONE);
  assertEquals(await future, 1);
  assertEquals(cancelled, 0);
  const other = Future.withResolvers<number>({ onCancel: () => cancelled++ });
  assertEquals(other.future.cancel(), true);
  assertEquals(other.future.cancel("again"), true);
  await assertRejects(() => other.future.result(), CancelledError);
  assertEquals(cancelled, 1);
});

Deno.test("a reply that comes after the cancellation is dropped", async () => {
  const { future, resolve, reject } = Future.withResolvers<number>();
  future.cancel();
  resolve(1);
  reject(new Error("late"));
  assertEquals(stateOf(future), CANCELLED);
  await assertRejects(() => future.result(), CancelledError);
});

Deno.test("onCancel is called when the Future is cancelled, and only then", () => {
  const calls: unknown[] = [];
  const onCancel = (future: Future<number>) => calls.push(future);
  const [one, other, third] = [1, 2, 3].map(() => Future.withResolvers<number>({ onCancel }));
  one.future.cancel();
  other.resolve(1);
  third.reject(new Error("x"));
  third.future.catch(() => {});
  assertEquals(calls.length, 1);
  assertEquals(calls[0] === one.future, true);
});

// Callbacks

Deno.test("a callback is called once with the Future when it is done, however it ends", () => {
  const [one, other, third] = several(3);
  const called: Future<number>[] = [];
  for (const { future } of [one, other, third]) {
    future.addDoneCallback((done) => {
      assertEquals(done.done(), true);
      called.push(done);
    });
  }
  assertEquals(called.length, 0);
  one.resolve(1);
  one.resolve(1);
  other.reject(new Error("x"));
  third.future.cancel();
  third.future.cancel();
  assertEquals(called.length, 3);
  const expected = [one, other, third].map(({ future }) => future);
  assertEquals(called.every((future, index) => future === expected[index]), true);
});

Deno.test("callbacks are called in the order in which they were added", async () => {
  const [{ future, resolve }] = several(1);
  const order: string[] = [];
  for (const name of ["first", "second"]) future.addDoneCallback(() => void order.push(name));
  resolve(1);
  for (const name of ["third", "fourth"]) future.addDoneCallback(() => void order.push(name));
  assertEquals(order, ["first", "second"]);
  await turn();
  assertEquals(order, ["first", "second", "third", "fourth"]);
});

Deno.test("a callback of a Future that is done is called in a microtask, not at once", async () => {
  const called: unknown[] = [];
  const future = fulfilled(1);
  future.addDoneCallback((done) => called.push(done === future));
  assertEquals(called, []);
  await Promise.resolve();
  assertEquals(called, [true]);
});

Deno.test("a callback that throws affects neither other callbacks nor the code that settles", async () => {
  const [{ future, resolve }] = several(1);
  const called: string[] = [];
  const fail = () => {
    called.push("fails");
    throw new Error("a bug in a callback");
  };
  future.addDoneCallback(fail);
  future.addDoneCallback(() => void called.push("works"));
  resolve(1);
  future.addDoneCallback(fail);
  future.addDoneCallback(() => void called.push("works"));
  await turn();
  assertEquals(called, ["fails", "works", "fails", "works"]);
  assertEquals(await future, 1);
});

Deno.test("a callback may add a callback, and cannot cancel the Future", async () => {
  const [{ future, resolve }] = several(1);
  const called: string[] = [];
  future.addDoneCallback(() => {
    called.push("outer");
    assertEquals(future.cancel(), false);
    future.addDoneCallback(() => void called.push("inner"));
  });
  resolve(1);
  await turn();
  assertEquals(called, ["outer", "inner"]);
});

// wait

/** The indexes of Futures in a list. */
function indexesOf(set: Set<Future<number>>, all: FutureWithResolvers<number>[]): number[] {
  return Array.from(set, (future) => all.findIndex((one) => one.future === future));
}

Deno.test("wait waits until all are done: fulfilled, rejected or cancelled", async () => {
  const all = several(3);
  let isOver = false;
  const waiting = Future.wait(all.map(({ future }) => future)).then((result) => {
    isOver = true;
    return result;
  });
  all[2].resolve(1);
  all[0].reject(new Error("x"));
  await turn();
  assertEquals(isOver, false);
  all[1].future.cancel();
  const { done, notDone } = await waiting;
  assertEquals([indexesOf(done, all), indexesOf(notDone, all)], [[0, 1, 2], []]);
});

Deno.test("FIRST_COMPLETED returns with the first one, however it ends", async () => {
  for (const settle of ["resolve", "reject", "cancel"]) {
    const all = several(3);
    const waiting = Future.wait(all.map(({ future }) => future), {
      returnWhen: "FIRST_COMPLETED",
    });
    if (settle === "resolve") all[1].resolve(1);
    if (settle === "reject") all[1].reject(new Error("x"));
    if (settle === "cancel") all[1].future.cancel();
    const { done, notDone } = await waiting;
    assertEquals([indexesOf(done, all), indexesOf(notDone, all)], [[1], [0, 2]]);
  }
});

Deno.test("FIRST_COMPLETED counts Futures that are done already", async () => {
  const all = several(3);
  all[2].resolve(1);
  all[0].reject(new Error("x"));
  const { done, notDone } = await Future.wait(all.map(({ future }) => future), {
    returnWhen: "FIRST_COMPLETED",
  });
  assertEquals([indexesOf(done, all), indexesOf(notDone, all)], [[0, 2], [1]]);
});

Deno.test("FIRST_EXCEPTION returns with an error, not with a result", async () => {
  const all = several(3);
  let isOver = false;
  const waiting = Future.wait(all.map(({ future }) => future), {
    returnWhen: "FIRST_EXCEPTION",
  }).then((result) => {
    isOver = true;
    return result;
  });
  all[0].resolve(1);
  await turn();
  assertEquals(isOver, false);
  all[2].reject(new Error("x"));
  const { done, notDone } = await waiting;
  assertEquals([indexesOf(done, all), indexesOf(notDone, all)], [[0, 2], [1]]);
});

Deno.test("FIRST_EXCEPTION returns when all are done without an error", async () => {
  const all = several(2);
  const waiting = Future.wait(all.map(({ future }) => future), { returnWhen: "FIRST_EXCEPTION" });
  all[0].resolve(1);
  all[1].resolve(1);
  assertEquals(indexesOf((await waiting).done, all), [0, 1]);
});

Deno.test("wait rejects a returnWhen that does not exist", async () => {
  const returnWhen = "FIRST_COMPLETE" as ReturnWhen;
  await assertRejects(
    () => Future.wait([fulfilled(1)], { returnWhen }),
    RangeError,
    "returnWhen must be one of FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED, got FIRST_COMPLETE",
  );
});

Deno.test("after its timeout, wait returns the Futures that are done, and does not reject", async () => {
  const all = several(3);
  all[1].reject(new Error("x"));
  const { done, notDone } = await Future.wait(all.map(({ future }) => future), { timeout: 1 });
  assertEquals([indexesOf(done, all), indexesOf(notDone, all)], [[1], [0, 2]]);
  assertEquals(stateOf(all[0].future), PENDING);
});

Deno.test("wait takes any iterable, a Future twice, or none at all", async () => {
  const [{ future, resolve }] = several(1);
  resolve(1);
  const { done } = await Future.wait(new Set([future]));
  assertEquals(done.size, 1);
  assertEquals((await Future.wait([future, future])).done.size, 1);
  for (const returnWhen of ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"] as const) {
    const nothing = await Future.wait([], { returnWhen });
    assertEquals([nothing.done.size, nothing.notDone.size], [0, 0]);
  }
});

// asCompleted

Deno.test("asCompleted gives the Futures themselves, in the order in which they are done", async () => {
  const all = several(4);
  const completed = Future.asCompleted(all.map(({ future }) => future));
  all[2].resolve(2);
  all[0].reject(new Error("x"));
  all[3].future.cancel();
  all[1].resolve(1);
  const order: number[] = [];
  // TypeScript takes the variable of the loop for the value of the Future; it is the Future.
  for await (const future of completed as AsyncIterable<unknown>) {
    assert(future instanceof Future && future.done());
    order.push(all.findIndex((one) => one.future === future));
  }
  assertEquals(order, [2, 0, 3, 1]);
});

Deno.test("asCompleted waits for the next Future that is done", async () => {
  const all = several(2);
  const completed = Future.asCompleted(all.map(({ future }) => future));
  const next = completed.next();
  await turn();
  all[1].resolve(1);
  const { value, done } = await next;
  assertEquals([value === all[1].future, done], [true, false]);
  const last = completed.next();
  all[0].resolve(0);
  assertEquals((await last).value === all[0].future, true);
  assertEquals((await completed.next()).done, true);
  assertEquals((await completed.next()).done, true);
});

Deno.test("asCompleted gives the Futures that are done already first", async () => {
  const all = several(4);
  all[3].resolve(1);
  all[1].reject(new Error("x"));
  const completed = Future.asCompleted(all.map(({ future }) => future));
  all[0].resolve(1);
  all[2].resolve(1);
  const order: number[] = [];
  for (const _ of all) {
    const { value } = await completed.next();
    order.push(all.findIndex((one) => one.future === value));
  }
  assertEquals(new Set(order.slice(0, 2)), new Set([1, 3]));
  assertEquals(order.slice(2), [0, 2]);
});

Deno.test("asCompleted gives each Future once, and nothing for no Futures", async () => {
  const future = fulfilled(1);
  const completed = Future.asCompleted([future, future]);
  assertEquals((await completed.next()).value === future, true);
  assertEquals((await completed.next()).done, true);
  assertEquals((await Future.asCompleted([]).next()).done, true);
});

Deno.test("asCompleted gives the Futures that are done before it throws a TimeoutError", async () => {
  const all = several(3);
  all[1].resolve(1);
  const completed = Future.asCompleted(all.map(({ future }) => future), { timeout: 1 });
  assertEquals((await completed.next()).value === all[1].future, true);
  const error: Error = await assertRejects(() => completed.next(), TimeoutError);
  assertEquals(error.message, "2 of 3 Futures were not done within 1 ms");
  assertEquals(stateOf(all[0].future), PENDING);
});

Deno.test("next of asCompleted may be called again before it has returned", async () => {
  const all = several(2);
  const completed = Future.asCompleted(all.map(({ future }) => future));
  const answered: number[] = [];
  for (let i = 0; i < 2; i++) {
    completed.next().then(({ value }) => {
      answered.push(all.findIndex((one) => one.future === value));
    });
  }
  await turn();
  all[1].resolve(1);
  all[0].resolve(1);
  await turn();
  assertEquals(answered, [1, 0]);
});

Deno.test("a loop over asCompleted may end early", async () => {
  const all = several(3);
  all[0].resolve(1);
  let turns = 0;
  for await (const _ of Future.asCompleted(all.map(({ future }) => future))) {
    turns++;
    break;
  }
  assertEquals(turns, 1);
  assertEquals(stateOf(all[1].future), PENDING);
});
