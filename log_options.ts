/**
 * How a program logs, as options of a command line and back.
 *
 * @module
 */

import { type Command, Option } from "commander";
import {
  COUNT,
  DURATION,
  formatNumberOption,
  type NumberOption,
  numberOption,
  SIZE,
} from "./limit_options.ts";
import { LOG_LIMITS, type LogLimits, resolveLogLimits } from "./limits.ts";
import { LOG_FORMATS, type LogFormat } from "./log_format.ts";

/** How a program logs, beside the level and the file. */
export interface LogOptions extends Partial<LogLimits> {
  /** How records are written: `"text"` (default), or `"json"` for an object of JSON on each line. */
  logFormat?: LogFormat;
}

const NUMBERS: { readonly [Name in keyof LogLimits]: NumberOption } = {
  logSize: {
    flag: "--log-size",
    notation: SIZE,
    description: "the size beyond which a log file does not grow, but is rotated; 0 for any",
  },
  logAge: {
    flag: "--log-age",
    notation: DURATION,
    description: "how old a log file may be before it is rotated; 0 for any",
  },
  logFiles: {
    flag: "--log-files",
    notation: COUNT,
    description: "how many old log files are kept",
  },
};

const NAMES = Object.keys(NUMBERS) as (keyof LogLimits)[];

/** Gives a command the options of the log. */
export function addLogOptions(command: Command): Command {
  command.addOption(
    new Option("--log-format <format>", "how the log is written (default: text)")
      .choices(LOG_FORMATS),
  );
  for (const name of NAMES) {
    const check = (value: number) => resolveLogLimits({ [name]: value });
    command.addOption(numberOption(NUMBERS[name], LOG_LIMITS[name], check));
  }
  return command;
}

/** The same options as a command line, each with its value in one word. */
export function formatLogOptions(options: LogOptions): string[] {
  const { logFormat } = options;
  return [
    ...logFormat === undefined ? [] : [`--log-format=${logFormat}`],
    ...NAMES.flatMap((name) => formatNumberOption(NUMBERS[name], options[name])),
  ];
}
