import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { Retention } from "../../record/retention.ts";
import { RollupReader, type Span } from "../../record/rollup_reader.ts";
import { LEAF_SIZE, WIDTHS } from "../../record/rollup_tree.ts";
import { RollupWriter } from "../../record/rollup_writer.ts";
import { prepareSchema } from "../../record/schema.ts";
import fc from "../support/properties.ts";

const DAY = 86_400_000;
const KEEP = 64_000;

/** What happens to a recording. */
type Step =
  /** Readings at equal distances arrive together: late, early, or between others. */
  | { kind: "write"; source: number; start: number; distance: number; count: number; value: number }
  /** Those before a time become too old, and a few of them are deleted. */
  | { kind: "delete"; before: number; times: number }
  /** The process is killed, and another one goes on. */
  | { kind: "crash" };

const time = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.integer({ min: -4 * DAY, max: 4 * DAY }),
);

const write: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("write"),
  source: fc.integer({ min: 1, max: 2 }),
  start: time,
  distance: fc.constantFrom(0, 0.25, 1, 7, 10, 999, 60_000, DAY),
  count: fc.integer({ min: 1, max: 3 * LEAF_SIZE }),
  value: fc.integer({ min: -1_000, max: 1_000 }),
});

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: write },
    {
      weight: 1,
      arbitrary: fc.record<Step & { kind: "delete" }>({
        kind: fc.constant("delete"),
        before: time,
        times: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record<Step & { kind: "crash" }>({ kind: fc.constant("crash") }) },
  ),
  { minLength: 1, maxLength: 14 },
);

const spans: fc.Arbitrary<(Span & { points: number })[]> = fc.array(
  fc.record({
    start: fc.oneof(time, time.map((it) => it + 0.5)),
    length: fc.oneof(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 1, max: 8 * DAY }),
    ),
    points: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 1_000 })),
  }).map(({ start, length, points }) => ({ start, end: start + length, points })),
  { minLength: 3, maxLength: 3 },
);

/** A recording in memory. */
class Recorded implements Disposable {
  readonly database = new DatabaseSync(":memory:");
  readonly #rollUpEvery: number;
  #rollups: RollupWriter;

  constructor(rollUpEvery: number) {
    prepareSchema(this.database, ":memory:");
    const sources = "INSERT INTO source VALUES (1, 'a', 'b', '', '', 0), (2, 'a', 'c', '', '', 0)";
    this.database.exec(sources);
    this.#rollUpEvery = rollUpEvery;
    this.#rollups = new RollupWriter(this.database, rollUpEvery);
  }

  take(step: Step): void {
    switch (step.kind) {
      case "write":
        return this.#write(step);
      case "delete":
        return this.#delete(step.before, step.times);
      case "crash":
        this.#rollups = new RollupWriter(this.database, this.#rollUpEvery);
    }
  }

  #write({ source, start, distance, count, value }: Step & { kind: "write" }): void {
    const insert = this.database.prepare(
      "INSERT INTO reading (source, time, received, value) VALUES (?, ?, 0, ?)",
    );
    let newest = 0;
    for (let index = 0; index < count; index++) {
      const row = insert.run(source, start + index * distance, value + index % 7);
      newest = Number(row.lastInsertRowid);
    }
    this.#rollups.advance(newest);
  }

  #delete(before: number, times: number): void {
    // All have been received long ago, and since then the clock has gone on.
    this.database.exec(`UPDATE reading SET received = ${-1_000 * DAY}`);
    let monotonic = 0;
    const retention = new Retention(this.database, this.#rollups, KEEP, {
      now: () => before + KEEP,
      monotonic: () => monotonic += 10_000 * DAY,
    });
    for (let index = 0; index < times; index++) retention.advance(0);
  }

  /** Compares the rollups with a plain scan. Returns in how many rows there was something. */
  check(source: number, span: Span, points: number): number {
    const buckets = new RollupReader(this.database).buckets(source, span, points);
    assert(buckets.length <= points, `${buckets.length} parts, and ${points} were asked for`);
    const readings = this.database.prepare(
      "SELECT time, value FROM reading WHERE source = ? AND time >= ? AND time < ?",
    ).all(source, span.start, span.end) as unknown as { time: number; value: number }[];
    let counted = 0;
    let end = span.start;
    for (const bucket of buckets) {
      assert(bucket.start >= end && bucket.start < bucket.end && bucket.end <= span.end);
      end = bucket.end;
      const values = readings.filter(({ time }) => time >= bucket.start && time < bucket.end)
        .map(({ value }) => value);
      counted += values.length;
      const sum = values.reduce((all, value) => all + value, 0);
      assertEquals([bucket.low, bucket.high, bucket.count], [
        Math.min(...values),
        Math.max(...values),
        values.length,
      ]);
      assertAlmostEquals(bucket.mean, sum / values.length);
    }
    assertEquals(counted, readings.length);
    return counted;
  }

  /** How many rollups there are. */
  get rollups(): number {
    return Number(this.database.prepare("SELECT COUNT(*) AS count FROM rollup").get()!.count);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

Deno.test("rollups say what a scan of the readings says, late ones, deleted ones and crashes or not", () => {
  let [counted, rollups] = [0, 0];
  fc.assert(
    fc.property(steps, spans, fc.integer({ min: 1, max: 600 }), (steps, spans, rollUpEvery) => {
      using recorded = new Recorded(rollUpEvery);
      for (const step of steps) {
        recorded.take(step);
        for (const { points, ...span } of spans) {
          for (const source of [1, 2]) counted += recorded.check(source, span, points);
        }
      }
      for (const source of [1, 2]) {
        counted += recorded.check(source, { start: -100 * DAY, end: 500 * DAY }, 1_000);
      }
      rollups += recorded.rollups;
    }),
    { numRuns: 100 },
  );
  assert(counted > 100_000 && rollups > 1_000, "the cases were too small");
});

Deno.test("the rollups of a slow source are few, and a fast one has the narrow ones too", () => {
  using recorded = new Recorded(1_000);
  recorded.take({ kind: "write", source: 1, start: 0, distance: DAY, count: 365, value: 0 });
  for (let second = 0; second < 10; second++) {
    const start = second * 1_000;
    recorded.take({ kind: "write", source: 2, start, distance: 1 / 16, count: 16_000, value: 0 });
  }
  const rows = recorded.database.prepare(
    "SELECT width, COUNT(*) AS count FROM rollup WHERE source = ? GROUP BY width ORDER BY width",
  );
  const counts = (source: number) => rows.all(source).map(({ width, count }) => [width, count]);
  recorded.take({ kind: "write", source: 2, start: 10_000, distance: 0, count: 2_000, value: 0 });
  assertEquals(counts(1), [[DAY, 365]]);
  assertEquals(counts(2).slice(0, 4), [[10, 1_001], [100, 101], [1_000, 11], [10_000, 2]]);
});

Deno.test("numbers that are too large to be added do not stop the rollups", () => {
  using recorded = new Recorded(2);
  const [most, least] = [Number.MAX_VALUE, -Number.MAX_VALUE];
  // At 3 s both signs are in one bucket, at 5 s and at 7 s each has its own.
  const blocks = [[0, 1], [3_000, most], [3_000, least], [5_000, most], [7_000, least]];
  for (const [start, value] of blocks) {
    for (let time = start; time < start + LEAF_SIZE; time++) {
      recorded.take({ kind: "write", source: 1, start: time, distance: 0, count: 2, value });
    }
  }
  recorded.take({ kind: "delete", before: 2_500, times: 4 });
  const reader = new RollupReader(recorded.database);
  const [{ low, high, count }] = reader.buckets(1, { start: 0, end: DAY }, 1);
  assertEquals([low, high, count], [least, most, 8 * LEAF_SIZE]);
  for (const points of [1, 5, 100]) {
    for (const { mean } of reader.buckets(1, { start: 0, end: 10_000 }, points)) {
      assert(Number.isFinite(mean), `the mean is ${mean}`);
    }
  }
});

Deno.test("each width of rollups is a multiple of the one before", () => {
  for (const [index, width] of WIDTHS.entries()) {
    assertEquals(index === 0 ? 0 : width % WIDTHS[index - 1], 0);
  }
});

Deno.test("the last reading of a span is in its last part, however the quotient is rounded", () => {
  using recorded = new Recorded(1);
  const time = 1.8299999999999998;
  recorded.take({ kind: "write", source: 1, start: time, distance: 0, count: 1, value: 5 });
  const span = { start: 0.37, end: 1.83 };
  assertEquals((time - span.start) / (span.end - span.start), 1);
  assertEquals(recorded.check(1, span, 1), 1);
});
