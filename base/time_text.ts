/**
 * Times as a person writes them: ISO 8601, in UTC unless they say otherwise, as all times are printed.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

const ISO_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)? ?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * The milliseconds since 1970 of e.g. `2026-11-30`, `2026-11-30 18:05`, `2026-11-30T18:05:30.5Z` or
 * `2026-11-30T19:05+01:00`.
 *
 * @throws {ValueError} When the text is no time.
 */
export function parseTime(text: string): number {
  const [, year, month, day, hour = "00", minute = "00", , zone = "Z"] =
    ISO_TIME.exec(text.trim()) ??
      [];
  if (year !== undefined) {
    const seconds = /:\d\d(:\d\d(?:\.\d+)?)/.exec(text)?.[1] ?? ":00";
    const offset = zone.replace(/^(...)(\d\d)$/, "$1:$2");
    const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}${seconds}${offset}`);
    // The 31st of a short month would be a day of the next one.
    const date = new Date(`${year}-${month}-${day}T00:00Z`);
    if (!Number.isNaN(time) && date.getUTCDate() === Number(day)) return time;
  }
  throw new ValueError(
    "Expected a time such as 2026-11-30, 2026-11-30T18:05 or 2026-11-30T18:05:30+01:00, got " +
      JSON.stringify(text),
  );
}
