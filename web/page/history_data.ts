/**
 * What a recorder answers, as far as it is what a recorder answers: its sources, a history in buckets,
 * its alarms. A history becomes samples for a plot, and rows for a table.
 *
 * @module
 */

import { isoTime } from "../../base/time_text.ts";
import type { History, HistoryBucket, HistoryGap, HistorySource } from "../../wire/history.ts";
import { isObject } from "../../wire/message.ts";
import type { Samples } from "./decimation.ts";

/** A history, as far as it is checked and shown. */
export type ReceivedHistory = Pick<History, "start" | "end" | "buckets"> & {
  readonly gaps: readonly ReceivedGap[];
};
type ReceivedGap = Omit<HistoryGap, "count">;

/** A source that is not normal, or was not and nobody has acknowledged it. */
export interface RecorderAlarm {
  readonly source: string;
  readonly state: string;
  readonly time: number;
  readonly message: string;
  readonly acknowledged: boolean;
  readonly acknowledgedBy: string;
}

/** The most sources, and the most alarms, that are shown. */
const MAX_SHOWN = 1_000;
/** The most buckets, and the most gaps, of one history; more than a recorder is asked for. */
const MAX_PARTS = 2_000;

/** The sources in an answer. */
export function toSources(value: unknown): HistorySource[] {
  return listOf(value).filter((one): one is HistorySource & Record<string, unknown> =>
    isObject(one) && typeof one.id === "number" && typeof one.source === "string" &&
    typeof one.unit === "string" && isTimeOrNull(one.start) && isTimeOrNull(one.end)
  ).slice(0, MAX_SHOWN);
}

/** The alarms in an answer. */
export function toAlarms(value: unknown): RecorderAlarm[] {
  return listOf(value).filter((one): one is RecorderAlarm & Record<string, unknown> =>
    isObject(one) && typeof one.source === "string" && typeof one.state === "string" &&
    typeof one.time === "number" && typeof one.message === "string" &&
    typeof one.acknowledged === "boolean" && typeof one.acknowledgedBy === "string"
  ).slice(0, MAX_SHOWN);
}

/** @throws {TypeError} If the answer is no history. */
export function toHistory(value: unknown): ReceivedHistory {
  if (!isObject(value) || !isTime(value.start) || !isTime(value.end)) {
    throw new TypeError("The recorder has answered something that is no history");
  }
  const { start, end } = value;
  const buckets = listOf(value.buckets).filter((one): one is
    & HistoryBucket
    & Record<string, unknown> =>
    isObject(one) && isTime(one.start) && isTime(one.end) &&
    ["minimum", "maximum", "mean", "count"].every((key) => typeof one[key] === "number")
  ).slice(0, MAX_PARTS).sort((one, other) => one.start - other.start);
  const gaps = listOf(value.gaps).filter((one): one is ReceivedGap & Record<string, unknown> =>
    isObject(one) && isTime(one.start) && isTimeOrNull(one.end) && typeof one.reason === "string"
  ).slice(0, MAX_PARTS);
  return { start, end, buckets, gaps };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || isTime(value);
}

/** A time that a `Date` can have. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && !Number.isNaN(new Date(value).getTime());
}

/** A history as samples: of each bucket its lowest and its highest value, and the gaps as gaps. */
export class HistorySamples implements Samples {
  readonly #times: readonly number[];
  readonly #values: readonly number[];

  /** Draws the mean of a bucket with one reading only. */
  constructor({ buckets, gaps }: ReceivedHistory) {
    const samples: { time: number; value: number }[] = [];
    for (const { start, end, minimum, maximum, mean, count } of buckets) {
      const quarter = (end - start) / 4;
      if (count === 1 || minimum === maximum) {
        samples.push({ time: start + 2 * quarter, value: mean });
      } else {
        samples.push({ time: start + quarter, value: minimum });
        samples.push({ time: end - quarter, value: maximum });
      }
    }
    const breaks = gaps.flatMap((gap) => breakOf(gap, samples.map(({ time }) => time), buckets));
    samples.push(...breaks.map((time) => ({ time, value: NaN })));
    samples.sort((one, other) => one.time - other.time);
    this.#times = samples.map(({ time }) => time);
    this.#values = samples.map(({ value }) => value);
  }

  get length(): number {
    return this.#times.length;
  }

  timeAt(index: number): number {
    return this.#times[index];
  }

  valueAt(index: number): number {
    return this.#values[index];
  }

  indexAt(time: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Where a gap breaks the line: in the widest part without samples that it touches, as a sample stands
 * not at the time of its reading, but somewhere in its bucket.
 */
function breakOf(
  { start, end }: ReceivedGap,
  times: readonly number[],
  [first]: readonly HistoryBucket[],
): number[] {
  const width = first === undefined ? 0 : first.end - first.start;
  let widest: { from: number; to: number } | undefined;
  for (let index = 1; index < times.length; index++) {
    const [from, to] = [times[index - 1], times[index]];
    if (to < start - width || from > (end ?? Infinity) + width) continue;
    if (widest === undefined || to - from > widest.to - widest.from) widest = { from, to };
  }
  return widest === undefined ? [] : [(widest.from + widest.to) / 2];
}

/** The buckets and gaps of several histories as a table, in the order of time for each source. */
export function* historyRows(
  histories: readonly { source: string; unit: string; history: ReceivedHistory }[],
): Generator<readonly unknown[]> {
  yield ["source", "unit", "start", "end", "minimum", "maximum", "mean", "count", "gap"];
  const text = (time: number | null) => time === null ? "" : isoTime(time);
  for (const { source, unit, history: { buckets, gaps } } of histories) {
    const rows = [
      ...buckets.map(({ start, end, minimum, maximum, mean, count }) => ({
        start,
        row: [source, unit, text(start), text(end), minimum, maximum, mean, count, ""],
      })),
      ...gaps.map(({ start, end, reason }) => ({
        start,
        row: [source, unit, text(start), text(end), "", "", "", 0, reason],
      })),
    ];
    for (const { row } of rows.sort((one, other) => one.start - other.start)) yield row;
  }
}
