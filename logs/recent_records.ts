/**
 * The last records of the log, in memory: what an administrator gets who asks a Manager for its log.
 *
 * Each record is held as the text that it is shown as, so that no value of the program lives longer,
 * and costs what that text takes. `logging.ts` decides which records come here.
 *
 * @module
 */

import { getConfig, type LogRecord, type Sink } from "@logtape/logtape";
import { levelName } from "../base/log_level.ts";
import { messageText } from "./log_format.ts";

/** A record of the log, as it is sent to an administrator. */
export interface LogEntry {
  /** The number of the record. The first one since the start of the log has 1. */
  number: number;
  /** When it was logged, in milliseconds since 1970. */
  time: number;
  /** Python's name of its level: `debug`, `info`, `warning`, `error` or `critical`. */
  level: string;
  /** The logger, e.g. `msl.network.manager`. */
  logger: string;
  /** The message, in which characters are escaped that are not printable. */
  message: string;
}

/** Records of the log, the oldest one first, as they are sent to an administrator. */
export interface LogEntries {
  /** When the log was started, in milliseconds since 1970. The numbers count from then. */
  started: number;
  /** The number of the oldest record that is still held; that of the next record if none is. */
  first: number;
  /** The number of the last record; 0 if there was none. */
  last: number;
  records: LogEntry[];
}

/** The name of the sink in LogTape's configuration. */
export const RECENT_RECORDS = "msl-network-recent";

/** What a record takes beside its message, in bytes, about. */
const OVERHEAD = 128;

/** What a character of a message takes, in bytes, at most. */
const CHARACTER = 2;

/** A sink that holds the last records. */
export interface RecentRecords extends Sink {
  /** The records that have a greater number than this. */
  after(number: number): LogEntries;
}

/** @param size The memory that the records may take, in bytes, about. */
export function recentRecords(size: number): RecentRecords {
  const started = Date.now();
  /** The oldest one first, from `begin` on. */
  let entries: LogEntry[] = [];
  let begin = 0;
  let held = 0;
  let last = 0;
  const add = (record: LogRecord) => {
    last++;
    const entry = {
      number: last,
      time: record.timestamp,
      level: levelName(record.level),
      logger: record.category.join("."),
      message: messageText(record),
    };
    entries.push(entry);
    held += sizeOf(entry);
    while (held > size) held -= sizeOf(entries[begin++]);
    if (begin > entries.length / 2) {
      entries = entries.slice(begin);
      begin = 0;
    }
  };
  return Object.assign(add, {
    after(number: number): LogEntries {
      const first = last - (entries.length - begin) + 1;
      const from = begin + Math.max(number + 1 - first, 0);
      return { started, first, last, records: entries.slice(from) };
    },
  });
}

/** The sink that holds the last records of this process; `undefined` if none does. */
export function heldRecords(): RecentRecords | undefined {
  const sink = getConfig()?.sinks[RECENT_RECORDS];
  return sink !== undefined && "after" in sink ? sink as RecentRecords : undefined;
}

function sizeOf({ message }: LogEntry): number {
  return OVERHEAD + CHARACTER * message.length;
}
