/**
 * Configures the logs of a program: to the terminal (standard error) and to a file.
 * The library never does this by itself, see `log.ts`.
 *
 * @module
 */

import { configure, type LogRecord, reset, type Sink } from "@logtape/logtape";
import { ConfigurationError } from "./errors.ts";
import { LEVEL_FILTER, levelFilter, parseLevel } from "./base/log_level.ts";
import { type LogLimits, resolveLogLimits } from "./limits.ts";
import { LOG_CATEGORY } from "./base/log.ts";
import { LogFile } from "./logs/log_file.ts";
import { LogRateLimiter } from "./logs/rate_limiter.ts";
import { type LogFormat, logFormatter } from "./logs/log_format.ts";
import { TerminalWriter } from "./logs/terminal_writer.ts";

/** How a program logs, beside the level and the file. */
export interface LogOptions extends Partial<LogLimits> {
  /** How records are written: `"text"` (default), or `"json"` for an object of JSON on each line. */
  logFormat?: LogFormat;
}

/**
 * Logs what this package has to say to standard error, and to a file, until the result is disposed
 * of. It configures LogTape, so it is for programs that do not do so themselves. A file that cannot
 * be written any more, e.g. since the disk is full, stops nothing: standard error says so, and the
 * file when it can be written again.
 *
 * @param level A name or number of Python's, e.g. `"info"` or 20. `setLoggingLevel` changes it.
 * @param file The log file; it is made where it does not exist, and added to where it does.
 * @param options The format, and when the file is rotated.
 * @throws {ValueError} If there is no such level.
 * @throws {RangeError} If a limit of the file is out of its range.
 * @throws {ConfigurationError} If the file cannot be written.
 *
 * @example
 * ```ts ignore it writes a file
 * import { startLogging } from "@msl/network";
 *
 * await using _logging = await startLogging("debug", "camera.log", { logFormat: "json" });
 * ```
 */
export async function startLogging(
  level: string | number,
  file?: string,
  options: LogOptions = {},
): Promise<AsyncDisposable> {
  const filter = levelFilter(parseLevel(level));
  const limits = resolveLogLimits(options);
  const { logFormat = "text" } = options;
  const format = logFormatter(logFormat);
  const formatLost = (count: number) =>
    format(recordOf("warning", `${count} records of the log were dropped here`, { count }));
  const formatForTerminal = Deno.stderr.isTerminal() && !Deno.noColor
    ? logFormatter(logFormat, true)
    : format;
  const terminal = new TerminalWriter(Deno.stderr, formatLost);
  const failed = (error: Error) => {
    const message = `Cannot write or rotate the log file ${file}: ${error.message}`;
    terminal.write(formatForTerminal(recordOf("error", message, { file, error })));
  };
  using stack = new DisposableStack();
  const toTerminal: Sink = (record) => terminal.write(formatForTerminal(record));
  const logFile = file === undefined
    ? undefined
    : stack.use(openFile(file, limits, { failed, formatLost }));
  const write: Sink = (record) => {
    toTerminal(record);
    logFile?.write(format(record), record.timestamp);
  };
  const flood = new LogRateLimiter();
  const writeUnlessTooMany: Sink = (record) => {
    const leftOut = flood.admit(record);
    if (leftOut === undefined) return;
    if (leftOut > 0) write(leftOutRecord(leftOut, record));
    write(record);
  };
  await configure({
    reset: true,
    sinks: { log: writeUnlessTooMany, terminal: toTerminal },
    filters: { [LEVEL_FILTER]: filter },
    loggers: [
      { category: [...LOG_CATEGORY], filters: [LEVEL_FILTER], sinks: ["log"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["terminal"] },
    ],
  });
  const opened = stack.move();
  return {
    async [Symbol.asyncDispose]() {
      await reset();
      for (const { leftOut, latest } of flood.rest()) write(leftOutRecord(leftOut, latest));
      opened.dispose();
      await terminal.flush();
    },
  };
}

function openFile(...parameters: ConstructorParameters<typeof LogFile>): LogFile {
  try {
    return new LogFile(...parameters);
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot write the log file ${parameters[0]}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Tells of records that were too many. */
function leftOutRecord(count: number, { level, rawMessage }: LogRecord): LogRecord {
  const message = `${count} records like the next one, or the last one, were left out`;
  return recordOf(level, message, { count, like: rawMessage });
}

/** What the log has to say of itself. */
function recordOf(
  level: LogRecord["level"],
  message: string,
  properties: Record<string, unknown>,
): LogRecord {
  const category = [...LOG_CATEGORY, "logging"];
  return {
    category,
    level,
    timestamp: Date.now(),
    message: [message],
    rawMessage: message,
    properties,
  };
}
