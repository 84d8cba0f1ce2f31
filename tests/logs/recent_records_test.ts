import { assert, assertEquals } from "@std/assert";
import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";
import { LOG_LIMITS, LONGEST_LOG_TEXT } from "../../limits.ts";
import {
  heldRecords,
  type LogEntry,
  RECENT_RECORDS,
  recentRecords,
} from "../../logs/recent_records.ts";
import { startLogging } from "../../logging.ts";

function recordOf(text: string, level: LogRecord["level"] = "info"): LogRecord {
  return {
    category: ["msl", "network", "manager"],
    level,
    timestamp: 1_764_500_000_000,
    message: ["", text, " said so"],
    rawMessage: "{name} said so",
    properties: { name: text },
  };
}

const numbers = (records: readonly LogEntry[]) => records.map(({ number }) => number);

Deno.test("a record has its number, time, level as Python calls it, logger and message", () => {
  const recent = recentRecords(LOG_LIMITS.logRecent);
  const levels = ["trace", "debug", "info", "warning", "error", "fatal"] as const;
  for (const level of levels) recent(recordOf(level, level));
  const { first, last, records } = recent.after(0);
  assertEquals([first, last], [1, 6]);
  assertEquals(records[2], {
    number: 3,
    time: 1_764_500_000_000,
    level: "info",
    logger: "msl.network.manager",
    message: "info said so",
  });
  assertEquals(
    records.map(({ level }) => level),
    ["debug", "debug", "info", "warning", "error", "critical"],
  );
});

Deno.test("the records after a number are those that are new", () => {
  const recent = recentRecords(LOG_LIMITS.logRecent);
  const before = Date.now();
  const { started, ...none } = recent.after(0);
  assert(before - started < 60_000);
  assertEquals(none, { first: 1, last: 0, records: [] });
  for (let count = 0; count < 5; count++) recent(recordOf("x"));
  assertEquals(numbers(recent.after(0).records), [1, 2, 3, 4, 5]);
  assertEquals(numbers(recent.after(3).records), [4, 5]);
  assertEquals(numbers(recent.after(5).records), []);
  assertEquals(numbers(recent.after(6).records), []); // of another start: `started` says so
});

Deno.test("a flood of records takes no more than the limit, and the last ones are held", () => {
  const size = 16 * 1024;
  const recent = recentRecords(size);
  for (let count = 0; count < 100_000; count++) recent(recordOf(`client ${count}`));
  const { first, last, records } = recent.after(0);
  assertEquals(last, 100_000);
  assertEquals(numbers(records), Array.from(records, (_, index) => first + index));
  assertEquals(records.at(-1)!.message, "client 99999 said so");
  const taken = records.reduce((sum, { message }) => sum + message.length, 0);
  assert(records.length > 50 && 2 * taken + 128 * records.length <= size, `${records.length}`);
  assertEquals(recent.after(99_990).records.length, 10);
  assertEquals(recent.after(1).records.length, records.length); // those between are gone: `first`
});

Deno.test("a record that is larger than the limit is not held, nor is any with the limit 0", () => {
  const recent = recentRecords(200);
  recent(recordOf("a"));
  recent(recordOf("b".repeat(100)));
  assertEquals(recent.after(0).records, []);
  assertEquals([recent.after(0).first, recent.after(0).last], [3, 2]);
  recent(recordOf("c"));
  assertEquals(numbers(recent.after(0).records), [3]);
  const none = recentRecords(0);
  none(recordOf("a"));
  const { started: _, ...held } = none.after(0);
  assertEquals(held, { first: 2, last: 1, records: [] });
});

Deno.test("what a peer is called is one line, and short, and no value of the program is kept", () => {
  const recent = recentRecords(LOG_LIMITS.logRecent);
  const name = "a\n2026-11-30 [ERROR] forged \x1b[31m\u202e<script>";
  recent(recordOf(name));
  recent(recordOf("x".repeat(1_000_000)));
  const [forged, long] = recent.after(0).records.map(({ message }) => message);
  assertEquals(
    forged,
    "a\\u{a}2026-11-30 [ERROR] forged \\u{1b}[31m\\u{202e}<script> said so",
  );
  assert(long.length < LONGEST_LOG_TEXT + 50, long);
});

Deno.test("startLogging holds what it writes, and not what it leaves out", async () => {
  assertEquals(heldRecords(), undefined);
  {
    await using _logging = await startLogging("critical");
    const held = heldRecords()!;
    getLogger(["msl", "network", "test"]).error("not logged at this level");
    getLogger(["other"]).fatal("not of this package");
    assertEquals(held.after(0).records, []);
    getLogger(["msl", "network", "test"]).fatal("{name} is on fire", { name: "Heater" });
    assertEquals(held.after(0).records.map(({ message }) => message), ["Heater is on fire"]);
  }
  assertEquals(heldRecords(), undefined);
  {
    await using _logging = await startLogging("critical", undefined, { logRecent: 0 });
    getLogger(["msl", "network", "test"]).fatal("nobody will ask");
    assertEquals(heldRecords()!.after(0).records, []);
  }
});

Deno.test("an application that configures LogTape may hold records too", async () => {
  const recent = recentRecords(LOG_LIMITS.logRecent);
  await configure({
    sinks: { [RECENT_RECORDS]: recent },
    loggers: [{ category: ["msl", "network"], sinks: [RECENT_RECORDS] }, {
      category: ["logtape", "meta"],
      lowestLevel: "warning",
    }],
  });
  try {
    getLogger(["msl", "network", "manager"]).info("hello");
    assertEquals(heldRecords()!.after(0).records.length, 1);
  } finally {
    await reset();
  }
});
