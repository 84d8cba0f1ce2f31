/**
 * The loggers of the package. They write nothing until the application configures
 * [LogTape](https://logtape.org), e.g. with `startLogging` of `logging.ts`.
 *
 * @module
 */

import { getLogger, type Logger } from "@logtape/logtape";

/** The category above all loggers of this package. */
export const LOG_CATEGORY = ["msl", "network"] as const;

/** The logger of one part of the package, e.g. `logger("manager")`. */
export function logger(part: string): Logger {
  return getLogger([...LOG_CATEGORY, part]);
}
