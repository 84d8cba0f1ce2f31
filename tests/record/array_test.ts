/** Arrays of numbers in recordings, of every kind of file. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { MAX_RECORDED_VALUE } from "../../limits.ts";
import { latestReadings } from "../../record/history.ts";
import { openTarget } from "../../record/open_target.ts";
import { RecordingFile, UnreadableValue } from "../../record/recording_file.ts";
import { recordingRows } from "../../record/recording_rows.ts";
import { loadedValue, storedArray } from "../../record/stored_value.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { arraysOfAllKinds, described, KINDS } from "../support/arrays.ts";
import { temporaryFolder } from "../support/folder.ts";
import { tool } from "../support/process.ts";

const TRACE = { service: "Scope", attribute: "trace", arguments: "", unit: "V" };
const ALWAYS = { start: -Infinity, end: Infinity };

/** Records values at the times 0, 1 and so on. */
async function recorded(file: string, values: readonly unknown[]): Promise<void> {
  const target = await openTarget(file);
  const source = target.source(TRACE);
  target.write(values.map((value, time) => ({ source, time, received: time, value })), []);
  await target.close();
}

/** The values of the only source of a recording in SQLite. */
function valuesOf(file: string): unknown[] {
  using recording = new RecordingFile(file);
  return Array.from(recording.readings(1, ALWAYS), ({ value }) => value);
}

/** A recording as version 1 has made it. */
function oldRecording(file: string): void {
  using database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE source (id INTEGER PRIMARY KEY, service TEXT NOT NULL, attribute TEXT NOT NULL,
      arguments TEXT NOT NULL, unit TEXT NOT NULL, since REAL NOT NULL,
      UNIQUE (service, attribute, arguments, unit));
    CREATE TABLE reading (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, time REAL NOT NULL,
      received REAL NOT NULL, value REAL, json TEXT);
    CREATE INDEX reading_of_source ON reading (source, time);
    CREATE TABLE gap (source INTEGER NOT NULL, start REAL NOT NULL, "end" REAL,
      reason TEXT NOT NULL, PRIMARY KEY (source, start)) WITHOUT ROWID;
    CREATE TABLE rollup (source INTEGER NOT NULL, width INTEGER NOT NULL, bucket INTEGER NOT NULL,
      low REAL NOT NULL, high REAL NOT NULL, sum REAL NOT NULL, count INTEGER NOT NULL,
      PRIMARY KEY (source, width, bucket)) WITHOUT ROWID;
    CREATE TABLE progress (rolled_up INTEGER NOT NULL);
    INSERT INTO progress VALUES (0);
    INSERT INTO source VALUES (1, 'Scope', 'trace', '', 'V', 0);
    INSERT INTO reading VALUES (1, 1, 0, 0, 1.5, NULL), (2, 1, 1, 1, NULL, '[1,2]'),
      (3, 1, 2, 2, NULL, '{"__array__":1}');
    PRAGMA application_id = ${0x4d534c52};
    PRAGMA user_version = 1;
  `);
}

/** The version in the header of a database. */
function versionOf(file: string): unknown {
  using database = new DatabaseSync(file, { readOnly: true });
  return database.prepare("PRAGMA user_version").get()!.user_version;
}

Deno.test("SQLite gives arrays of every kind back to the bit, with their shapes", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const arrays = arraysOfAllKinds();
  await recorded(file, arrays);
  // NumPy has no type for what is clamped.
  const bytes = (array: unknown) =>
    array instanceof Uint8ClampedArray ? Uint8Array.from(array) : array;
  assertEquals(valuesOf(file).map(described), arrays.map((array) => described(bytes(array))));
});

Deno.test("plain Python reads the arrays of a recording", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const picture = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 65_535), [2, 3]);
  await recorded(file, [Float64Array.of(0.1, -0, 5e-324), picture, 7, new Float32Array(0)]);
  // The two lines of the page, with a NumPy that is only the module "array".
  const page = await Deno.readTextFile(new URL("../../docs/how-to/record.md", import.meta.url));
  const [, lines] = /```python\n(import json\n[^`]*numpy\.frombuffer[^`]*)```/.exec(page)!;
  await Deno.writeTextFile(
    folder.join("numpy.py"),
    `
import array
class ndarray(list):
    def reshape(self, shape):
        self.shape = shape
        return self
def frombuffer(data, dtype):
    return ndarray(array.array({"<f8": "d", "<u2": "H", "<f4": "f"}[dtype], data))
`,
  );
  const followed = await tool(
    "python3",
    "-c",
    `import os, sys\nos.chdir(sys.argv[1])\nsys.path.insert(0, ".")\n${lines}`,
    folder.path,
  );
  assertEquals(followed.trim().split(/\r?\n/).map((line) => line.slice(line.indexOf(" ") + 1)), [
    "[3] [0.1, -0.0, 5e-324]",
    "[2, 3] [1, 2, 3, 4, 5, 65535]",
    "[0] []",
  ]);
  const script = `
import array, json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT value, json, dtype, shape, data FROM reading")
print(json.dumps([
    [value, text, dtype, json.loads(shape), array.array({"f8": "d", "f4": "f", "u2": "H"}[dtype[1:]], data).tolist()]
    if data is not None else value for value, text, dtype, shape, data in rows]))`;
  assertEquals(JSON.parse(await tool("python3", "-c", script, file)), [
    [null, null, "<f8", [3], [0.1, -0, 5e-324]],
    [null, null, "<u2", [2, 3], [1, 2, 3, 4, 5, 65_535]],
    7,
    [null, null, "<f4", [0], []],
  ]);
});

Deno.test("an array is no number: the history and its summaries leave it out", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  await recorded(file, [1, Float64Array.of(1e9), new NdArray(Int16Array.of(500), []), 3]);
  using recording = new RecordingFile(file);
  const buckets = recording.buckets(1, { start: 0, end: 10 }, 1);
  assertEquals(buckets.map(({ low, high, count }) => [low, high, count]), [[1, 3, 2]]);
});

Deno.test("a recording of version 1 is read as it is, and is continued with arrays", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  oldRecording(file);
  const old = [1.5, [1, 2], { __array__: 1 }];
  assertEquals([valuesOf(file), versionOf(file)], [old, 1]);
  const target = await openTarget(file);
  const source = target.source(TRACE);
  assertEquals([source, target.end(source)], [1, { time: 2, received: 2 }]);
  target.write([{ source, time: 3, received: 3, value: Int32Array.of(7) }], []);
  await target.close();
  assertEquals([valuesOf(file), versionOf(file)], [[...old, Int32Array.of(7)], 2]);
  await (await openTarget(file)).close();
  assertEquals(valuesOf(file).length, 4);
});

Deno.test("a journal of version 1 becomes a Parquet file", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  await Deno.mkdir(name);
  oldRecording(`${name}/_journal-1.sqlite`);
  await (await openTarget(name)).close();
  const file = await asyncBufferFromFile(`${name}/recording-000001.parquet`);
  const rows = await parquetReadObjects({ file });
  assertEquals(rows.map(({ value, json, data }) => [value, json, data ?? null]), [
    [1.5, null, null],
    [null, "[1,2]", null],
    [null, '{"__array__":1}', null],
  ]);
});

Deno.test("Parquet has the type, the shape and the bytes of an array, in groups of bounded size", async () => {
  await using folder = await temporaryFolder();
  const name = folder.join("lab.parquet");
  const long = Array.from({ length: 24 }, (_, index) => new Float64Array(131_072).fill(index));
  const arrays = [...arraysOfAllKinds(), ...long];
  await recorded(name, [7, ...arrays]);
  const file = await asyncBufferFromFile(`${name}/recording-000001.parquet`);
  const rows = await parquetReadObjects({ file, utf8: false });
  assertEquals([rows[0].value, rows[0].data ?? null], [7, null]);
  assertEquals(
    rows.slice(1).map(({ dtype, shape, data }) => [dtype, shape, (data as Uint8Array).toBase64()]),
    arrays.map(storedArray).map(({ dtype, shape, data }) => [dtype, shape, data.toBase64()]),
  );
  const { row_groups: groups } = await parquetMetadataAsync(file);
  const largest = Math.max(...groups.map(({ total_byte_size }) => Number(total_byte_size)));
  assert(largest < 10 * 1024 * 1024, `${largest} bytes`);
});

Deno.test("a file of text has an array as lists, with all digits, and Python reads them", async () => {
  using folder = await temporaryFolder();
  const jsonl = folder.join("lab.jsonl");
  const csv = folder.join("lab.csv");
  const picture = new NdArray(Float32Array.of(1 / 3, -0, 2, 3), [2, 2]);
  const arrays = [...Object.values(KINDS), picture];
  await recorded(jsonl, arrays);
  await recorded(csv, arrays);
  const script = `
import csv, json, struct, sys
lines = [json.loads(line)["value"] for line in open(sys.argv[1])]
csv.field_size_limit(sys.maxsize)
cells = [json.loads(row["value"]) for row in csv.DictReader(open(sys.argv[2], newline=""))]
def flat(value):
    return [one for item in value for one in flat(item)] if isinstance(value, list) else [value]
def packed(values):
    return [struct.pack("<" + kind * len(flat(value)), *flat(value)).hex() for kind, value in zip("bBhHiIqQefdf", values)]
assert lines[-1][0][1] == 0 and len(lines[-1]) == 2 and len(lines[-1][1]) == 2
print(json.dumps([packed(lines), packed(cells)]))`;
  const bytes = arrays.map((array) => storedArray(array).data.toHex());
  // The bits of NaN are the only ones that no text has.
  const read = JSON.parse(await tool("python3", "-c", script, jsonl, csv));
  assertEquals(read, [bytes, bytes]);
});

Deno.test("an array that is too long for the file is a gap", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  // As a list it has twice as many characters.
  const longest = new Uint8Array(MAX_RECORDED_VALUE);
  await recorded(file, [longest, new NdArray(new Uint8Array(MAX_RECORDED_VALUE + 1)), 7]);
  using recording = new RecordingFile(file);
  assertEquals(recording.latest(1)?.value, 7);
  const [source] = recording.sources();
  const reason = "a reading cannot be stored: the value is longer than 64MiB";
  assertEquals([...recording.gaps(1, ALWAYS)], [{ source: 1, start: 1, end: 2, reason }]);
  let size = 0;
  for (const { value } of recording.readings(1, { start: 0, end: 1 })) {
    size += (value as Uint8Array).length;
  }
  assertEquals(size, MAX_RECORDED_VALUE);
  // The export says what it cannot hold.
  const rows = [...recordingRows(recording, [source], ALWAYS)].join("").split("\n");
  assertEquals(rows.filter((row) => row.includes(reason)).length, 2);
});

Deno.test("an array that another program has written wrongly is an error", () => {
  const array = storedArray(Float64Array.of(1, 2));
  assertThrows(() => loadedValue({ value: null, json: null, array: { ...array, shape: "[3]" } }));
  assertThrows(() => loadedValue({ value: null, json: null, array: { ...array, dtype: "<c8" } }));
});

Deno.test("a reading that cannot be read hides no other one, and says why", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const array = Float64Array.of(1, 2);
  const wrong = [
    ["shape = '[3]'", "has 24 bytes, and 16 of them have arrived"],
    ["shape = '[['", "Unexpected end of JSON"],
    ["shape = NULL", "null is no shape"],
    ["dtype = '<c16'", "is no type of the elements"],
    ["data = NULL", "has no bytes"],
    ["data = 'text'", "has no bytes"],
    ["data = zeroblob(8)", "and 8 of them have arrived"],
    ["dtype = NULL, data = NULL, json = '{'", "in JSON"],
  ];
  await recorded(file, [...wrong.map(() => array), 7, array]);
  {
    using database = new DatabaseSync(file);
    wrong.forEach(([change], time) =>
      database.prepare(`UPDATE reading SET ${change} WHERE time = ?`).run(time)
    );
    database.prepare("UPDATE reading SET shape = '[5]' WHERE time = ?").run(wrong.length + 1);
  }
  const values = valuesOf(file);
  assertEquals(values[wrong.length], 7);
  for (const [index, [change, reason]] of wrong.entries()) {
    const value = values[index];
    assert(
      value instanceof UnreadableValue && value.reason.includes(reason),
      `${change}: ${value}`,
    );
  }
  using recording = new RecordingFile(file);
  const [source] = recording.sources();
  const rows = [...recordingRows(recording, [source], ALWAYS)].join("").split("\n");
  assertEquals(rows.filter((row) => row.includes("a reading cannot be read: ")).length, 9);
  assert(rows.some((row) => row.includes(",V,7,,")), rows.join("\n"));
  const [{ value }] = latestReadings(file, null);
  assert(
    String(value).startsWith("a reading cannot be read: An array of the shape [5]"),
    `${value}`,
  );
});
