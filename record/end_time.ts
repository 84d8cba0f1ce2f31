/**
 * When a recording ends, as a person types it.
 *
 * @module
 */

import { parseTime } from "../base/time_text.ts";
import { ValueError } from "../errors.ts";

const TIME = /^(\d\d?):(\d\d)(?::(\d\d))?$/;

/**
 * The time in milliseconds since 1970: of `2026-12-31T08:00` or `2026-12-31` in the time zone of this
 * computer, of `2026-12-31T08:00Z`, or of `08:00`, which is today or tomorrow.
 *
 * @param now The time now.
 * @throws {ValueError} When the text is no such time, or it is over.
 */
export function parseEndTime(text: string, now: number): number {
  const time = nextTime(text, now) ?? timeOfDate(text);
  if (time > now) return time;
  throw new ValueError(`${text} is over`);
}

function timeOfDate(text: string): number {
  try {
    return parseTime(text, "local");
  } catch (cause) {
    throw new ValueError(
      `Expected a time such as 18:30, 2026-12-31T18:30 or 2026-12-31T18:30Z, got ${
        JSON.stringify(text)
      }`,
      { cause },
    );
  }
}

/** The next time at which the clock of this computer shows a time; `undefined` if the text is none. */
function nextTime(text: string, now: number): number | undefined {
  const [, hours, minutes, seconds = 0] = TIME.exec(text)?.map(Number) ?? [];
  if (!(hours < 24 && minutes < 60 && !(seconds >= 60))) return undefined;
  const date = new Date(now);
  date.setHours(hours, minutes, seconds || 0, 0);
  if (date.getTime() <= now) date.setDate(date.getDate() + 1);
  return date.getTime();
}
