/**
 * In the place of `@logtape/logtape`, of what a program without a log does, and of what is logged of a
 * connection, in the bundle for browsers: warnings and errors go to the console of the browser. A program with a bundler of its own
 * gets LogTape, and may configure it.
 *
 * @module
 */

type Properties = Record<string, unknown>;
type LogFunction = (message: string, properties?: Properties) => void;

/** The logger of LogTape, as far as the Client uses it. */
export interface Logger {
  debug: LogFunction;
  info: LogFunction;
  warn: LogFunction;
  error: LogFunction;
  fatal: LogFunction;
}

/** A logger that writes warnings and errors to the console. */
export function getLogger(category: readonly string[]): Logger {
  const to = (write: (...values: unknown[]) => void): LogFunction => (message, properties = {}) =>
    write(
      `${category.join(".")}: ${message.replace(/{(\w+)}/g, (_, key) => `${properties[key]}`)}`,
    );
  const drop: LogFunction = () => {};
  const { warn, error } = globalThis.console;
  return { debug: drop, info: drop, warn: to(warn), error: to(error), fatal: to(error) };
}

/** The level cannot be changed: there is no configuration. */
export function getConfig(): undefined {
  return undefined;
}

/** Not used in a browser. */
export function compareLogLevel(): number {
  return 0;
}

/** Not used in a browser: it has its console. */
export function reportWithoutLog(): void {}
export function logChange(): void {}
export function logEnd(): void {}
