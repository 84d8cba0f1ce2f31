/**
 * When a recording ends, as a person types it.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;
const TIME = /^(\d\d?):(\d\d)(?::(\d\d))?$/;

/**
 * The time in milliseconds since 1970: of `2026-12-31T08:00` or `2026-12-31` in the time zone of this
 * computer, of `2026-12-31T08:00Z`, or of `08:00`, which is today or tomorrow.
 *
 * @param now The time now.
 * @throws {ValueError} When the text is no such time, or it is over.
 */
export function parseEndTime(text: string, now: number): number {
  const time = DATE.test(text) ? timeOfDate(text) : nextTime(text, now);
  if (Number.isNaN(time)) {
    throw new ValueError(
      `Expected a time such as 18:30, 2026-12-31T18:30 or 2026-12-31T18:30Z, got ${
        JSON.stringify(text)
      }`,
    );
  }
  if (time > now) return time;
  throw new ValueError(`${text} is over`);
}

/** A date without a time is the midnight of this computer, not of UTC. */
function timeOfDate(text: string): number {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const time = Date.parse(isDay ? `${text}T00:00` : text.replace(" ", "T"));
  // Date.parse takes the 31st of February for the 3rd of March.
  const [, day] = /^\d{4}-\d\d-(\d\d)/.exec(text)!;
  const isZoned = /(?:Z|[+-]\d\d:\d\d)$/.test(text) && !isDay;
  return isZoned || new Date(time).getDate() === Number(day) ? time : NaN;
}

function nextTime(text: string, now: number): number {
  const [, hours, minutes, seconds = 0] = TIME.exec(text)?.map(Number) ?? [];
  if (!(hours < 24 && minutes < 60 && !(seconds >= 60))) return NaN;
  const date = new Date(now);
  date.setHours(hours, minutes, seconds || 0, 0);
  if (date.getTime() <= now) date.setDate(date.getDate() + 1);
  return date.getTime();
}
