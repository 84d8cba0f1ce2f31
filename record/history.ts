/**
 * What a recording knows, as plain values: its sources, their latest readings, and their history in
 * buckets. `history_service.ts` calls these functions in a worker, the command `history` in its own
 * process.
 *
 * @module
 */

import { isoTime } from "../base/time_text.ts";
import { ValueError } from "../errors.ts";
import { HISTORY_LIMITS } from "../limits.ts";
import {
  type History,
  type HistoryGap,
  type HistorySource,
  lasts,
  type LatestReading,
} from "../wire/history.ts";
import type { Gap } from "./reading.ts";
import { type RecordedSource, RecordingFile, UnreadableValue } from "./recording_file.ts";
import { findSources, sourceName } from "./source_name.ts";

/** Which part of a history. */
export interface HistorySpan {
  /** The first time, in milliseconds since 1970. Default: that of the first reading. */
  readonly start?: number;
  /**
   * The time after the last one. Default: after the last reading, or now if there is a gap since that
   * lasts, or if `start` is given.
   */
  readonly end?: number;
  /** How many buckets at most, up to {@linkcode HISTORY_LIMITS}. Default: 1,000. */
  readonly points?: number;
}

/** The sources of a recording, in the order in which they were first recorded. */
export function recordedSources(file: string): HistorySource[] {
  using recording = new RecordingFile(file);
  return recording.sources().map((one) => {
    const span = recording.span(one.id);
    return { ...labelOf(one), start: span?.start ?? null, end: span?.end ?? null };
  });
}

/**
 * The latest reading of each source.
 *
 * @param names Names or numbers of sources; `null` for all.
 * @throws {ValueError} If there is no such source.
 */
export function latestReadings(
  file: string,
  names: readonly (string | number)[] | null,
): LatestReading[] {
  using recording = new RecordingFile(file);
  const sources = recording.sources();
  const wanted = names === null ? sources : names.flatMap((name) => select(sources, name));
  return [...new Set(wanted)].map((one) => {
    const reading = recording.latest(one.id);
    const gap = recording.lastGap(one.id);
    return {
      ...labelOf(one),
      time: reading?.time ?? null,
      value: reading?.value instanceof UnreadableValue
        ? reading.value.reason
        : reading?.value ?? null,
      gap: gap === undefined || gap.end !== undefined
        ? null
        : { start: gap.start, reason: gap.reason },
    };
  });
}

/**
 * The history of a source: minimum, maximum, mean and count of its numbers in equal parts of a span.
 *
 * @param name Its name or number. Of several that differ in the unit, it is the one with the latest
 * reading.
 * @param now In milliseconds since 1970.
 * @throws {ValueError} If there is no such source, or several, or the span is empty.
 */
export function sourceHistory(
  file: string,
  name: string | number,
  { start, end, points = HISTORY_LIMITS.defaultPoints }: HistorySpan = {},
  now: number = Date.now(),
): History {
  using recording = new RecordingFile(file);
  const one = latestOf(recording, select(recording.sources(), name), name);
  const span = spanOf(recording, one.id, { start, end }, now);
  return historyOf(recording, one, span, points);
}

function labelOf(source: RecordedSource): { id: number; source: string; unit: string } {
  return { id: source.id, source: sourceName(source), unit: source.unit };
}

function select(sources: readonly RecordedSource[], name: string | number): RecordedSource[] {
  if (typeof name === "string") return findSources(sources, name);
  const found = sources.filter(({ id }) => id === name);
  if (found.length > 0) return found;
  throw new ValueError(`Cannot find a source with the number ${name} in the recording`);
}

/** The one source of several units that has the latest reading. */
function latestOf(
  recording: RecordingFile,
  sources: readonly RecordedSource[],
  name: string | number,
): RecordedSource {
  const names = new Set(sources.map(sourceName));
  if (names.size > 1) {
    throw new ValueError(`Cannot give one history of ${name}: it means ${[...names].join(", ")}`);
  }
  if (sources.length === 1) return sources[0];
  const end = ({ id }: RecordedSource) => recording.span(id)?.end ?? -Infinity;
  return sources.reduce((latest, one) => end(one) >= end(latest) ? one : latest);
}

function spanOf(
  recording: RecordingFile,
  source: number,
  wanted: HistorySpan,
  now: number,
): { start: number; end: number } {
  const readings = recording.span(source);
  const gap = recording.lastGap(source);
  const start = wanted.start ?? readings?.start ?? gap?.start ?? now;
  const last = Math.max((readings?.end ?? -Infinity) + 1, gap?.end ?? -Infinity);
  const goesOn = wanted.start !== undefined || (gap !== undefined && lasts(gap));
  const recorded = goesOn || last === -Infinity ? Math.max(last, now) : last;
  const end = wanted.end ?? Math.max(recorded, wanted.start === undefined ? start + 1 : -Infinity);
  if (start < end) return { start, end };
  throw new ValueError(
    `Cannot give the history from ${isoTime(start)} to ${isoTime(end)}: it ends before it starts`,
  );
}

function historyOf(
  recording: RecordingFile,
  one: RecordedSource,
  span: { start: number; end: number },
  points: number,
): History {
  const buckets = recording.buckets(one.id, span, points)
    .map(({ start, end, low, high, mean, count }) => ({
      start,
      end,
      minimum: low,
      maximum: high,
      mean,
      count,
    }));
  const gaps = merged(recording.gaps(one.id, span), (span.end - span.start) / points);
  return { ...labelOf(one), ...span, buckets, gaps };
}

/** Gaps of which those that are nearer to each other than a width are one. */
function merged(gaps: Iterable<Gap>, width: number): HistoryGap[] {
  const all: { start: number; end: number | null; reason: string; count: number }[] = [];
  let longest = 0;
  for (const { start, end = null, reason } of gaps) {
    const last = all.at(-1);
    const length = (end ?? Infinity) - start;
    if (last === undefined || (last.end !== null && start - last.end >= width)) {
      all.push({ start, end, reason, count: 1 });
      longest = length;
      continue;
    }
    last.end = last.end === null || end === null ? null : Math.max(last.end, end);
    last.count++;
    if (length > longest) [last.reason, longest] = [reason, length];
  }
  return all;
}
