import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../../support/properties.ts";
import { TimeSeries } from "../../../web/page/time_series.ts";

function readingsOf(series: TimeSeries): [time: number, value: number][] {
  return Array.from(
    { length: series.length },
    (_, index) => [series.timeAt(index), series.valueAt(index)],
  );
}

Deno.test("a series keeps the newest readings, in order, up to its capacity", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5_000 }),
      fc.integer({ min: 0, max: 12_000 }),
      (capacity, count) => {
        const series = new TimeSeries({ label: "x", capacity });
        for (let index = 0; index < count; index++) series.append(index, index * 2);
        assertEquals(series.length, Math.min(capacity, count));
        const first = Math.max(0, count - capacity);
        assertEquals(
          readingsOf(series),
          Array.from({ length: series.length }, (_, index) => [first + index, (first + index) * 2]),
        );
        for (const time of [first - 1, first, first + 0.5, count - 1, count]) {
          const found = series.indexAt(time);
          assert(found === series.length || series.timeAt(found) >= time);
          assert(found === 0 || series.timeAt(found - 1) < time);
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a series without room is refused", () => {
  assertThrows(() => new TimeSeries({ label: "x", capacity: 0 }), RangeError, "0 readings");
  assertThrows(() => new TimeSeries({ label: "x", capacity: NaN }), RangeError, "NaN readings");
});

Deno.test("what is no finite number leaves a gap, and is the latest value all the same", () => {
  const series = new TimeSeries({ label: "x" });
  for (const [time, value] of [[1, 5], [2, NaN], [3, Infinity], [4, -1]]) {
    series.append(time, value);
  }
  assertEquals(readingsOf(series), [[1, 5], [2, NaN], [3, NaN], [4, -1]]);
  assertEquals([series.lowest, series.highest], [-1, 5]);
  series.append(5, Infinity);
  assertEquals(series.latest, { time: 5, value: Infinity });
  assertEquals(series.isInterrupted, false);
});

Deno.test("a gap is noted once, after a reading, and never before it", () => {
  const series = new TimeSeries({ label: "x" });
  series.gap(1);
  assertEquals(series.length, 0);
  series.append(10, 1);
  series.gap(5); // by a clock that is behind
  series.gap(20);
  assertEquals(readingsOf(series), [[10, 1], [10, NaN]]);
  assertEquals([series.isInterrupted, series.latest], [true, { time: 10, value: 1 }]);
  series.append(30, 2);
  assertEquals(series.isInterrupted, false);
});

Deno.test("a reading without a time that there is is counted, and not drawn", () => {
  const series = new TimeSeries({ label: "x" });
  for (const time of [NaN, Infinity, -Infinity, 1e16]) series.append(time, 1);
  assertEquals([series.length, series.rejected, series.latest], [0, 4, undefined]);
});

Deno.test("times that are a little out of order are drawn in order, and no reading is lost", () => {
  const series = new TimeSeries({ label: "x" });
  for (const time of [1000, 1002, 1001, 1003, 500]) series.append(time, time);
  assertEquals(
    readingsOf(series),
    [[1000, 1000], [1002, 1002], [1002, 1001], [1003, 1003], [1003, 500]],
  );
  assertEquals(series.setBack, 0);
});

Deno.test("a clock that is set back: what was later is dropped and told, and a gap is left", () => {
  const series = new TimeSeries({ label: "x" });
  for (let time = 0; time <= 10_000; time += 1000) series.append(time, time);
  series.append(5500, 1);
  series.append(6500, 2);
  assertEquals(readingsOf(series).slice(-4), [[5000, 5000], [5500, NaN], [5500, 1], [6500, 2]]);
  assertEquals(series.setBack, 5);
});

Deno.test("a snapshot does not change any more", () => {
  const series = new TimeSeries({ label: "x", capacity: 3 });
  for (let time = 0; time < 5; time++) series.append(time, time);
  const snapshot = series.snapshot();
  for (let time = 5; time < 20; time++) series.append(time, time);
  assertEquals(readingsOf(snapshot), [[2, 2], [3, 3], [4, 4]]);
  assertEquals([snapshot.latest?.value, snapshot.highest], [4, 4]);
  snapshot.append(9, 9);
  assertEquals(readingsOf(snapshot), [[3, 3], [4, 4], [9, 9]]);
});

Deno.test("a listener hears of each change until it is forgotten", () => {
  const series = new TimeSeries({ label: "x" });
  let count = 0;
  const forget = series.listen(() => count++);
  series.append(1, 1);
  series.gap(2);
  forget();
  series.append(3, 1);
  assertEquals(count, 2);
});
