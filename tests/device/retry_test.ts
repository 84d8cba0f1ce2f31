import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { pauseAfter, resolveReconnect, retry } from "../../device/retry.ts";

const FAST = resolveReconnect({ firstDelay: 0, longestDelay: 1 });
const always = () => true;

/** An action that fails a number of times, and counts its calls. */
function failing(times: number) {
  let calls = 0;
  return {
    action: async () => {
      if (calls++ < times) throw new Error(`failure ${calls}`);
      return await Promise.resolve("done");
    },
    get calls() {
      return calls;
    },
  };
}

Deno.test("retry calls the action until it succeeds", async () => {
  const thing = failing(3);
  assertEquals(await retry(thing.action, FAST, new AbortController().signal, always), "done");
  assertEquals(thing.calls, 4);
});

Deno.test("retry throws the last error when the attempts are used up, or when it is not retriable", async () => {
  const { signal } = new AbortController();
  const limited = retry(failing(9).action, { ...FAST, attempts: 2 }, signal, always);
  await assertRejects(() => limited, Error, "failure 2");
  const final = retry(failing(9).action, FAST, signal, (error) => !/ 3$/.test(String(error)));
  await assertRejects(() => final, Error, "failure 3");
});

Deno.test("retry ends with the reason of its signal, in a pause or in an attempt", async () => {
  const paused = new AbortController();
  const thing = failing(9);
  const pausing = retry(
    thing.action,
    resolveReconnect({ firstDelay: 1e6, longestDelay: 1e6 }),
    paused.signal,
    () => {
      queueMicrotask(() => paused.abort(new Error("enough")));
      return true;
    },
  );
  await assertRejects(() => pausing, Error, "enough");
  assertEquals(thing.calls, 1);
  const busy = new AbortController();
  const trying = retry(
    async () => {
      busy.abort(new Error("enough of that"));
      return await Promise.reject(new Error("cut off"));
    },
    FAST,
    busy.signal,
    always,
  );
  await assertRejects(() => trying, Error, "enough of that");
});

Deno.test("the options of reconnecting have defaults, and a number out of range is an error", () => {
  assertEquals(resolveReconnect({}), {
    firstDelay: 100,
    longestDelay: 30_000,
    attempts: Number.MAX_SAFE_INTEGER,
    maxWaiting: 10_000,
    waitOnFirstConnect: false,
  });
  for (
    const wrong of [{ firstDelay: -1 }, { firstDelay: 2, longestDelay: 1 }, { longestDelay: NaN }]
  ) {
    assertThrows(() => resolveReconnect(wrong), RangeError, "firstDelay");
  }
  for (const attempts of [0, 1.5, NaN]) {
    assertThrows(() => resolveReconnect({ attempts }), RangeError, "attempts");
    assertThrows(() => resolveReconnect({ maxWaiting: attempts }), RangeError, "maxWaiting");
  }
});

Deno.test("pauses double up to the longest one, and half of each is random", () => {
  const options = resolveReconnect({ firstDelay: 100, longestDelay: 1_000 });
  for (const [failures, longest] of [[1, 100], [2, 200], [4, 800], [5, 1_000], [5_000, 1_000]]) {
    const pauses = Array.from({ length: 100 }, () => pauseAfter(failures, options));
    assert(pauses.every((pause) => pause > longest / 2 && pause <= longest), pauses.join());
    assert(new Set(pauses).size > 1);
  }
});

Deno.test("no number of failures makes a pause that is no number", () => {
  const options = resolveReconnect({ firstDelay: 0, longestDelay: 1_000 });
  assertEquals([1, 5_000].map((failures) => pauseAfter(failures, options)), [0, 0]);
});
