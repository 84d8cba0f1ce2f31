/**
 * In the place of the loggers, and of what is logged of a connection, in the bundle for browsers:
 * warnings and errors go to the console of the browser. A program with a bundler of its own gets
 * LogTape, and may configure it.
 *
 * @module
 */

import type { Logger } from "../../base/log.ts";

const drop = () => {};

/** A logger that writes warnings and errors to the console. */
export function logger(part: string): Omit<Logger, "category"> {
  const to =
    (write: (...values: unknown[]) => void): Logger["warn"] => (message, properties = {}) =>
      write(
        `msl.network.${part}: ${message.replace(/{(\w+)}/g, (_, key) => `${properties[key]}`)}`,
      );
  const { warn, error } = globalThis.console;
  return { debug: drop, info: drop, warn: to(warn), error: to(error), fatal: to(error) };
}

/** There is a console. */
export function isLogConfigured(): boolean {
  return true;
}

/** Not used in a browser: it has its console. */
export { drop as literal, drop as logChange, drop as logEnd, drop as reportWithoutLog };
