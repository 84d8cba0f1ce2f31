import { assertEquals, assertRejects } from "@std/assert";
import { type Selection, Series } from "../../record/series.ts";
import { Writer, type WriterEvents } from "../../record/writer.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { MemoryTarget } from "../support/recorder.ts";
import { until } from "../support/until.ts";

const CLOCK = { now: Date.now, monotonic: () => 0, sleep: () => Promise.resolve() };
const LIMITS = { queued: 10, queuedSize: 10_000, batch: 4 };

function open(events: WriterEvents = {}, limits = LIMITS) {
  const target = new MemoryTarget();
  const writer = new Writer(target, events, limits);
  const series = (attribute: string, selection: Selection = {}) =>
    new Series({ service: "DMM", attribute, arguments: "", unit: "" }, {
      writer,
      clock: CLOCK,
      selection,
      end: {},
      since: 0,
    });
  return { target, writer, series };
}

Deno.test("what one turn of the event loop brings is one batch, and no batch is too large", async () => {
  const { target, writer, series } = open();
  const voltage = series("voltage");
  await until("the first gap is written", () => target.gaps.length === 1);
  for (let time = 1; time <= 3; time++) voltage.add(time, time);
  await until("all are written", () => writer.readings === 3);
  assertEquals(target.batches, [0, 3]);
  for (let time = 4; time <= 13; time++) voltage.add(time, time);
  await until("all are written", () => writer.readings === 13);
  assertEquals(target.batches, [0, 3, 4, 4, 2]);
  assertEquals(target.values("DMM.voltage"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
});

Deno.test("a file that cannot be written gets what was held when it can, in order", async () => {
  const blocks: (string | undefined)[] = [];
  const { target, writer, series } = open({ onBlocked: (error) => blocks.push(error?.message) });
  const voltage = series("voltage");
  target.block("the disk is full");
  for (let time = 1; time <= 6; time++) voltage.add(time, time);
  await until("it has tried", () => writer.blocked);
  await until("it has tried again", () => blocks.length > 0);
  assertEquals([writer.waiting, writer.isFull], [7, false]);
  target.block(undefined);
  await until("all are written", () => writer.readings === 6);
  assertEquals(blocks, ["the disk is full", undefined]);
  assertEquals(target.values("DMM.voltage"), [1, 2, 3, 4, 5, 6]);
});

Deno.test("what is held is bounded: a reader waits for room, and what comes anyway is a gap", async () => {
  const { target, writer, series } = open();
  const { signal } = new AbortController();
  const voltage = series("voltage");
  await until("the first gap is written", () => target.gaps.length === 1);
  target.block("the disk is full");
  voltage.add(0, 0);
  await until("it has tried", () => writer.blocked);
  for (let time = 1; time <= 100; time++) voltage.add(time, time);
  assertEquals([writer.isFull, writer.waiting], [true, 11]); // the last one is the gap
  for (let turn = 0; turn < 100; turn++) {
    voltage.open(turn % 2 ? "service gone" : "call failed");
    voltage.add(turn, 100 + turn);
  }
  assertEquals(writer.waiting, 11);
  const room = writer.room(signal);
  target.block(undefined);
  await room;
  voltage.add(200, 200);
  await until("all are written", () => writer.waiting === 0);
  assertEquals(target.values("DMM.voltage"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 200]);
  assertEquals(target.gaps.at(-1), {
    source: 1,
    start: 9,
    end: 200,
    reason: "file not written: the disk is full",
  });
});

Deno.test("the size of what is held is bounded too, but one value of any size is held", async () => {
  const { target, writer, series } = open();
  const voltage = series("voltage");
  await until("the first gap is written", () => target.gaps.length === 1);
  target.block("the disk is full");
  voltage.add("x".repeat(20_000), 1);
  voltage.add(2, 2);
  await until("it has tried", () => writer.blocked);
  assertEquals([writer.isFull, writer.waiting], [true, 2]);
  voltage.add(3, 3);
  target.block(undefined);
  await until("all are written", () => writer.waiting === 0);
  assertEquals(target.readings.map(({ time }) => time), [1, 2]);
});

Deno.test("an array that is held counts with its bytes", async () => {
  for (const array of [new Float64Array(2_500), new NdArray(new Float64Array(2_500), [50, 50])]) {
    const { target, writer, series } = open();
    const trace = series("trace");
    await until("the first gap is written", () => target.gaps.length === 1);
    target.block("the disk is full");
    trace.add(array, 1);
    await until("it has tried", () => writer.blocked);
    assertEquals(writer.isFull, true);
    target.block(undefined);
    await until("all are written", () => writer.waiting === 0);
    assertEquals(target.readings.map(({ value }) => value), [array]);
  }
});

Deno.test("waiting for room ends with its signal", async () => {
  const { target, writer, series } = open({}, { ...LIMITS, queued: 1 });
  target.block("the disk is full");
  series("voltage");
  await until("it has tried", () => writer.isFull);
  const ending = new AbortController();
  const room = writer.room(ending.signal);
  ending.abort(new Error("the end"));
  await assertRejects(() => room, Error, "the end");
  assertEquals(await writer.finish(10), 1);
});

Deno.test("an error of the target that is not for now ends the writer", async () => {
  const { target, writer, series } = open();
  target.error = new Error("the file is no recording any more");
  series("voltage");
  await assertRejects(() => writer.failed, Error, "the file is no recording any more");
});

Deno.test("each reading and each gap is told, also a reading that is not recorded", async () => {
  const told: unknown[] = [];
  const { writer, series } = open({
    onReading: ({ attribute }, { value }) => told.push([attribute, value]),
    onGap: ({ attribute }, { end, reason }) => told.push([attribute, reason, end !== undefined]),
  });
  const voltage = series("voltage", { onChange: true });
  voltage.add(1, 1);
  voltage.add(1, 2);
  assertEquals(told, [
    ["voltage", "no reading yet", false],
    ["voltage", "no reading yet", true],
    ["voltage", 1],
    ["voltage", 1],
  ]);
  assertEquals(await writer.finish(0), 0);
});
