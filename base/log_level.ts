/**
 * The log level of a program. It can be changed while the program runs, also by a request over the
 * network. It is in a filter of LogTape's configuration, which belongs to the application: a program
 * that configures LogTape without a {@linkcode LevelFilter} keeps its own level.
 *
 * @module
 */

import { compareLogLevel, type Filter, getConfig, type LogLevel } from "@logtape/logtape";
import { ValueError } from "../errors.ts";
import { LOG_CATEGORY } from "./log.ts";

/** The name of the filter in LogTape's configuration. */
export const LEVEL_FILTER = "msl-network-level";

/** Passes the records of its level and above. The levels can be changed at any time. */
export interface LevelFilter extends Filter {
  level: LogLevel;
  /** The level of what the Services of this process log, unless it is that of the whole process. */
  serviceLevel: LogLevel | undefined;
}

/** The parts of the package that log what a Service does. */
const OF_SERVICES: ReadonlySet<string> = new Set(["service", "device", "tasks", "handler"]);

/** Python's names and numbers of the levels. A number in between stands for the next level. */
const LEVELS: readonly (readonly [names: readonly string[], number: number, level: LogLevel])[] = [
  [["debug", "notset"], 10, "debug"],
  [["info"], 20, "info"],
  [["warning", "warn"], 30, "warning"],
  [["error"], 40, "error"],
  [["critical", "fatal"], Infinity, "fatal"],
];

/** Python's name of a level. */
export function levelName(level: LogLevel): string {
  return LEVELS.find(([_names, _number, one]) => compareLogLevel(level, one) <= 0)![0][0];
}

/** Makes a filter that passes the records of a level and above. */
export function levelFilter(level: LogLevel): LevelFilter {
  const filter: LevelFilter = Object.assign(
    ({ level, category }: Parameters<Filter>[0]) =>
      compareLogLevel(level, thresholdOf(filter, category)) >= 0,
    { level, serviceLevel: undefined },
  );
  return filter;
}

function thresholdOf({ level, serviceLevel }: LevelFilter, category: readonly string[]): LogLevel {
  if (serviceLevel === undefined) return level;
  const isOfManager = LOG_CATEGORY.every((part, index) => category[index] === part) &&
    !OF_SERVICES.has(category[LOG_CATEGORY.length]);
  return isOfManager ? level : serviceLevel;
}

/**
 * The log level of a name or a number of Python, e.g. `"warning"` or 30.
 *
 * @throws {ValueError} When there is no such level.
 */
export function parseLevel(level: string | number): LogLevel {
  const found = levelOf(level);
  if (found !== undefined) return found;
  throw new ValueError(
    `Cannot log at level ${level}: the levels are debug, info, warning, error and critical`,
  );
}

/** The log level of a name in any case, of a number, or of a number as text; `undefined` if it is none. */
function levelOf(level: unknown): LogLevel | undefined {
  if (level === null) return "debug"; // None is Python's NOTSET
  if (typeof level !== "string" && typeof level !== "number") return undefined;
  const text = String(level).trim().toLowerCase();
  const isNumber = /^[+-]?\d+$/.test(text);
  const found = LEVELS.find(([names, number]) =>
    names.includes(text) || (isNumber && Number(text) <= number)
  );
  return found?.[2];
}

/**
 * Changes the log level of this process, which {@linkcode startLogging} has set. A Manager does the
 * same when an administrator requests `set_logging_level`. In an application that has not called
 * `startLogging` it changes nothing: the application configures its own logging.
 *
 * @param level A name of Python in any case, or its number: `"debug"` (10), `"info"` (20),
 * `"warning"` (30), `"error"` (40) or `"critical"` (50); `"notset"`, 0 and `null` are the lowest one.
 * @returns Whether there is such a level.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setLoggingLevel } from "@msl/network";
 *
 * assertEquals(setLoggingLevel("debug"), true);
 * assertEquals(setLoggingLevel("loud"), false);
 * ```
 */
export function setLoggingLevel(level: string | number | null): boolean {
  return change(level, (filter, found) => {
    filter.level = found;
    filter.serviceLevel = undefined;
  });
}

/**
 * Changes the log level of what this process logs, except for the records of a Manager in it: a
 * client that requests this of a Service need not be an administrator.
 *
 * @returns Whether there is such a level.
 */
export function setServiceLoggingLevel(level: string | number | null): boolean {
  return change(level, (filter, found) => {
    filter.serviceLevel = found;
  });
}

function change(
  level: string | number | null,
  action: (filter: LevelFilter, found: LogLevel) => void,
): boolean {
  const found = levelOf(level);
  if (found === undefined) return false;
  const filter = getConfig()?.filters?.[LEVEL_FILTER];
  if (typeof filter === "function" && "level" in filter) action(filter as LevelFilter, found);
  return true;
}
