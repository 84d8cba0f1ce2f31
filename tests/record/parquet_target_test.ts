import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { ConfigurationError } from "../../errors.ts";
import { openTarget } from "../../record/open_target.ts";
import { ParquetTarget } from "../../record/parquet_target.ts";
import { SqliteTarget } from "../../record/sqlite_target.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const SOURCE = { service: "DMM", attribute: "voltage", arguments: "10, true", unit: "V" };
const TEXTS = { service: "Ärger", attribute: "text", arguments: "", unit: "" };

function rowsOf(...path: string[]): Promise<Record<string, unknown>[]> {
  return asyncBufferFromFile(path.join("/")).then((file) => parquetReadObjects({ file }));
}

/** A clock that a test sets. */
function fakeClock() {
  const clock = { time: 0, now: () => clock.time, monotonic: () => clock.time };
  return clock;
}

Deno.test("a recording in Parquet is a folder of files, with values, texts and gaps", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  const target = await openTarget(name);
  const source = target.source(SOURCE);
  const texts = target.source(TEXTS);
  const gap = { source, start: 3, reason: "the service is not connected" };
  target.write([{ source, time: 1.25, received: 2, value: 0.5 }], [gap]);
  target.write([
    { source: texts, time: 2, received: 3, value: "ä" },
    { source, time: 4, received: 5, value: true },
    { source, time: 5, received: 6, value: [1, NaN] },
    { source, time: 8.64e15, received: 7, value: 12_345_678_901_234_567_890n },
  ], [{ ...gap, end: 4 }, { source: texts, start: 9, reason: "too slow" }]);
  assert(target.size > 0);
  await target.close();
  assertEquals(entriesOf(folder.path), ["lab.parquet"]);
  assertEquals(entriesOf(name), ["recording-000001.parquet"]);
  const time = (milliseconds: number) => new Date(milliseconds);
  const columns = ["value", "json", "gap", "until", "dtype", "shape", "data"];
  const none = Object.fromEntries(columns.map((name) => [name, undefined]));
  const rows = await rowsOf(name, "recording-000001.parquet");
  assertEquals(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? undefined]))
    ),
    [
      { time: time(1), received: time(2), ...SOURCE, ...none, value: 0.5 },
      { time: time(2), received: time(3), ...TEXTS, ...none, json: '"ä"' },
      { time: time(4), received: time(5), ...SOURCE, ...none, value: 1, json: "true" },
      { time: time(5), received: time(6), ...SOURCE, ...none, json: "[1,NaN]" },
      {
        time: time(8.64e15),
        received: time(7),
        ...SOURCE,
        ...none,
        value: 12_345_678_901_234_567_000,
        json: "12345678901234567890",
      },
      { time: time(3), received: undefined, ...SOURCE, ...none, gap: gap.reason, until: time(4) },
      { time: time(9), received: undefined, ...TEXTS, ...none, gap: "too slow" },
    ],
  );
  const { schema } = await parquetMetadataAsync(
    await asyncBufferFromFile(`${name}/recording-000001.parquet`),
  );
  assertEquals(schema[1].logical_type, {
    type: "TIMESTAMP",
    isAdjustedToUTC: true,
    unit: "MICROS",
  });
});

Deno.test("a Parquet file is made when there are many readings, and when the first one is old", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  const clock = fakeClock();
  const rotation = { readings: 20_000, age: 1_000 };
  const target = await ParquetTarget.open(name, {}, clock, rotation);
  const source = target.source(SOURCE);
  const write = (from: number, count: number) => {
    const times = Array.from({ length: count }, (_, index) => from + index);
    target.write(times.map((time) => ({ source, time, received: time, value: time })), []);
  };
  write(0, 20_000);
  write(20_000, 1);
  const files = () => entriesOf(name).filter((entry) => entry.startsWith("recording"));
  await until("the first file is there", () => files().length === 1);
  clock.time = 999;
  write(20_001, 1);
  clock.time = 1_000;
  write(20_002, 1);
  await until("the second file is there", () => files().length === 2);
  const values = async (file: string) => (await rowsOf(name, file)).map(({ value }) => value);
  assertEquals(
    await values("recording-000001.parquet"),
    Array.from({ length: 20_000 }, (_, it) => it),
  );
  assertEquals(await values("recording-000002.parquet"), [20_000, 20_001]);
  await target.close();
  assertEquals(await values("recording-000003.parquet"), [20_002]);
  assertEquals(entriesOf(name).length, 3);
});

Deno.test("a recording in Parquet is continued where each source has ended, in files and in journals", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  const first = await openTarget(name);
  const source = first.source(SOURCE);
  const gap = { source, start: 7, reason: "the service is not connected" };
  first.write([{ source, time: 5, received: 6, value: 1 }], [gap]);
  await first.close();
  const second = await openTarget(name);
  const texts = second.source(TEXTS);
  assertEquals(second.end(texts), {});
  const again = second.source(SOURCE);
  assertEquals(second.end(again), { time: 5, received: 6, gap: { ...gap, source: again } });
  second.write([{ source: texts, time: 8, received: 9, value: "a" }], [{
    ...gap,
    source: again,
    end: 8,
  }]);
  await second.close();
  // A journal of a process that was killed.
  const journal = new SqliteTarget(folder.join("lab.parquet", "_journal-3.sqlite"));
  const inJournal = journal.source(TEXTS);
  journal.write([{ source: inJournal, time: 10, received: 11, value: "b" }], []);
  journal.close();
  const third = await openTarget(name);
  assertEquals(third.end(third.source(SOURCE)), { time: 5, received: 6 });
  assertEquals(third.end(third.source(TEXTS)), { time: 10, received: 11 });
  await third.close();
  const fourth = await openTarget(name);
  assertEquals(fourth.end(fourth.source(SOURCE)), { time: 5, received: 6 });
  assertEquals(fourth.end(fourth.source(TEXTS)), { time: 10, received: 11 });
  await fourth.close();
  assertEquals(entriesOf(name), [1, 2, 3].map((number) => `recording-00000${number}.parquet`));
});

Deno.test("a process that was killed while it removed a journal leaves each reading once", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  const journal = folder.join("lab.parquet", "_journal-1.sqlite");
  const first = await openTarget(name);
  const source = first.source(SOURCE);
  first.write([{ source, time: 1, received: 1, value: 1 }], []);
  const other = new DatabaseSync(journal);
  other.exec("PRAGMA wal_checkpoint");
  other.close();
  first.write([{ source, time: 2, received: 2, value: 2 }], []);
  // The second reading is in the file beside it, which is removed first.
  const copy = await Deno.readFile(journal);
  await first.close();
  await Deno.writeFile(journal, copy);
  await Deno.writeTextFile(folder.join("lab.parquet", "_unfinished"), "PAR1");
  await (await openTarget(name)).close();
  assertEquals(entriesOf(name), ["_unfinished", "recording-000001.parquet"]);
  const rows = await rowsOf(name, "recording-000001.parquet");
  assertEquals(rows.map(({ value }) => value), [1, 2]);
});

Deno.test("a journal whose file cannot be made is kept, and the next recording makes it", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  const first = await openTarget(name);
  const source = first.source(SOURCE);
  first.write([{ source, time: 1, received: 1, value: 1 }], []);
  const obstacle = folder.join("lab.parquet", "_unfinished");
  await Deno.mkdir(join(obstacle, "folder"), { recursive: true });
  await first.close();
  assertEquals(entriesOf(name), ["_journal-1.sqlite", "_unfinished"]);
  await Deno.remove(obstacle, { recursive: true });
  await (await openTarget(name)).close();
  assertEquals(entriesOf(name), ["recording-000001.parquet"]);
});

Deno.test("a file, another folder and --keep are refused for Parquet", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("file.parquet");
  await Deno.writeTextFile(file, "PAR1");
  await assertRejects(
    () => openTarget(file),
    ConfigurationError,
    "is a folder, and this is a file. Use another name",
  );
  const other = folder.join("other.parquet");
  await Deno.mkdir(other);
  await Deno.writeTextFile(folder.join("other.parquet", "part-0.parquet"), "");
  await assertRejects(
    () => openTarget(other),
    ConfigurationError,
    "it is a folder with other content. Use another name",
  );
  await assertRejects(
    () => openTarget(folder.join("a.parquet"), { keep: 1 }),
    ConfigurationError,
    "delete its old files, or use .sqlite",
  );
});
