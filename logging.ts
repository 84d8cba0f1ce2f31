/**
 * Configures the logs of a program: to the terminal (standard error) and to a file.
 * The library never does this by itself, see `log.ts`.
 *
 * @module
 */

import { getFileSink } from "@logtape/file";
import {
  configure,
  dispose,
  getAnsiColorFormatter,
  getTextFormatter,
  type LogLevel,
} from "@logtape/logtape";
import { dirname } from "node:path";
import { ConfigurationError } from "./errors.ts";
import { LOG_CATEGORY } from "./log.ts";
import { makePrivateFolder } from "./paths.ts";

/** Python's names and numbers of the log levels. */
const LEVELS: ReadonlyMap<string, LogLevel> = new Map<string, LogLevel>([
  ["debug", "debug"],
  ["info", "info"],
  ["warning", "warning"],
  ["warn", "warning"],
  ["error", "error"],
  ["critical", "fatal"],
  ["fatal", "fatal"],
  ["10", "debug"],
  ["20", "info"],
  ["30", "warning"],
  ["40", "error"],
  ["50", "fatal"],
]);

/**
 * The log level that a name or number of Python's stands for.
 *
 * @throws {ConfigurationError} If there is no such level.
 */
export function parseLevel(text: string): LogLevel {
  const level = LEVELS.get(text.toLowerCase());
  if (level !== undefined) return level;
  throw new ConfigurationError(
    `Cannot log at level ${text}: the levels are debug, info, warning, error and critical`,
  );
}

/**
 * Logs to standard error and to a file until the result is disposed of.
 *
 * @throws {ConfigurationError} If the file cannot be written.
 */
export async function startLogging(level: LogLevel, file: string): Promise<AsyncDisposable> {
  const encoder = new TextEncoder();
  const options = {
    timestamp: "date-time",
    level: "FULL",
    category: ".",
    value: (value: unknown) => typeof value === "string" ? value : Deno.inspect(value),
  } as const;
  const format = Deno.stderr.isTerminal() && !Deno.noColor
    ? getAnsiColorFormatter(options)
    : getTextFormatter(options);
  try {
    makePrivateFolder(dirname(file));
    await configure({
      reset: true,
      sinks: {
        terminal: (record) => Deno.stderr.writeSync(encoder.encode(format(record))),
        file: getFileSink(file, { formatter: getTextFormatter(options), bufferSize: 0 }),
      },
      loggers: [
        { category: [...LOG_CATEGORY], lowestLevel: level, sinks: ["terminal", "file"] },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["terminal"] },
      ],
    });
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot write the log file ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
  return { [Symbol.asyncDispose]: dispose };
}
