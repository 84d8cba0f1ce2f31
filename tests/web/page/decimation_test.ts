import { assert, assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { decimate } from "../../../web/page/decimation.ts";
import { TimeSeries } from "../../../web/page/time_series.ts";

function seriesOf(readings: readonly (readonly [time: number, value: number])[]): TimeSeries {
  const series = new TimeSeries({ label: "x", capacity: Math.max(2, readings.length) });
  for (const [time, value] of readings) series.append(time, value);
  return series;
}

Deno.test("of each column the lowest and the highest reading are drawn, or all if they are few", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -50, max: 50 })), {
        maxLength: 400,
      }),
      fc.integer({ min: 1, max: 40 }),
      (steps, columns) => {
        let time = 0;
        const readings = steps.map(([step, value]) => [time += step, value] as const);
        const [start, end] = [time * 0.2, time * 0.8 + 1];
        const { times, lines: [line] } = decimate([seriesOf(readings)], start, end, columns);
        assert(times.every((at, index) => index === 0 || at >= times[index - 1]), "in order");
        const columnOf = (at: number) =>
          Math.min(columns - 1, Math.floor((at - start) / (end - start) * columns));
        const seen = readings.filter(([at]) => at >= start && at <= end);
        for (let column = 0; column < columns; column++) {
          const all = seen.filter(([at]) => columnOf(at) === column).map(([, value]) => value);
          const drawn = line.filter((value, index) =>
            typeof value === "number" && columnOf(times[index]) === column &&
            times[index] > start && times[index] < end
          ) as number[];
          if (all.length <= 4) assertEquals(drawn, all);
          else {
            assert(drawn.length <= 2);
            assertEquals(
              [Math.min(...drawn), Math.max(...drawn)],
              [Math.min(...all), Math.max(...all)],
            );
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("a million readings cost two points a column", () => {
  const series = new TimeSeries({ label: "x", capacity: 1_000_000 });
  for (let index = 0; index < 1_000_000; index++) series.append(index, Math.sin(index / 10));
  const { times } = decimate([series], 0, 999_999, 500);
  assert(times.length <= 2 * 500 + 2, `${times.length}`);
});

Deno.test("a line goes on to both ends, if there are readings beyond", () => {
  const { times, lines: [line] } = decimate([seriesOf([[0, 0], [100, 100]])], 25, 75, 10);
  assertEquals([times, line], [[25, 75], [25, 75]]);
  const ended = decimate([seriesOf([[0, 0], [50, 50]])], 25, 75, 10);
  assertEquals([ended.times[0], ended.lines[0].length], [25, 2]);
});

Deno.test("a gap is a gap, also where another line has readings, and across the ends", () => {
  const gappy = seriesOf([[0, 1], [10, NaN], [90, 2], [100, 3]]);
  const steady = seriesOf(Array.from({ length: 101 }, (_, time) => [time, 0] as const));
  const { times, lines: [line, other] } = decimate([gappy, steady], 0, 100, 50);
  assert(other.every((value) => value === 0 || value === undefined));
  const between = line.filter((_, index) => times[index] > 11 && times[index] < 89);
  assert(between.length > 50);
  assertEquals(new Set(between), new Set([null]));
  assertEquals(decimate([gappy], 20, 80, 10), { times: [20, 80], lines: [[null, null]] });
});

Deno.test("a gap that is narrower than a pixel still breaks the line", () => {
  const series = seriesOf([[0, 1], [10, 1], [10.001, NaN], [50, 2], [100, 2]]);
  const { lines: [line] } = decimate([series], 0, 100, 20);
  assertEquals(line.filter((value) => value !== undefined), [1, 1, null, 2, 2]);
});

Deno.test("there may be nothing to draw", () => {
  assertEquals(decimate([], 0, 1, 10), { times: [], lines: [] });
  assertEquals(decimate([seriesOf([])], 0, 1, 10), { times: [], lines: [[]] });
  assertEquals(decimate([seriesOf([[5, 1]])], 10, 20, 10), { times: [], lines: [[]] });
});
