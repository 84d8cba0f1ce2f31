/**
 * How a program logs, as options of a command line and back.
 *
 * @module
 */

import { LOG_LIMITS, type LogLimits, resolveLogLimits } from "../limits.ts";
import type { LogOptions } from "../logging.ts";
import { LOG_FORMATS } from "../logs/log_format.ts";
import {
  COUNT,
  DURATION,
  formatNumberOption,
  type NumberOption,
  numberOption,
  type OptionSpec,
  SIZE,
} from "./option.ts";

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

/** The options of the log. */
export const LOG_OPTIONS: readonly OptionSpec[] = [
  {
    flag: "--log-format",
    placeholder: "<format>",
    description: "how the log is written (default: text)",
    choices: LOG_FORMATS,
  },
  ...NAMES.map((name) =>
    numberOption(NUMBERS[name], LOG_LIMITS[name], (value) => resolveLogLimits({ [name]: value }))
  ),
];

/** The same options as a command line, each with its value in one word. */
export function formatLogOptions(options: LogOptions): string[] {
  const { logFormat } = options;
  return [
    ...logFormat === undefined ? [] : [`--log-format=${logFormat}`],
    ...NAMES.flatMap((name) => formatNumberOption(NUMBERS[name], options[name])),
  ];
}
