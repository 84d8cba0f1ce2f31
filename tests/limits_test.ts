import { assertEquals, assertThrows } from "@std/assert";
import { LIMITS, LOG_LIMITS, resolveLimits, resolveLogLimits } from "../limits.ts";

Deno.test("a limit that is not given has its default", () => {
  assertEquals(resolveLimits(), LIMITS);
  assertEquals(resolveLimits({ maxDepth: 7 }), { ...LIMITS, maxDepth: 7 });
});

Deno.test("queueLow and queueLimit are in proportion to queueHigh if they are not given", () => {
  const { queueHigh, queueLow, queueLimit } = LIMITS;
  const half = resolveLimits({ queueHigh: queueHigh / 2 });
  assertEquals(half.queueLow, queueLow / 2);
  assertEquals(half.queueLimit, queueLimit / 2);
  assertEquals(resolveLimits({ queueHigh: queueHigh / 2, queueLow: 1 }).queueLow, 1);
});

Deno.test("maxServiceRequests is in proportion to maxRequests if it is not given", () => {
  assertEquals(LIMITS.maxServiceRequests, 10 * LIMITS.maxRequests);
  assertEquals(resolveLimits({ maxRequests: 7 }).maxServiceRequests, 70);
  assertEquals(resolveLimits({ maxRequests: 7, maxServiceRequests: 8 }).maxServiceRequests, 8);
});

Deno.test("a limit out of its range is rejected with its name and the range", () => {
  assertThrows(() => resolveLimits({ maxDepth: 0 }), RangeError, "maxDepth");
  assertThrows(() => resolveLimits({ maxPending: NaN }), RangeError, "maxPending");
  assertThrows(() => resolveLimits({ queueHigh: Infinity }), RangeError, "queueHigh");
  assertThrows(() => resolveLimits({ stallTimeout: NaN }), RangeError, "from 1 to Infinity");
  assertThrows(() => resolveLimits({ handshakeTimeout: 0 }), RangeError, "from 1");
});

Deno.test("a time may be as long as one likes, also Infinity for no limit", () => {
  const times = { stallTimeout: 2 ** 31, handshakeTimeout: Infinity, grace: Infinity };
  assertEquals(resolveLimits(times), { ...LIMITS, ...times });
});

Deno.test("silenceTimeout and grace may be 0", () => {
  assertEquals(resolveLimits({ silenceTimeout: 0, grace: 0 }).silenceTimeout, 0);
});

Deno.test("the limits of a log have defaults and a range, and may be 0", () => {
  assertEquals(resolveLogLimits({ logSize: undefined }), LOG_LIMITS);
  const none = { logSize: 0, logAge: 0, logFiles: 0, logRecent: 0 };
  assertEquals(resolveLogLimits(none), none);
  assertThrows(() => resolveLogLimits({ logAge: -1 }), RangeError, "logAge");
  assertThrows(() => resolveLogLimits({ logSize: Infinity }), RangeError, "logSize");
  assertThrows(() => resolveLogLimits({ logRecent: 16 * 2 ** 20 + 1 }), RangeError, "16777216");
});
