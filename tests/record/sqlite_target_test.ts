import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";
import { MAX_RECORDED_VALUE } from "../../limits.ts";
import { openTarget } from "../../record/open_target.ts";
import { RecordingFile } from "../../record/recording_file.ts";
import { APPLICATION_ID, VERSION } from "../../record/schema.ts";
import { TargetUnavailable } from "../../record/target.ts";
import { entriesOf, modeOf, temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { tool } from "../support/process.ts";

const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };

Deno.test("a source keeps its number, and one with another unit is another source", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const first = await openTarget(file);
  const volts = first.source(VOLTAGE);
  const millivolts = first.source({ ...VOLTAGE, unit: "mV" });
  await first.close();
  const second = await openTarget(file);
  assertEquals(second.source({ ...VOLTAGE, unit: "mV" }), millivolts);
  assertEquals(second.source(VOLTAGE), volts);
  assertEquals(volts === millivolts, false);
  await second.close();
});

Deno.test("Python's sqlite3 reads a recording while it is written", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  target.write([{ source, time: 1_000.25, received: 1_001, value: 1.5 }], [
    { source, start: 2_000, reason: "the service is not connected" },
  ]);
  const script = `
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT service, attribute, unit, time, received, value, json FROM reading JOIN source ON source = source.id")
print(json.dumps(rows.fetchall()))`;
  assertEquals(JSON.parse(await tool("python3", "-c", script, file)), [
    ["DMM", "voltage", "V", 1_000.25, 1_001, 1.5, null],
  ]);
  assertEquals(target.size > 0, true);
  await target.close();
});

Deno.test("the record of a source is continued: its last reading, and the gap that lasted", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const first = await openTarget(file);
  const source = first.source(VOLTAGE, 17);
  assertEquals(first.end(first.source(VOLTAGE, 50)), { since: 17 }); // without a row, it was killed
  const gap = { source, start: 5, reason: "the service is not connected" };
  first.write([{ source, time: 1, received: 3, value: 1 }], [gap]);
  await first.close();
  const second = await openTarget(file);
  assertEquals(second.end(source), { time: 1, received: 3, gap });
  second.write([], [{ ...gap, end: 9 }]);
  assertEquals(second.end(source), { time: 1, received: 3 });
  await second.close();
});

Deno.test("a file whose name says nothing of its kind is refused", async () => {
  await assertRejects(
    () => openTarget("lab.xyz"),
    ConfigurationError,
    "Cannot record to lab.xyz: its name must end with one of .sqlite, .csv, .jsonl, .parquet",
  );
});

Deno.test("values that are no numbers are kept as they are, and Python reads them", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const values: [value: unknown, number: number | null, json: string | null, again?: unknown][] = [
    [1.5, 1.5, null],
    [-0.1, -0.1, null],
    [2 ** 53, 2 ** 53, null],
    [5e-324, 5e-324, null],
    ["text", null, '"text"'],
    ["12", null, '"12"'],
    ["", null, '""'],
    [true, 1, "true"],
    [false, 0, "false"],
    [null, null, "null"],
    [undefined, null, "null", null],
    [
      12_345_678_901_234_567_890n,
      12_345_678_901_234_567_000,
      "12345678901234567890",
      12_345_678_901_234_567_000,
    ],
    [NaN, null, "NaN"],
    [Infinity, null, "Infinity"],
    [-Infinity, null, "-Infinity"],
    [[1, "a", null], null, '[1,"a",null]'],
    [{ a: [1] }, null, '{"a":[1]}'],
    [{ a: new Float64Array([0.5, NaN]) }, null, '{"a":[0.5,NaN]}', { a: [0.5, NaN] }],
  ];
  const readings = values.map(([value], time) => ({ source, time, received: time, value }));
  target.write(readings, []);
  const script = `
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT value, json FROM reading ORDER BY time")
print(json.dumps([list(row) for row in rows if row[1] is None or json.loads(row[1]) is not sys]))`;
  assertEquals(
    JSON.parse(await tool("python3", "-c", script, file)),
    values.map(([_, number, json]) => [number, json]),
  );
  using recording = new RecordingFile(file);
  assertEquals(
    Array.from(recording.readings(source, { start: 0, end: 100 }), ({ value }) => value),
    values.map(([value, _number, _json, again = value]) => again === undefined ? null : again),
  );
  await target.close();
});

Deno.test("a value that cannot be stored is a gap, and what was received with it is stored", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const long = "x".repeat(MAX_RECORDED_VALUE);
  const values = [1, () => {}, long, new Float64Array(MAX_RECORDED_VALUE / 4), "ok"];
  target.write(values.map((value, time) => ({ source, time, received: time, value })), []);
  using recording = new RecordingFile(file);
  const read = Array.from(recording.readings(source, { start: 0, end: 9 }), ({ value }) => value);
  assertEquals(read, [1, "ok"]);
  const tooLong = "a reading cannot be stored: the value is longer than 64MiB";
  assertEquals(Array.from(recording.gaps(source, { start: 0, end: 9 })).slice(1), [
    { source, start: 2, end: 3, reason: tooLong },
    { source, start: 3, end: 4, reason: tooLong },
  ]);
  await target.close();
});

Deno.test("a reading with a time that is none has the time of its receipt", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const times = [NaN, Infinity, 1e300, -1e16];
  target.write(times.map((time, index) => ({ source, time, received: index, value: 0 })), []);
  using recording = new RecordingFile(file);
  const read = Array.from(recording.readings(source, { start: 0, end: 9 }), ({ time }) => time);
  assertEquals(read, [0, 1, 2, 3]);
  await target.close();
});

for (
  const [what, sql, message] of [
    [
      "another program",
      "CREATE TABLE t (a)",
      "it is no recording, but a database of another program. Use another name",
    ],
    [
      "another program that marks it",
      "PRAGMA application_id = 7",
      "it is no recording, but a database of another program. Use another name",
    ],
    [
      "a later version",
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${
        VERSION + 1
      }; CREATE TABLE t (a)`,
      `a recording of version ${VERSION + 1}, and this program knows version ${VERSION}. ` +
      "Update it, or use another name",
    ],
  ]
) {
  Deno.test(`a database of ${what} is refused, and not changed`, async () => {
    using folder = await temporaryFolder();
    const file = folder.join("lab.sqlite");
    const other = new DatabaseSync(file);
    other.exec(sql);
    other.close();
    const before = await Deno.readFile(file);
    const text = `Cannot use ${file}: ${message}`;
    await assertRejects(() => openTarget(file), ConfigurationError, text);
    assertThrows(() => new RecordingFile(file), ConfigurationError, text);
    assertEquals(await Deno.readFile(file), before);
    assertEquals(entriesOf(folder.path), ["lab.sqlite"]);
  });
}

Deno.test("a file that is no database is refused, and not changed", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  for (const content of ["x", "time,value\n".repeat(1_000)]) {
    await Deno.writeTextFile(file, content);
    const text = `Cannot record to ${file}: file is not a database. Use another name`;
    await assertRejects(() => openTarget(file), ConfigurationError, text);
    assertEquals(await Deno.readTextFile(file), content);
  }
});

Deno.test("a recording that another program has locked is written later, and nobody waits for long", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE, 17);
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  const reading = { source, time: 1, received: 1, value: 1 };
  const before = performance.now();
  assertThrows(() => target.write([reading], []), TargetUnavailable, "database is locked");
  assertThrows(() => target.source({ ...VOLTAGE, unit: "mV" }), TargetUnavailable);
  assert(performance.now() - before < 2_000);
  assertEquals(target.end(source), { since: 17 });
  other.exec("ROLLBACK");
  target.write([reading], []);
  assertEquals(target.end(source), { time: 1, received: 1 });
  other.close();
  await target.close();
});

Deno.test("of a batch that fails half way nothing is written, and later all of it", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE, 17);
  const other = new DatabaseSync(file);
  const write = () =>
    target.write([{ source, time: 1, received: 1, value: 1 }], [{ source, start: 2, reason: "x" }]);
  other.exec("ALTER TABLE gap RENAME TO away");
  assertThrows(write, ConfigurationError, "no such table: gap");
  other.exec("ALTER TABLE away RENAME TO gap");
  assertEquals(target.end(source), { since: 17 });
  write();
  const { time, received, gap } = target.end(source);
  assertEquals([time, received, gap?.start], [1, 1, 2]);
  other.close();
  await target.close();
});

Deno.test("a reader that reads for long does not stop the writer", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const readings = Array.from(
    { length: 1_000 },
    (_, time) => ({ source, time, received: time, value: 1 }),
  );
  target.write(readings, []);
  using recording = new RecordingFile(file);
  const reader = recording.readings(source, { start: 0, end: 5_000 });
  reader.next();
  for (let batch = 1; batch <= 3; batch++) {
    target.write(readings.map((it) => ({ ...it, time: it.time + batch * 1_000 })), []);
  }
  assertEquals([...reader].length, 999, "what was there when it began");
  assertEquals([...recording.readings(source, { start: 0, end: 5_000 })].length, 4_000);
  await target.close();
});

Deno.test("a recording that is damaged while it is written ends it", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  const other = new DatabaseSync(file);
  other.exec("DROP TABLE reading");
  other.close();
  assertThrows(
    () => target.write([{ source, time: 1, received: 1, value: 1 }], []),
    ConfigurationError,
    `Cannot write ${file}: no such table: reading`,
  );
  await target.close();
  const message = `Cannot record to ${file}: no such table`;
  await assertRejects(() => openTarget(file), ConfigurationError, message);
  assertEquals(entriesOf(folder.path), ["lab.sqlite"], "the lock is free");
});

for (const [sync, mode] of [["normal", 1], ["full", 2]] as const) {
  Deno.test(`with sync ${sync} SQLite synchronizes as it should, and keeps a log beside the file`, async () => {
    using folder = await temporaryFolder();
    const file = folder.join("lab.sqlite");
    const pragmas: unknown[] = [];
    const { exec } = DatabaseSync.prototype;
    DatabaseSync.prototype.exec = function (sql: string) {
      exec.call(this, sql);
      if (/synchronous/.test(sql)) {
        pragmas.push(this.prepare("PRAGMA synchronous").get()!.synchronous);
      }
    };
    try {
      const target = await openTarget(file, { sync });
      target.source(VOLTAGE);
      assertEquals(pragmas, [mode]);
      assertEquals(entriesOf(folder.path).filter((name) => name.endsWith("-wal")).length, 1);
      await target.close();
    } finally {
      DatabaseSync.prototype.exec = exec;
    }
    assertEquals(entriesOf(folder.path), ["lab.sqlite"], "one file is left, which can be copied");
    using closed = new DatabaseSync(file, { readOnly: true });
    assertEquals(closed.prepare("PRAGMA journal_mode").get()!.journal_mode, "delete");
  });
}

posixTest("a recording can be read by its owner alone", async () => {
  using folder = await temporaryFolder();
  for (const extension of [".sqlite", ".csv", ".jsonl"]) {
    const file = folder.join(`lab${extension}`);
    await (await openTarget(file)).close();
    assertEquals(modeOf(file), 0o600);
  }
});

posixTest("a pipe with the name of a recording is refused", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  await tool("mkfifo", file);
  await assertRejects(() => openTarget(file), ConfigurationError, "file is not a database");
});
