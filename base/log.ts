/**
 * The loggers of the package. A library stays silent until an application configures
 * [LogTape](https://logtape.org), e.g. by `startLogging` of `logging.ts`.
 *
 * @module
 */

import { getLogger, type Logger } from "@logtape/logtape";

/** The category that all loggers of this package are below. */
export const LOG_CATEGORY = ["msl", "network"] as const;

/** The logger of one part of the package, e.g. `logger("manager")`. */
export function logger(part: string): Logger {
  return getLogger([...LOG_CATEGORY, part]);
}
