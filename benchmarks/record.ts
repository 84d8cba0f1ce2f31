/**
 * Recording: readings a second into SQLite, the memory of the recorder, and how long it takes to
 * summarize millions of readings for a plot.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { RecordingFile } from "../record/recording_file.ts";
import { Program } from "./program.ts";
import type { RecordCommand, RecordWriterOptions, Written } from "./record_writer.ts";
import type { Figure, Section } from "./report.ts";
import type { Setting } from "./setting.ts";

/** How long writing all readings of a command may take, in milliseconds. */
const TIMEOUT = 300_000;
/** How many readings are in a commit, in turn: those of one turn of the event loop. */
const BATCHES = [1, 10, 100];
/** About how many commits a second there are. */
const EXPECTED = 30_000;
/** How many parts a plot has. */
const POINTS = 1_000;

/** Measures this part. */
export async function measureRecord(setting: Setting): Promise<Section> {
  const figures = await measureRates(setting);
  figures.push(...await measureBuckets(setting));
  return { title: "Recording, into SQLite", figures, notes: [] };
}

async function measureRates(setting: Setting): Promise<Figure[]> {
  const [rounds, duration] = setting.quick ? [1, 0.2] : [3, 1];
  const figures: Figure[] = [];
  for (const batch of BATCHES) {
    const rates: Record<string, number[]> = { recorder: [], bare: [] };
    const count = batch * Math.round(duration * EXPECTED * Math.min(1, 10 / batch) / 10);
    for (let round = 0; round < rounds; round++) {
      for (const contender of ["recorder", "bare"] as const) {
        const file = join(setting.folder, `${contender}-${batch}-${round}.sqlite`);
        await using writer = await startWriter({ contender, file, sources: 10 });
        await write(writer, { task: "write", count, batch }); // a warm-up
        rates[contender].push(await write(writer, { task: "write", count: 5 * count, batch }));
      }
    }
    figures.push({
      name: `readings a second, ${batch === 1 ? "one" : batch} in a commit`,
      value: median(rates.recorder),
      unit: "/s",
      reference: { name: "bare loop of node:sqlite", value: median(rates.bare) },
      goal: { of: "ratio", bound: "at least", limit: 1 / 3 },
    });
  }
  const [{ value }] = figures.toReversed();
  const goal = { of: "value", bound: "at least", limit: 50_000 } as const;
  return [...figures, { name: "the same, as a rate", value, unit: "/s", goal }];
}

async function measureBuckets(setting: Setting): Promise<Figure[]> {
  const count = setting.quick ? 1_000_000 : 10_000_000;
  const file = join(setting.folder, "buckets.sqlite");
  await using writer = await startWriter({ contender: "recorder", file, sources: 1 });
  await write(writer, { task: "write", batch: 1_000, count: count / 5 });
  const before = writer.memory();
  await write(writer, { task: "write", batch: 1_000, count: count * 4 / 5 });
  const figures: Figure[] = [];
  const millions = `${count / 1e6} million readings`;
  if (before !== undefined) {
    figures.push({
      name: `growth of the memory, the last 4/5 of ${millions}`,
      value: (writer.memory()! - before) / 1e6,
      unit: "MB",
      goal: { of: "value", bound: "at most", limit: 16 },
    });
  }
  using recording = new RecordingFile(file);
  const [{ id }] = recording.sources();
  const { start, end } = recording.span(id)!;
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now();
    const buckets = recording.buckets(id, { start, end: end + 1 }, POINTS);
    const took = performance.now() - began;
    if (buckets.reduce((sum, bucket) => sum + bucket.count, 0) === count) return took;
    throw new Error("The buckets have lost readings");
  });
  figures.push({
    name: `${millions} in 1,000 parts`,
    value: median(times),
    unit: "ms",
    reference: { name: "scan", value: scan(file, start, end) },
    goal: { of: "value", bound: "at most", limit: 100 },
  });
  return figures;
}

/** How long it takes without rollups, in milliseconds. */
function scan(file: string, start: number, end: number): number {
  using database = new DatabaseSync(file, { readOnly: true });
  const statement = database.prepare(
    `SELECT CAST((time - ?) / ? AS INTEGER) AS part, MIN(value), MAX(value), AVG(value), COUNT(*)
     FROM reading WHERE source = 1 GROUP BY part`,
  );
  const began = performance.now();
  statement.all(start, (end - start) / POINTS);
  return performance.now() - began;
}

async function startWriter(options: RecordWriterOptions): Promise<Program> {
  const program = Program.start("record_writer.ts", options);
  await program.receive();
  return program;
}

async function write(writer: Program, command: RecordCommand): Promise<number> {
  await writer.send({ ...command });
  return (await writer.receive<Written & Record<string, unknown>>(TIMEOUT)).rate;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
