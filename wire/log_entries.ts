/**
 * The records of a Manager's log as an administrator receives them, and how to follow the log: each
 * request asks for the records after the last one that was seen.
 *
 * @module
 */

import type { LogEntries, LogEntry } from "../logs/recent_records.ts";
import { isObject } from "./message.ts";

export type { LogEntries, LogEntry };

/** The levels of records, the lowest one first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "critical"] as const;

/** Whether a reply has records of a log. That of a later version may have more keys. */
export function isLogEntries(value: unknown): value is LogEntries {
  return isObject(value) && ["started", "first", "last"].every((key) => isNumber(value[key])) &&
    Array.isArray(value.records) && value.records.every(isLogEntry);
}

function isLogEntry(value: unknown): value is LogEntry {
  return isObject(value) && isNumber(value.number) && isNumber(value.time) &&
    ["level", "logger", "message"].every((key) => typeof value[key] === "string");
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Whether a level is at least another one. An unknown one is. */
export function isAtLeast(level: string, least: typeof LOG_LEVELS[number]): boolean {
  const index = LOG_LEVELS.findIndex((name) => name === level);
  return index === -1 || index >= LOG_LEVELS.indexOf(least);
}

/** The new records of a log. */
export interface NewEntries {
  records: LogEntry[];
  /** How many records came and went between two requests. */
  missed: number;
  /** Whether the log was started anew: its Manager was. */
  isRestarted: boolean;
}

/** Where somebody is who follows a log. */
export class LogCursor {
  #started: number | undefined;
  #last = 0;

  /** The argument `after` of the next request. */
  get after(): number {
    return this.#last;
  }

  /**
   * Takes the reply to a request with that argument.
   *
   * @returns The new records; `undefined` if the log was started anew, so that the next request has to
   * follow at once.
   */
  take({ started, first, last, records }: LogEntries): NewEntries | undefined {
    const isRestarted = this.#started !== undefined && started !== this.#started;
    if (isRestarted && this.#last > 0) {
      this.#last = 0;
      return undefined;
    }
    const missed = this.#started === undefined ? 0 : Math.max(first - 1 - this.#last, 0);
    this.#started = started;
    this.#last = last;
    return { records, missed, isRestarted };
  }
}
