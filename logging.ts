/**
 * Configures the logs of a program: to the terminal (standard error) and to a file.
 * The library never does this by itself, see `log.ts`.
 *
 * @module
 */

import { getFileSink } from "@logtape/file";
import {
  configure,
  getAnsiColorFormatter,
  getTextFormatter,
  reset,
  type Sink,
} from "@logtape/logtape";
import { dirname } from "node:path";
import { ConfigurationError } from "./errors.ts";
import { LEVEL_FILTER, levelFilter, parseLevel } from "./level.ts";
import { LOG_CATEGORY } from "./log.ts";
import { makePrivateFolder, touchPrivateFile } from "./paths.ts";
import { TerminalWriter } from "./terminal_writer.ts";

/**
 * Logs what this package has to say to standard error, and to a file, until the result is disposed
 * of. It configures LogTape, so it is for programs that do not do so themselves.
 *
 * @param level A name or number of Python's, e.g. `"info"` or 20. `setLoggingLevel` changes it.
 * @param file The log file; it is made where it does not exist, and added to where it does.
 * @throws {ValueError} If there is no such level.
 * @throws {ConfigurationError} If the file cannot be written.
 *
 * @example
 * ```ts ignore
 * await using _logging = await startLogging("debug");
 * await new Camera().start();
 * ```
 */
export async function startLogging(
  level: string | number,
  file?: string,
): Promise<AsyncDisposable> {
  const options = {
    timestamp: "date-time",
    level: "FULL",
    category: ".",
    value: (value: unknown) => typeof value === "string" ? value : Deno.inspect(value),
  } as const;
  const format = Deno.stderr.isTerminal() && !Deno.noColor
    ? getAnsiColorFormatter(options)
    : getTextFormatter(options);
  const filter = levelFilter(parseLevel(level));
  const terminal = new TerminalWriter();
  try {
    const sinks: Record<string, Sink> = { terminal: (record) => terminal.write(format(record)) };
    if (file !== undefined) {
      makePrivateFolder(dirname(file));
      touchPrivateFile(file);
      sinks.file = getFileSink(file, { formatter: getTextFormatter(options), bufferSize: 0 });
    }
    await configure({
      reset: true,
      sinks,
      filters: { [LEVEL_FILTER]: filter },
      loggers: [
        { category: [...LOG_CATEGORY], filters: [LEVEL_FILTER], sinks: Object.keys(sinks) },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["terminal"] },
      ],
    });
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot write the log file ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      await reset();
      await terminal.flush();
    },
  };
}
