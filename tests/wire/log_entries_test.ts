import { assert, assertEquals } from "@std/assert";
import { isAtLeast, isLogEntries, LogCursor, type LogEntries } from "../../wire/log_entries.ts";

function entries(started: number, first: number, numbers: number[], last = numbers.at(-1) ?? 0) {
  const records = numbers.map((number) => ({
    number,
    time: 1,
    level: "info",
    logger: "msl.network.manager",
    message: `record ${number}`,
  }));
  return { started, first, last, records } satisfies LogEntries;
}

const numbersOf = (cursor: LogCursor, reply: LogEntries) =>
  cursor.take(reply)?.records.map(({ number }) => number);

Deno.test("who follows a log asks for what is after the last record", () => {
  const cursor = new LogCursor();
  assertEquals(cursor.after, 0);
  assertEquals(numbersOf(cursor, entries(5, 1, [1, 2, 3])), [1, 2, 3]);
  assertEquals(cursor.after, 3);
  assertEquals(numbersOf(cursor, entries(5, 1, [], 3)), []);
  assertEquals(cursor.take(entries(5, 2, [4])), {
    records: entries(5, 2, [4]).records,
    missed: 0,
    isRestarted: false,
  });
  assertEquals(cursor.after, 4);
});

Deno.test("records that came and went in between are counted, those before the first request not", () => {
  const cursor = new LogCursor();
  assertEquals(cursor.take(entries(5, 100, [100]))!.missed, 0);
  assertEquals(cursor.take(entries(5, 104, [104, 105]))!.missed, 3);
  assertEquals(cursor.take(entries(5, 107, [], 106))!.missed, 1); // nothing is held
});

Deno.test("after a restart of the Manager the log is read from its beginning", () => {
  const cursor = new LogCursor();
  cursor.take(entries(5, 1, [1, 2]));
  assertEquals(cursor.take(entries(6, 1, [3, 4])), undefined);
  assertEquals(cursor.after, 0);
  const { records, missed, isRestarted } = cursor.take(entries(6, 1, [1, 2, 3, 4, 5]))!;
  assertEquals([records.length, missed, isRestarted, cursor.after], [5, 0, true, 5]);
  const empty = new LogCursor();
  empty.take(entries(5, 1, []));
  assertEquals(empty.take(entries(6, 1, [1]))!.isRestarted, true);
});

Deno.test("a reply that has no records of a log is none", () => {
  const good = entries(5, 1, [1]);
  assert(
    isLogEntries(good) && isLogEntries({ ...good, more: 1 }) && isLogEntries(entries(1, 1, [])),
  );
  const [record] = good.records;
  const bad = [
    null,
    [],
    "log",
    { ...good, started: "5" },
    { ...good, first: null },
    { ...good, last: NaN },
    { ...good, records: {} },
    { ...good, records: [null] },
    { ...good, records: [{ ...record, message: 1 }] },
    { ...good, records: [{ ...record, time: "now" }] },
  ];
  for (const value of bad) assert(!isLogEntries(value), JSON.stringify(value));
});

Deno.test("levels have an order, and an unknown one is shown", () => {
  const of = (level: string) => isAtLeast(level, "warning");
  assertEquals(["debug", "info", "warning", "error", "critical", "alert"].map(of), [
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});
