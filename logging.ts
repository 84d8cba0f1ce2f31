/**
 * Configures the logs of a program: to the terminal (standard error) and to a file.
 * The library never does this by itself, see `log.ts`.
 *
 * @module
 */

import { getFileSink } from "@logtape/file";
import { configure, dispose, getAnsiColorFormatter, getTextFormatter } from "@logtape/logtape";
import { dirname } from "node:path";
import { ConfigurationError } from "./errors.ts";
import { LEVEL_FILTER, levelFilter, parseLevel } from "./level.ts";
import { LOG_CATEGORY } from "./log.ts";
import { makePrivateFolder } from "./paths.ts";

/**
 * Logs to standard error and to a file until the result is disposed of.
 *
 * @param level A name or number of Python's, e.g. `"info"` or 20.
 * @throws {ValueError} If there is no such level.
 * @throws {ConfigurationError} If the file cannot be written.
 */
export async function startLogging(level: string | number, file: string): Promise<AsyncDisposable> {
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
  try {
    makePrivateFolder(dirname(file));
    await configure({
      reset: true,
      sinks: {
        terminal: (record) => writeToTerminal(format(record)),
        file: getFileSink(file, { formatter: getTextFormatter(options), bufferSize: 0 }),
      },
      filters: { [LEVEL_FILTER]: filter },
      loggers: [
        { category: [...LOG_CATEGORY], filters: [LEVEL_FILTER], sinks: ["terminal", "file"] },
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

/** A program that was started over SSH outlives the terminal that it was started from. */
function writeToTerminal(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // Nobody reads it any more; the file has it.
  }
}
