/**
 * What of a batch is stored, by every kind of target. A reading that cannot be stored becomes a gap
 * that says why: it must not stop the ones after it, nor be lost without a word.
 *
 * @module
 */

import { type Gap, isTime, type Reading } from "./reading.ts";
import { type StoredValue, storedValue } from "./stored_value.ts";

/** A reading as it is stored. */
export interface StoredReading extends StoredValue {
  readonly source: number;
  readonly time: number;
  readonly received: number;
}

/** What is stored of a batch. */
export interface StoredBatch {
  readonly readings: readonly StoredReading[];
  readonly gaps: readonly Gap[];
}

/**
 * What is stored of a batch. A reading whose time is none has the time of its receipt.
 *
 * @param columns The columns of a value. Default: those of a database.
 */
export function storedBatch(
  readings: readonly Reading[],
  gaps: readonly Gap[],
  columns: (value: unknown) => StoredValue = storedValue,
): StoredBatch {
  const stored: StoredReading[] = [];
  const unstored: Gap[] = [];
  for (const { source, time: given, received, value } of readings) {
    const time = isTime(given) ? given : received;
    try {
      stored.push({ source, time, received, ...columns(value) });
    } catch (error) {
      const reason = `a reading cannot be stored: ${(error as Error).message}`;
      unstored.push({ source, start: time, end: Math.max(received, time + 1), reason });
    }
  }
  return { readings: stored, gaps: unstored.length === 0 ? gaps : [...gaps, ...unstored] };
}
