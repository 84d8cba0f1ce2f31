/**
 * How much is logged, and changing that while a program runs, also from afar.
 *
 * The level is kept in a filter of LogTape's configuration, which is the application's: a program
 * that configures its logs without a {@linkcode LevelFilter} keeps the level that it chose.
 *
 * @module
 */

import { compareLogLevel, type Filter, getConfig, type LogLevel } from "@logtape/logtape";
import { ValueError } from "../errors.ts";

/** The name of the filter in LogTape's configuration. */
export const LEVEL_FILTER = "msl-network-level";

/** Lets records pass that are at least of its level. The level can be changed at any time. */
export interface LevelFilter extends Filter {
  level: LogLevel;
}

/** Python's names of the levels, and their numbers, of which any in between is allowed. */
const LEVELS: readonly (readonly [names: readonly string[], number: number, level: LogLevel])[] = [
  [["debug"], 10, "debug"],
  [["info"], 20, "info"],
  [["warning", "warn"], 30, "warning"],
  [["error"], 40, "error"],
  [["critical", "fatal"], 50, "fatal"],
];

/** Makes a filter. */
export function levelFilter(level: LogLevel): LevelFilter {
  const filter: LevelFilter = Object.assign(
    (record: Parameters<Filter>[0]) => compareLogLevel(record.level, filter.level) >= 0,
    { level },
  );
  return filter;
}

/**
 * The log level that a name or number of Python's stands for, e.g. `"warning"` or 30.
 *
 * @throws {ValueError} If there is no such level.
 */
export function parseLevel(level: string | number): LogLevel {
  const text = String(level).trim().toLowerCase();
  for (const [names, number, found] of LEVELS) {
    if (names.includes(text) || (/^\d+$/.test(text) && Number(text) <= number)) return found;
  }
  throw new ValueError(
    `Cannot log at level ${level}: the levels are debug, info, warning, error and critical`,
  );
}

/**
 * Changes how much this process logs.
 *
 * @returns Whether it could: not where the application configured LogTape without a filter of ours.
 * @throws {ValueError} If there is no such level.
 */
export function setLoggingLevel(level: string | number): boolean {
  const parsed = parseLevel(level);
  const filter = getConfig()?.filters?.[LEVEL_FILTER];
  if (typeof filter !== "function" || !("level" in filter)) return false;
  filter.level = parsed;
  return true;
}
