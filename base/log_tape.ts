/**
 * Gives LogTape to the loggers of the package. What a user imports, and what configures LogTape, imports
 * this module: `tests/tidy_test.ts` checks it.
 *
 * @module
 */

import { getConfig, getLogger } from "@logtape/logtape";
import { setLogBackend } from "./log.ts";

setLogBackend({ getLogger, isConfigured: () => getConfig() !== null });
