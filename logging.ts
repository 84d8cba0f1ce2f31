/**
 * Configures the logs of a program: to standard error and to a file. The library never does this by
 * itself: without it, nothing is logged.
 *
 * @example
 * ```ts ignore it writes a file
 * import { startLogging } from "@msl/network/logging";
 *
 * await using _logging = await startLogging("info", "camera.log");
 * ```
 *
 * @module
 */

import { configure, type LogRecord, reset, type Sink } from "@logtape/logtape";
import { ConfigurationError } from "./errors.ts";
import { LOG_CATEGORY } from "./base/log.ts";
import { LEVEL_FILTER, levelFilter, parseLevel } from "./base/log_level.ts";
import "./base/log_tape.ts";
import { type LogLimits, resolveLogLimits } from "./limits.ts";
import { LogFile } from "./logs/log_file.ts";
import { activeIds } from "./base/trace_context.ts";
import { LogRateLimiter } from "./base/rate_limiter.ts";
import { type LogFormat, logFormatter } from "./logs/log_format.ts";
import { RECENT_RECORDS, recentRecords } from "./logs/recent_records.ts";
import { TerminalWriter } from "./logs/terminal_writer.ts";

/** The options of {@linkcode startLogging}: the format, and how much of the log is kept. */
export interface LogOptions extends Partial<LogLimits> {
  /** How records are written: `"text"` (default), or `"json"` for an object of JSON on each line. */
  logFormat?: LogFormat;
}

/** A log that is being written, until it is disposed of. */
export interface Logging extends AsyncDisposable {
  /**
   * Whether the reader of the standard error has not taken everything within a second, when the log
   * was disposed of. The write that waits for it keeps the process: call `Deno.exit()` at the end.
   */
  readonly isStalled: boolean;
}

/**
 * Writes the log of this package to standard error, and to a file, until the result is disposed of.
 * It configures LogTape, so it is for programs that do not configure LogTape themselves.
 *
 * Logging never stops the program. While the file cannot be written, e.g. because the disk is full,
 * standard error has the error, and the file gets the number of lost records when it can be written
 * again. Records to standard error are dropped while its reader does not read and more than 1 MiB
 * is queued. Of one message at most 64 KiB come at once, and 256 bytes a second after that; the
 * number of suppressed ones is logged. Records of the level debug are never suppressed.
 *
 * @param level A name or a number of Python: `"debug"` (10), `"info"` (20), `"warning"` (30),
 * `"error"` (40) or `"critical"` (50). `setLoggingLevel` changes it.
 * @param file The log file. Records are appended to an existing file; a new one is readable by its
 * owner alone. Default: no file.
 * @param options The format, and when the file is rotated. Default: text, and the rotation that
 * `LogLimits` describes.
 * @returns An object whose disposal ends the logging: it writes the last records, for which it waits
 * a second at most, and closes the file.
 * @throws {ValueError} When there is no such level.
 * @throws {RangeError} When a limit of the file is out of its range.
 * @throws {ConfigurationError} When the file cannot be opened.
 *
 * @example
 * ```ts ignore it writes a file
 * import { startLogging } from "@msl/network";
 *
 * await using _logging = await startLogging("debug", "camera.log", {
 *   logFormat: "json",
 *   logSize: 1024 * 1024, // bytes
 *   logAge: 24 * 60 * 60_000, // milliseconds
 *   logFiles: 7,
 * });
 * ```
 */
export async function startLogging(
  level: string | number,
  file?: string,
  options: LogOptions = {},
): Promise<Logging> {
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
  const recent = recentRecords(limits.logRecent);
  /** Returns the number of bytes, about. */
  const write = (untraced: LogRecord): number => {
    const record = traced(untraced);
    const text = format(record);
    terminal.write(formatForTerminal === format ? text : formatForTerminal(record));
    logFile?.write(text, record.timestamp);
    recent(record);
    return text.length;
  };
  const limiter = new LogRateLimiter();
  const writeUnlessSuppressed: Sink = (record) => {
    const suppressed = limiter.admit(record);
    if (suppressed === undefined) return;
    if (suppressed > 0) write(suppressedRecord(suppressed, record));
    limiter.charge(record, write(record));
  };
  const sinks: Record<string, Sink> = {
    log: writeUnlessSuppressed,
    terminal: toTerminal,
    [RECENT_RECORDS]: recent, // found there by a Manager; write() calls it
  };
  await configure({
    reset: true,
    sinks,
    filters: { [LEVEL_FILTER]: filter },
    loggers: [
      { category: [...LOG_CATEGORY], filters: [LEVEL_FILTER], sinks: ["log"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["terminal"] },
    ],
  });
  const opened = stack.move();
  return {
    get isStalled() {
      return terminal.isStalled;
    },
    async [Symbol.asyncDispose]() {
      await reset();
      for (const { suppressed, latest } of limiter.takeSuppressed()) {
        write(suppressedRecord(suppressed, latest));
      }
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

/** The record with the ids of the trace and the span in which it is written, if there is one. */
function traced(record: LogRecord): LogRecord {
  const ids = activeIds();
  return ids === undefined ? record : { ...record, properties: { ...record.properties, ...ids } };
}

/** The record that reports suppressed ones. */
function suppressedRecord(count: number, { level, rawMessage }: LogRecord): LogRecord {
  const message = `${count} records like the next one, or the last one, were left out`;
  return recordOf(level, message, { count, like: rawMessage });
}

/** A record of the logging itself. */
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
