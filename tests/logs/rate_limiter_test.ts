import { assertEquals } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { LogRateLimiter } from "../../logs/rate_limiter.ts";

const START = 1_800_000_000_000;

/** A record of a message, so many milliseconds after the start. */
function record(rawMessage: string, at: number, level: LogRecord["level"] = "warning"): LogRecord {
  const timestamp = START + at;
  return {
    category: ["msl", "network", "router"],
    level,
    timestamp,
    rawMessage,
    message: [],
    properties: {},
  };
}

/** How many of so many records of a message at one time are admitted. */
function admitted(flood: LogRateLimiter, message: string, count: number, at: number): number {
  const records = Array.from({ length: count }, () => flood.admit(record(message, at)));
  return records.filter((leftOut) => leftOut !== undefined).length;
}

Deno.test("of one message 300 records may come at once, and of another as many", () => {
  const flood = new LogRateLimiter();
  assertEquals(admitted(flood, "{peer} is loud", 1_000, 0), 300);
  assertEquals(admitted(flood, "{peer} has left", 100, 0), 100);
});

Deno.test("one a second may follow, after what tells how many there were", () => {
  const flood = new LogRateLimiter();
  admitted(flood, "a", 1_000, 0);
  assertEquals(flood.admit(record("a", 999)), undefined);
  assertEquals(flood.admit(record("a", 1_000)), 701);
  assertEquals(flood.admit(record("a", 1_999)), undefined);
  assertEquals(flood.admit(record("a", 2_000)), 1);
  assertEquals(flood.admit(record("a", 3_000)), 0);
  assertEquals(admitted(flood, "a", 1_000, 3_000 + 10_000_000), 300);
});

Deno.test("after the clock was set back it goes on from there", () => {
  const flood = new LogRateLimiter();
  admitted(flood, "a", 1_000, 0);
  assertEquals(flood.admit(record("a", -1_000_000)), undefined);
  assertEquals(flood.admit(record("a", -999_000)), 701);
});

Deno.test("what is asked for with the level debug is never left out", () => {
  const flood = new LogRateLimiter();
  const records = Array.from({ length: 1_000 }, () => flood.admit(record("a", 0, "debug")));
  assertEquals(new Set(records), new Set([0]));
});

Deno.test("what was left out at the end is told once", () => {
  const flood = new LogRateLimiter();
  admitted(flood, "a", 302, 0);
  admitted(flood, "b", 1, 0);
  assertEquals(flood.rest().map(({ leftOut, latest }) => [leftOut, latest.rawMessage]), [[2, "a"]]);
  assertEquals(flood.rest(), []);
});
