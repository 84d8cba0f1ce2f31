/**
 * What a recorder answers: its sources, their latest readings, and their history in buckets. Times are
 * in milliseconds since 1970. `record/history_service.ts` gives it, the page and the command `history`
 * read it.
 *
 * @module
 */

/** The role by which programs find a service that gives a history. */
export const RECORDER_ROLE = "recorder.1";

/** A source of a recording. */
export interface HistorySource {
  /** Its number, which tells it from one of the same name with another unit. */
  readonly id: number;
  /** Its name, e.g. `DMM.voltage`. */
  readonly source: string;
  readonly unit: string;
  /** When its first reading was taken; `null` if there is none. */
  readonly start: number | null;
  /** When its last reading was taken; `null` if there is none. */
  readonly end: number | null;
}

/** The latest reading of a source. */
export interface LatestReading {
  readonly id: number;
  readonly source: string;
  readonly unit: string;
  /** When it was taken; `null` if there is none. */
  readonly time: number | null;
  readonly value: unknown;
  /** Why there are no readings since; `null` if they go on. */
  readonly gap: { readonly start: number; readonly reason: string } | null;
}

/** The numbers in a part of a span. */
export interface HistoryBucket {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly count: number;
}

/** A time without readings, or several that are nearer to each other than the width of a bucket. */
export interface HistoryGap {
  readonly start: number;
  /** `null` while it lasts. */
  readonly end: number | null;
  /** Why; of several, the reason of the longest one. */
  readonly reason: string;
  /** How many gaps these are. */
  readonly count: number;
}

/** The history of a source. */
export interface History {
  readonly id: number;
  readonly source: string;
  readonly unit: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Those with a number, in their order. */
  readonly buckets: readonly HistoryBucket[];
  readonly gaps: readonly HistoryGap[];
}

/** The reason of the gap at the end of a recording that was ended in order. */
const RECORDER_STOPPED = "recorder stopped";

/** Whether a gap goes on now, while others are recorded: an old recording has its end in the past. */
export function lasts(gap: { readonly end?: number | null; readonly reason: string }): boolean {
  return (gap.end ?? null) === null && !gap.reason.startsWith(RECORDER_STOPPED);
}
