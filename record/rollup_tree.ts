/**
 * The rollups of a recording: minimum, maximum, sum and count of the numbers of a source in buckets of
 * several widths. They make a tree, which is deep only where there are many readings: a bucket with
 * more than {@linkcode LEAF_SIZE} numbers has the buckets of the next smaller width in it, and another
 * has none. So a source that is read once an hour costs a row a day, and a fast one is never scanned.
 * `rollup_writer.ts` makes them and `rollup_reader.ts` reads them.
 *
 * @module
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The widths of the buckets, in milliseconds; each divides the next one. */
export const WIDTHS: readonly number[] = [
  10,
  100,
  SECOND,
  10 * SECOND,
  MINUTE,
  10 * MINUTE,
  HOUR,
  6 * HOUR,
  24 * HOUR,
];

/** How many numbers a bucket may have without smaller buckets in it. */
export const LEAF_SIZE = 128;

/** The start of the bucket that a time is in. A quotient with a fraction might be rounded up. */
export function bucketOf(time: number, width: number): number {
  return Math.floor(Math.floor(time) / width) * width;
}

/** The largest number. */
export const LARGEST: number = Number.MAX_VALUE;

/** A sum that is no infinity, nor `null` for the sum of two of those. */
export function limited(sum: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, sum));
}
