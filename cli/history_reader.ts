/**
 * Reads a history for the command `history`: from the file of a recording, or from the service of a
 * recorder that runs.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { repr } from "../base/repr.ts";
import type { Link } from "../client/link.ts";
import { RemoteError, ValueError } from "../errors.ts";
import type { Range } from "../record/alarm_settings.ts";
import {
  type HistorySpan,
  latestReadings,
  recordedSources,
  sourceHistory,
} from "../record/history.ts";
import { descriptionOf } from "../record/source_name.ts";
import { kwargs } from "../wire/call.ts";
import type { History, HistorySource, LatestReading } from "../wire/history.ts";
import { isObject } from "../wire/message.ts";

/** Limits of a source that a service gives. */
export interface SourceLimits {
  readonly warning?: Range;
  readonly alarm?: Range;
}

/** Where a history is read from. */
export interface HistoryReader {
  sources(): Promise<readonly HistorySource[]>;
  latest(): Promise<readonly LatestReading[]>;
  history(source: number, span: HistorySpan): Promise<History>;
  /** The limits of a source, where they are known. */
  limits(source: string): Promise<SourceLimits>;
}

/** Reads a file. */
export function fileReader(file: string): HistoryReader {
  return {
    sources: () => Promise.resolve(recordedSources(file)),
    latest: () => Promise.resolve(latestReadings(file, null)),
    history: (source, span) => Promise.resolve(sourceHistory(file, source, span)),
    limits: () => Promise.resolve({}), // they are not in the file
  };
}

/**
 * Reads from the service of a recorder.
 *
 * @throws {ValueError} If it answers with something else. Any service may have its name.
 */
export function serviceReader(client: Client, link: Link): HistoryReader {
  const request = async <T>(
    attribute: string,
    isAnswer: (value: unknown) => boolean,
    args = {},
  ) => {
    const answer = await link.request(attribute, args).result().catch((cause) => {
      if (!(cause instanceof RemoteError) || cause.remoteName !== "AttributeError") throw cause;
      throw new ValueError(
        `Cannot read the history: ${repr(link.serviceName)} is no recorder, it has no ${attribute}`,
        { cause },
      );
    });
    if (isAnswer(answer)) return answer as T;
    throw new ValueError(
      `Cannot read the history: ${repr(link.serviceName)} answers with something else`,
    );
  };
  const about = new Map<string, Promise<SourceLimits>>();
  return {
    sources: () => request("sources", isSources),
    latest: () => request("latest", isLatest),
    history: (source, span) =>
      request("history", isHistory, { args: [source], kwargs: kwargs({ ...span }).named }),
    limits(source) {
      let found = about.get(source);
      if (found === undefined) about.set(source, found = limitsOf(client, source));
      return found;
    },
  };
}

/** What the service of a source says of its limits. A recorder may be there without it. */
async function limitsOf(client: Client, source: string): Promise<SourceLimits> {
  try {
    const { service, attribute } = descriptionOf(source);
    const { attributes, notifications } = await client.about(service);
    const key = attribute.replace(/^:/, "");
    const said =
      (Object.hasOwn(attributes, attribute) ? attributes[attribute].result : undefined) ??
        (Object.hasOwn(notifications, key) ? notifications[key] : undefined);
    return { warning: said?.warning, alarm: said?.alarm };
  } catch {
    return {};
  }
}

/** Entries for sources, with these further members. */
function isListOf(members: Readonly<Record<string, (value: unknown) => boolean>>) {
  return (value: unknown): boolean =>
    Array.isArray(value) &&
    value.every((one) =>
      isObject(one) && Number.isInteger(one.id) && isSourceName(one.source) &&
      typeof one.unit === "string" &&
      Object.entries(members).every(([name, isMember]) => isMember(one[name]))
    );
}

function isSourceName(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    descriptionOf(value);
    return true;
  } catch {
    return false;
  }
}

/** A time that a `Date` can have. */
function isTime(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(new Date(value).getTime());
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || isTime(value);
}

function isGap(value: unknown): boolean {
  return isObject(value) && isTime(value.start) && typeof value.reason === "string";
}

function isBucket(value: unknown): boolean {
  return isObject(value) && isTime(value.start) && isTime(value.end) &&
    ["minimum", "maximum", "mean", "count"].every((name) => typeof value[name] === "number");
}

const isSources = isListOf({ start: isTimeOrNull, end: isTimeOrNull });
const isLatest = isListOf({
  time: isTimeOrNull,
  gap: (gap) => gap === null || isGap(gap),
});

function isHistory(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { buckets, gaps } = value;
  return isListOf({ start: isTime, end: isTime })([value]) &&
    Array.isArray(buckets) && buckets.every(isBucket) &&
    Array.isArray(gaps) && gaps.every((gap) => isGap(gap) && isTimeOrNull(gap.end));
}
