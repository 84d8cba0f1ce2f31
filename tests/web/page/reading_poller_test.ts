import { assertEquals } from "@std/assert";
import { type PollerClock, type Reading, ReadingPoller } from "../../../web/page/reading_poller.ts";

/** A clock that a test moves on. */
class TestClock implements PollerClock {
  time = 1_000_000;
  readonly #timers = new Set<{ at: number; call: () => void }>();

  now = () => this.time;

  after = (milliseconds: number, call: () => void) => {
    const timer = { at: this.time + milliseconds, call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  get size(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and what is due happen. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.time = due.at;
      due.call();
      await settled();
    }
    this.time = end;
  }
}

/** The callbacks of promises have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** A poller whose requests the test answers. */
function pollerOf(every = 1000) {
  const clock = new TestClock();
  const requests: PromiseWithResolvers<Reading>[] = [];
  const poller = new ReadingPoller({
    label: "x",
    every,
    read: () => {
      const request = Promise.withResolvers<Reading>();
      requests.push(request);
      return request.promise;
    },
    about: () => ({ unit: "V" }),
    explain: (error) => (error as Error).message,
    clock,
  });
  const answer = async (value: unknown, time?: number) => {
    requests.at(-1)!.resolve({ value, time });
    await settled();
  };
  const values = () => {
    const [one] = poller.values.series;
    return Array.from({ length: one?.length ?? 0 }, (_, index) => one.valueAt(index));
  };
  return { clock, requests, poller, answer, values };
}

Deno.test("a reading is requested on a schedule that does not drift, and never twice at a time", async () => {
  const { clock, requests, poller, answer } = pollerOf();
  poller.start();
  assertEquals([requests.length, poller.state.value.state], [0, "waiting"]);
  poller.setPresent(true);
  assertEquals(requests.length, 1);
  await clock.pass(3500); // no answer: three are missed
  assertEquals(requests.length, 1);
  await answer(5);
  assertEquals(poller.state.value.state, "read");
  await clock.pass(499);
  assertEquals(requests.length, 1);
  await clock.pass(1);
  assertEquals([requests.length, clock.time], [2, 1_004_000]);
});

Deno.test("a value is old when it is not replaced, and when its source says so", async () => {
  const { clock, poller, answer } = pollerOf();
  assertEquals([poller.isStale(), poller.age()], [true, undefined]);
  poller.start();
  poller.setPresent(true);
  await answer(5, clock.time - 60_000);
  assertEquals([poller.isStale(), poller.age()], [false, 60_000]);
  await clock.pass(4001);
  assertEquals(poller.isStale(), true);
});

Deno.test("a service that has gone makes its value old at once, and leaves a gap", async () => {
  const { clock, requests, poller, answer, values } = pollerOf();
  poller.start();
  poller.setPresent(true);
  await answer(5);
  await clock.pass(1000);
  poller.setPresent(false);
  assertEquals([poller.isStale(), poller.state.value], [true, { state: "gone", since: 1_001_000 }]);
  requests.at(-1)!.resolve({ value: 999, time: undefined }); // an answer that comes too late
  await settled();
  assertEquals([values(), poller.state.value.state], [[5, NaN], "gone"]);
  assertEquals(clock.size, 0);
  poller.setPresent(true);
  await answer(6);
  assertEquals([values(), poller.isStale()], [[5, NaN, 6], false]);
});

Deno.test("an error is told, since when, and the next request is made all the same", async () => {
  const { clock, requests, poller, answer, values } = pollerOf();
  poller.start();
  poller.setPresent(true);
  await answer(5);
  for (const _ of [1, 2]) {
    await clock.pass(1000);
    requests.at(-1)!.reject(new Error("no probe"));
    await settled();
  }
  assertEquals(poller.state.value, { state: "failed", reason: "no probe", since: 1_001_000 });
  assertEquals([poller.isStale(), values()], [true, [5, NaN]]);
  await clock.pass(1000);
  await answer(6);
  assertEquals([poller.state.value.state, values()], ["read", [5, NaN, 6]]);
});

Deno.test("what is stopped requests nothing, whatever the service does", async () => {
  const { clock, requests, poller } = pollerOf();
  poller.setPresent(true);
  poller.start();
  poller.stop();
  poller.setPresent(false);
  poller.setPresent(true);
  await clock.pass(10_000);
  assertEquals([requests.length, poller.state.value.state, clock.size], [1, "stopped", 0]);
});

Deno.test("another interval holds at once", async () => {
  const { clock, requests, poller, answer } = pollerOf(60_000);
  poller.setPresent(true);
  poller.start();
  await answer(1);
  poller.every = 500;
  await answer(2);
  await clock.pass(500);
  assertEquals(requests.length, 3);
});
