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

/** How many of `count` records of a message, all of one time, are admitted. */
function admitted(limiter: LogRateLimiter, message: string, count: number, at: number): number {
  const records = Array.from({ length: count }, () => limiter.admit(record(message, at)));
  return records.filter((suppressed) => suppressed !== undefined).length;
}

Deno.test("300 records of one message may come at once, and as many of another", () => {
  const limiter = new LogRateLimiter();
  assertEquals(admitted(limiter, "{peer} is loud", 1_000, 0), 300);
  assertEquals(admitted(limiter, "{peer} has disconnected", 100, 0), 100);
});

Deno.test("then one record a second is admitted, with the number of suppressed ones", () => {
  const limiter = new LogRateLimiter();
  admitted(limiter, "a", 1_000, 0);
  assertEquals(limiter.admit(record("a", 999)), undefined);
  assertEquals(limiter.admit(record("a", 1_000)), 701);
  assertEquals(limiter.admit(record("a", 1_999)), undefined);
  assertEquals(limiter.admit(record("a", 2_000)), 1);
  assertEquals(limiter.admit(record("a", 3_000)), 0);
  assertEquals(admitted(limiter, "a", 1_000, 3_000 + 10_000_000), 300);
});

Deno.test("after the clock was set back, one record a second is admitted as before", () => {
  const limiter = new LogRateLimiter();
  admitted(limiter, "a", 1_000, 0);
  assertEquals(limiter.admit(record("a", -1_000_000)), undefined);
  assertEquals(limiter.admit(record("a", -999_000)), 701);
});

Deno.test("records of the level debug are never suppressed", () => {
  const limiter = new LogRateLimiter();
  const records = Array.from({ length: 1_000 }, () => limiter.admit(record("a", 0, "debug")));
  assertEquals(new Set(records), new Set([0]));
});

Deno.test("the suppressed records that were not counted are given once", () => {
  const limiter = new LogRateLimiter();
  admitted(limiter, "a", 302, 0);
  admitted(limiter, "b", 1, 0);
  assertEquals(
    limiter.takeSuppressed().map(({ suppressed, latest }) => [suppressed, latest.rawMessage]),
    [[2, "a"]],
  );
  assertEquals(limiter.takeSuppressed(), []);
});
