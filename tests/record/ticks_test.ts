/** The ticks of an axis. */

import { assert, assertEquals } from "@std/assert";
import { timeTicks, valueTicks } from "../../record/ticks.ts";
import fc from "../support/properties.ts";

const START = Date.UTC(2026, 10, 29, 18, 3, 20);
const [SECOND, HOUR, DAY] = [1_000, 3_600_000, 86_400_000];

function labels(ticks: readonly { label: string }[]): string[] {
  return ticks.map(({ label }) => label);
}

Deno.test("the ticks of values are round, with as many digits as tell them apart", () => {
  for (
    const [low, high, expected] of [
      [0, 10, ["0", "2", "4", "6", "8", "10"]],
      [-1.2, 1.3, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]],
      [9.99999, 10.00001, ["9.999990", "9.999995", "10.000000", "10.000005", "10.000010"]],
      [0, 4e12, ["0e+0", "1e+12", "2e+12", "3e+12", "4e+12"]],
      [1e-13, 5e-13, ["1e-13", "2e-13", "3e-13", "4e-13", "5e-13"]],
    ] as const
  ) assertEquals(labels(valueTicks(low, high, 5)), expected as readonly string[]);
});

Deno.test("property: there are ticks in any range of values, in order, inside of it, and none twice", () => {
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(value, value, fc.integer({ min: 4, max: 8 }), (one, other, count) => {
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    fc.pre(low < high);
    const ticks = valueTicks(low, high, count);
    assert(ticks.length <= count * 1.5 + 1);
    for (const [index, { at, label }] of ticks.entries()) {
      assert(at >= low && at <= high, `${at}`);
      if (index > 0) assert(at > ticks[index - 1].at);
      assert(label.length > 0 && Number.isFinite(Number(label)), label);
    }
    const span = high / 2 - low / 2;
    if (span > 1e-300 && span > Math.max(Math.abs(low), Math.abs(high)) * 1e-9) {
      assert(ticks.length >= 2, `${low} ${high} ${count}: ${labels(ticks)}`);
      assertEquals(new Set(labels(ticks)).size, ticks.length, labels(ticks).join(" "));
    }
  }));
});

Deno.test("the ticks of times are those of a clock and a calendar", () => {
  const ticks = (span: number) => labels(timeTicks(START, START + span, 5));
  assertEquals(ticks(5), [
    "18:03:20.000",
    "18:03:20.001",
    "18:03:20.002",
    "18:03:20.003",
    "18:03:20.004",
    "18:03:20.005",
  ]);
  assertEquals(ticks(60 * SECOND), ["18:03:30", "18:03:45", "18:04:00", "18:04:15"]);
  assertEquals(ticks(2 * HOUR), ["18:30", "19:00", "19:30", "20:00"]);
  assertEquals(ticks(DAY), ["00:00", "06:00", "12:00", "18:00"]);
  assertEquals(ticks(5 * DAY), ["11-30", "12-01", "12-02", "12-03", "12-04"]);
  assertEquals(ticks(150 * DAY), ["12-01", "01-01", "02-01", "03-01", "04-01"]);
  assertEquals(ticks(20 * 365 * DAY), ["2030", "2035", "2040", "2045"]);
});

Deno.test("a day is named at its first tick, a year at its first day", () => {
  const contexts = (span: number) =>
    timeTicks(START, START + span, 5).map(({ context }) => context ?? "-");
  assertEquals(contexts(DAY), ["2026-11-30", "-", "-", "-"]);
  assertEquals(contexts(12 * HOUR), ["2026-11-29", "11-30", "-", "-"]);
  assertEquals(contexts(150 * DAY), ["2026", "2027", "-", "-", "-"]);
});

Deno.test("property: times have at least one tick and at most seven, in order and inside", () => {
  const longest = 2 * 365_000 * DAY;
  const time = fc.double({ min: -longest, max: longest, noNaN: true });
  // From a millisecond to a thousand years, each order of magnitude as often.
  const span = fc.double({ min: 0, max: 13.4, noNaN: true }).map((power) => 10 ** power);
  fc.assert(fc.property(time, span, (start, span) => {
    const ticks = timeTicks(start, start + span, 5);
    assert(ticks.length <= 7, `${ticks.length}`);
    if (span > 5) assert(ticks.length >= 1, `${span}`);
    for (const [index, { at }] of ticks.entries()) {
      assert(at >= start && at <= start + span);
      if (index > 0) assert(at > ticks[index - 1].at);
    }
  }));
});
