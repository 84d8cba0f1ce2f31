/**
 * The time of a reading, as a Service sends it.
 *
 * @module
 */

import { isTime } from "../wire/message.ts";

/**
 * A time as an integer of milliseconds since 1970.
 *
 * @param time Milliseconds, which are rounded. Default: now.
 * @throws {RangeError} If no `Date` can have that time.
 */
export function timeOf(time: number | undefined): number {
  if (time === undefined) return Date.now();
  const rounded = Math.round(time);
  if (isTime(rounded)) return rounded + 0; // -0 is 0
  throw new RangeError(
    `Cannot use the time of a reading: ${time} is not a number of milliseconds since 1970`,
  );
}
