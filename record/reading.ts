/**
 * What is recorded: sources, their readings, and the gaps between those. Times are in milliseconds
 * since 1970; they may have a fraction.
 *
 * @module
 */

/** What the readings of one source are. One with another unit is another source. */
export interface SourceDescription {
  /** The name of the service. */
  readonly service: string;
  /** The name of its attribute, or the key of a value in its notifications. */
  readonly attribute: string;
  /** The arguments as they were written, e.g. `"10, true"`; empty for none. */
  readonly arguments: string;
  /** The unit of the values, e.g. `"V"`; empty for none. */
  readonly unit: string;
}

/** One value of a source, and its times. */
export interface Reading {
  /** The number that the target has given the source. */
  readonly source: number;
  /** When it was measured, by the clock of the source. */
  readonly time: number;
  /** When it was received, by the clock of the recorder. */
  readonly received: number;
  /** Anything that JSON can hold, and NaN, the infinities, bigints and arrays of numbers. */
  readonly value: unknown;
}

/**
 * A time without readings of a source, and why. It begins with the last reading before it and ends with
 * the first one after it, both by the clock of the source: what was lost lies between them. Where there
 * is none, it is the clock of the recorder. A source has one gap at most that begins at a time.
 */
export interface Gap {
  /** The number that the target has given the source. */
  readonly source: number;
  /** When it began. */
  readonly start: number;
  /** When it ended; `undefined` while it lasts. */
  readonly end?: number;
  /** Why, for a person, e.g. `"the service is not connected"`. */
  readonly reason: string;
}

/** Where the record of a source ended, in a file that is continued. */
export interface RecordedEnd {
  /** When the last reading of the source was taken; `undefined` if the file has none. */
  readonly time?: number;
  /** When it was received. */
  readonly received?: number;
  /** When the recorder has begun to look for readings; only if the file has the source and none. */
  readonly since?: number;
  /** The gap that lasted at the end. To end it, write it again with its `end`. */
  readonly gap?: Gap;
}

/** The largest time that a date of JavaScript has, in milliseconds from 1970. */
const LARGEST_TIME = 8.64e15;

/** Whether a number is a time: a source may send any number as that of a reading. */
export function isTime(time: number): boolean {
  return Math.abs(time) <= LARGEST_TIME;
}
