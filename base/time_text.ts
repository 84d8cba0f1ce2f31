/**
 * Times as texts, in the form of ISO 8601: read as a person writes them, and written in UTC.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)? ?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * The milliseconds since 1970 of e.g. `2026-11-30`, `2026-11-30 18:05`, `2026-11-30T18:05:30.5Z` or
 * `2026-11-30T19:05+01:00`.
 *
 * @param zone The time zone of a text that has none: that of this computer, or UTC.
 * @throws {ValueError} When the text is no time.
 */
export function parseTime(text: string, zone: "local" | "UTC"): number {
  const [, day, time = "00:00", seconds = ":00", offset] = DATE.exec(text.trim()) ?? [];
  const utc = new Date(`${day}T${time}${seconds}Z`);
  // The 31st of a short month would be a day of the next one.
  const isDate = !Number.isNaN(utc.getTime()) && utc.toISOString().startsWith(`${day}T${time}`);
  const result = !isDate
    ? NaN
    : offset !== undefined
    ? Date.parse(`${day}T${time}${seconds}${offset.replace(/^(...)(\d\d)$/, "$1:$2")}`)
    : zone === "UTC"
    ? utc.getTime()
    : atLocalClock(utc);
  if (!Number.isNaN(result)) return result;
  throw new ValueError(
    "Expected a time such as 2026-11-30, 2026-11-30T18:05 or 2026-11-30T18:05:30Z, got " +
      JSON.stringify(text),
  );
}

/**
 * A time in UTC, e.g. `2026-11-30T18:05:30.500Z`; a peer may send a number that is no time, which is
 * written as it is.
 *
 * @param time In milliseconds since 1970.
 */
export function isoTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

/** The time at which the clock of this computer shows what that of UTC shows at another time. */
function atLocalClock(utc: Date): number {
  const local = new Date(0);
  local.setFullYear(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate());
  return local.setHours(
    utc.getUTCHours(),
    utc.getUTCMinutes(),
    utc.getUTCSeconds(),
    utc.getUTCMilliseconds(),
  );
}
