import { assertEquals } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { LogRateLimiter } from "../../base/rate_limiter.ts";

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

/** How many of `count` records of a message, all of one time and so many bytes, are admitted. */
function admitted(
  limiter: LogRateLimiter,
  message: string,
  count: number,
  at: number,
  bytes = 256,
): number {
  const records = Array.from({ length: count }, () => record(message, at));
  return records.filter((one) => {
    if (limiter.admit(one) === undefined) return false;
    limiter.charge(one, bytes);
    return true;
  }).length;
}

Deno.test("64 KiB of records of one message may come at once, and as many of another", () => {
  const limiter = new LogRateLimiter();
  assertEquals(admitted(limiter, "{peer} is loud", 1_000, 0), 256);
  assertEquals(admitted(limiter, "{peer} has disconnected", 100, 0), 100);
  assertEquals(admitted(limiter, "{name} is long", 1_000, 0, 32 * 1024), 2);
  assertEquals(admitted(limiter, "{name} is longer", 1_000, 0, 2 ** 21), 1);
});

Deno.test("then 256 bytes a second are admitted, with the number of suppressed records", () => {
  const limiter = new LogRateLimiter();
  const next = (at: number, bytes = 256) => {
    const suppressed = limiter.admit(record("a", at));
    if (suppressed !== undefined) limiter.charge(record("a", at), bytes);
    return suppressed;
  };
  admitted(limiter, "a", 1_000, 0);
  assertEquals(next(0), undefined);
  assertEquals(next(1_000, 1_024), 745);
  assertEquals(next(1_001), undefined); // the long record is paid first
  assertEquals(next(3_900), undefined);
  assertEquals(next(4_001), 2);
  assertEquals(admitted(limiter, "a", 1_000, 10_000_000), 256);
});

Deno.test("after the clock was set back, records are admitted at the same rate", () => {
  const limiter = new LogRateLimiter();
  admitted(limiter, "a", 1_000, 0);
  assertEquals(limiter.admit(record("a", -1_000_000)), undefined);
  assertEquals(limiter.admit(record("a", -999_000)), 745);
});

Deno.test("records of the level debug are never suppressed", () => {
  const limiter = new LogRateLimiter();
  const records = Array.from({ length: 1_000 }, () => limiter.admit(record("a", 0, "debug")));
  assertEquals(new Set(records), new Set([0]));
});

Deno.test("the suppressed records that were not counted are given once", () => {
  const limiter = new LogRateLimiter();
  admitted(limiter, "a", 258, 0);
  admitted(limiter, "b", 1, 0);
  assertEquals(
    limiter.takeSuppressed().map(({ suppressed, latest }) => [suppressed, latest.rawMessage]),
    [[2, "a"]],
  );
  assertEquals(limiter.takeSuppressed(), []);
});
