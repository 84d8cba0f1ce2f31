import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";
import { openTarget } from "../../record/open_target.ts";
import { RecordingFile } from "../../record/recording_file.ts";
import { RollupWriter } from "../../record/rollup_writer.ts";
import { damage } from "../support/damaged_file.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { recordingWriter } from "../support/recorded_numbers.ts";

const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };

Deno.test("what was recorded is read while it is written", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  using recording = new RecordingFile(file);
  assertEquals(recording.sources().map(({ id, service }) => ({ id, service })), [
    { id: source, service: "DMM" },
  ]);
  assertEquals(recording.latest(source), undefined);
  assertEquals(recording.span(source), undefined);
  const readings = [10, 20, 30, 40].map((time) => ({
    source,
    time,
    received: time + 1,
    value: time / 10,
  }));
  const gap = { source, start: 41, end: 50, reason: "too slow" };
  target.write(readings, [gap]);
  assertEquals(recording.latest(source), readings[3]);
  assertEquals(recording.span(source), { start: 10, end: 40 });
  assertEquals([...recording.readings(source, { start: 20, end: 40 })], readings.slice(1, 3));
  assertEquals([...recording.gaps(source, { start: 0, end: 60 })], [gap]);
  assertEquals([...recording.gaps(source, { start: 50, end: 60 })], []);
  assertEquals(recording.buckets(source, { start: 0, end: 60 }, 2), [
    { start: 0, end: 30, low: 1, high: 2, mean: 1.5, count: 2 },
    { start: 30, end: 60, low: 3, high: 4, mean: 3.5, count: 2 },
  ]);
  await target.close();
});

Deno.test("a recording that does not exist is not made by a reader", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const message = `Cannot read the recording ${file}: there is no such file`;
  assertThrows(() => new RecordingFile(file), ConfigurationError, message);
});

Deno.test("another process that writes does not change what is read at once", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  await using program = recordingWriter(file, 0);
  await program.stdout.next((line) => line === "2");
  using recording = new RecordingFile(file);
  const source = recording.sources().find(({ attribute }) => attribute === "count")!.id;
  const written = () => Number(recording.latest(source)!.value) + 1;
  let looks = 0;
  // Twice as many as are added to the rollups at once, with a text for each three.
  for (let before = written(); before < 15_000; before = written()) {
    const buckets = recording.buckets(source, { start: 0, end: 1_000_000 }, 100);
    const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    assert(before <= count && count <= written(), `${count} of ${before} to ${written()}`);
    looks++;
  }
  assert(looks > 10, "the writer was too fast");
  program.kill("SIGKILL");
});

Deno.test("a damaged file is an error that names it, whatever is read, and no internal one", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const reading = (time: number) => ({ source, time, received: time, value: time });
  target.write(Array.from({ length: 5_000 }, (_, time) => reading(time)), []);
  await target.close();
  damage(file);
  using recording = new RecordingFile(file);
  const span = { start: 0, end: 5_000 };
  const reads: (() => unknown)[] = [
    () => recording.sources(),
    () => recording.latest(source),
    () => recording.span(source),
    () => [...recording.readings(source, span)],
    () => [...recording.gaps(source, span)],
    () => recording.lastGap(source),
    () => recording.buckets(source, span, 10),
  ];
  const outcomes = reads.map((read) => {
    try {
      read();
      return "no error";
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  });
  const message = `Cannot read the recording ${file}: database disk image is malformed. ` +
    "It is damaged: sqlite3 FILE .recover gives what can be saved of it";
  assertEquals(outcomes, reads.map(() => `ConfigurationError: ${message}`));
});

/** Records arrays of 16 KB, and damages the file in its middle. */
async function damagedArrays(file: string): Promise<number> {
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const reading = (time: number) => ({
    source,
    time,
    received: time,
    value: new Float64Array(2_000),
  });
  for (let time = 0; time < 100; time++) target.write([reading(time)], []);
  await target.close();
  damage(file, 0.4, 0.6);
  return source;
}

Deno.test("a file that is damaged in its middle is no shorter one without an error", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const source = await damagedArrays(file);
  using recording = new RecordingFile(file);
  const read: number[] = [];
  assertThrows(
    () => {
      for (const { time } of recording.readings(source, { start: 0, end: 100 })) read.push(time);
    },
    ConfigurationError,
    "It is damaged",
  );
  assertEquals(read, read.map((_, index) => index));
});

Deno.test("a journal that is damaged is kept, and becomes no shorter Parquet file", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  await Deno.mkdir(name);
  const journal = join(name, "_journal-1.sqlite");
  await damagedArrays(journal);
  await using logs = await recordLogs(["msl", "network"]);
  await (await openTarget(name)).close();
  const names = Array.from(Deno.readDirSync(name), (entry) => entry.name).sort();
  assertEquals(names, ["_journal-1.sqlite", "_journal-2.sqlite"]);
  assert(logs.records.some(({ message }) => message.join("").includes("malformed")));
});

Deno.test("the rollups of a damaged file are an error, and the recorder does not hang", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const readings = Array.from({ length: 5_000 }, (_, time) => ({
    ...{ source, time, received: time, value: time },
  }));
  target.write(readings, []);
  await target.close();
  damage(file, 0.2);
  using database = new DatabaseSync(file);
  assertThrows(() => new RollupWriter(database, 10).advance(5_000), Error, "malformed");
});
