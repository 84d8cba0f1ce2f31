import { assertEquals } from "@std/assert";
import { Series } from "../../record/series.ts";
import type { RecordedEnd } from "../../record/reading.ts";
import { Writer } from "../../record/writer.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { MemoryTarget } from "../support/recorder.ts";

const DESCRIPTION = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };

/** A series whose clock is at `now`. */
function open(selection = {}, end: RecordedEnd = {}) {
  const target = new MemoryTarget();
  const writer = new Writer(target);
  const clock = { now: 10, monotonic: () => 0, sleep: () => Promise.resolve() };
  const series = new Series(DESCRIPTION, {
    writer,
    clock: { ...clock, now: () => clock.now },
    selection,
    end,
    since: 5,
  });
  const rows = async () => {
    await writer.finish(0);
    return target.gaps.map(({ start, end, reason }) => [start, end, reason]);
  };
  return { target, writer, clock, series, rows };
}

Deno.test("before the first reading there is a gap, which a crash leaves in the file", async () => {
  const { series, rows } = open();
  assertEquals(await rows(), [[5, undefined, "no reading yet"]]);
  series.add(1, 7);
  assertEquals(await rows(), [[5, 7, "no reading yet"]]);
});

Deno.test("a gap is from the last reading to the next one, by the clock of the source", async () => {
  const { series, rows, clock } = open();
  series.add(1, 7);
  clock.now = 100;
  series.open("service gone", "it has disconnected");
  assertEquals((await rows()).at(-1), [7, undefined, "service gone: it has disconnected"]);
  clock.now = 200;
  series.add(2, 150);
  assertEquals((await rows()).at(-1), [7, 150, "service gone: it has disconnected"]);
  assertEquals((await rows()).length, 2);
});

Deno.test("a value that cannot be compared is written, so that the file says what it is", async () => {
  const { series, writer, target } = open({ onChange: true });
  const value = [new NdArray(new Int8Array(0), [2_000_000, 0])]; // as lists it would be too many
  for (const [time, one] of [value, value, 1, value].entries()) series.add(one, time);
  await writer.finish(0);
  assertEquals(target.readings.map((reading) => reading.value), [value, value, 1, value]);
});

Deno.test("a gap of a source that is not there goes on after a reading that was under way", async () => {
  for (const selection of [{}, { onChange: true }]) {
    const { series, rows, clock } = open(selection);
    series.add(1, 7);
    clock.now = 100;
    series.down("service gone", "it has disconnected");
    clock.now = 110;
    series.add(1, 90);
    const reason = "service gone: it has disconnected";
    assertEquals((await rows()).slice(1), [[7, 90, reason], [90, undefined, reason]]);
    series.up();
    assertEquals(series.isInGap, true);
    series.add(1, 200);
    series.add(1, 201);
    assertEquals((await rows()).slice(1), [[7, 90, reason], [90, 200, reason]]);
    assertEquals(series.isInGap, false);
  }
});

Deno.test("a gap with another cause follows the one before it without a hole", async () => {
  const { series, rows, clock } = open();
  series.add(1, 7);
  clock.now = 100;
  series.open("call failed", "ValueError: 1");
  series.open("call failed", "ValueError: 2");
  clock.now = 200;
  series.open("Manager gone");
  series.open("too slow", "5 readings were missed");
  series.add(2, 300);
  assertEquals((await rows()).slice(1), [
    [7, 200, "call failed: ValueError: 1"],
    [200, 300, "Manager gone"],
  ]);
});

Deno.test("a gap with another cause replaces one that has begun in the same millisecond", async () => {
  const { series, rows, clock } = open();
  series.add(1, 7);
  clock.now = 7;
  series.open("Manager gone");
  series.open("recorder stopped");
  assertEquals((await rows()).slice(1), [[7, undefined, "recorder stopped"]]);
  series.add(2, 300);
  assertEquals((await rows()).slice(1), [[7, 300, "recorder stopped"]]);
});

Deno.test("a reason is one line of bounded length without control characters", async () => {
  const { series, rows } = open();
  series.add(1, 7);
  series.open("call failed", `\u001b[31m\n${"x".repeat(10_000)}`);
  const reason = String((await rows()).at(-1)![2]);
  assertEquals(reason.length, 257);
  assertEquals(reason.startsWith("call failed: \\u{1b}[31m\\u{a}xxx"), true);
});

Deno.test("a file that is continued has a gap since its last reading", async () => {
  const { series, rows } = open({}, { time: 3, received: 4 });
  assertEquals(await rows(), [[3, undefined, "recorder stopped"]]);
  series.add(1, 12);
  assertEquals(await rows(), [[3, 12, "recorder stopped"]]);
});

Deno.test("a recorder that was killed before the first row of a source has a gap since its start", async () => {
  const { rows } = open({}, { since: 2 });
  assertEquals(await rows(), [[2, undefined, "no reading yet"]]);
});

Deno.test("a gap that lasted at the end of the file goes on until the first reading", async () => {
  const gap = { source: 1, start: 2, reason: "service gone" };
  const { series, rows } = open({}, { time: 2, received: 4, gap });
  assertEquals(await rows(), []);
  series.add(1, 12);
  assertEquals(await rows(), [[2, 12, "service gone"]]);
});

Deno.test("a source whose clock is behind, or was set back, has its losses in a gap too", async () => {
  const { series, rows } = open();
  series.add(1, 2); // the recorder has begun at 5, by its own clock
  assertEquals(await rows(), [[5, 5, "no reading yet"], [2, 5, "no reading yet"]]);
  const ahead = open();
  ahead.series.add(1, 1_000);
  ahead.clock.now = 20;
  ahead.series.open("call failed");
  ahead.series.open("service gone"); // now is before the gap, by its clock
  ahead.series.add(2, 900);
  assertEquals((await ahead.rows()).slice(1), [
    [1_000, 1_000, "call failed"],
    [900, 1_000, "call failed"],
  ]);
});

Deno.test("a clock that is set forward leaves a gap, one that is set back leaves a note", async () => {
  const { series, rows } = open();
  series.add(1, 7);
  series.clockJumped(3_600_000);
  series.add(2, 3_600_010);
  series.clockJumped(-3_600_000);
  series.add(3, 20);
  assertEquals((await rows()).slice(1), [
    [7, 3_600_010, "clock set forward: 1h"],
    [3_600_010, 3_600_010, "clock set back: 1h"],
  ]);
});

Deno.test("--deadband leaves out what differs too little from what was recorded last", async () => {
  const { series, rows, target } = open({ deadband: 0.5 });
  const values = [1, 1.5, 1.6, 2.1, 1.0, NaN, NaN, 1, Infinity, Infinity, "text", "text", true, 1n];
  values.forEach((value, index) => series.add(value, 7 + index));
  await rows();
  assertEquals(
    target.readings.map(({ value }) => value),
    [1, 1.6, 1.0, NaN, 1, Infinity, "text", true, 1n],
  );
});

Deno.test("--on-change leaves out what is the same, also arrays and objects", async () => {
  const { series, rows, target } = open({ onChange: true });
  const values = [1, 1, 1.0000001, [1, 2], [1, 2], [1, 3], { a: 1 }, { a: 1 }, null, null, -0, 0];
  values.forEach((value, index) => series.add(value, 7 + index));
  await rows();
  assertEquals(
    target.readings.map(({ value }) => value),
    [1, 1.0000001, [1, 2], [1, 3], { a: 1 }, null, -0, 0],
  );
});

Deno.test("--on-change compares the bytes, the type and the shape of arrays", async () => {
  const { series, rows, target } = open({ onChange: true });
  const values = [
    Float64Array.of(1, NaN),
    Float64Array.of(1, NaN),
    Float64Array.of(1, 2),
    new NdArray(Float64Array.of(1, 2), [2, 1]),
    new NdArray(Float64Array.of(1, 2), [2, 1]),
    new NdArray(Float64Array.of(1, 2), [1, 2]),
    BigInt64Array.of(0n, 0n),
    Float64Array.of(0, 0),
  ];
  values.forEach((value, index) => series.add(value, 7 + index));
  await rows();
  assertEquals(
    target.readings.map(({ value }) => value),
    [0, 2, 3, 5, 6, 7].map((index) => values[index]),
  );
});

Deno.test("what is left out is no gap, and the reading that ends a gap is recorded", async () => {
  const { series, rows, target } = open({ onChange: true });
  series.add(1, 7);
  series.add(1, 8);
  series.open("service gone");
  series.add(1, 9);
  assertEquals((await rows()).slice(1), [[8, 9, "service gone"]]);
  assertEquals(target.readings.map(({ time }) => time), [7, 9]);
});
