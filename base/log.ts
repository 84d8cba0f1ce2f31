/**
 * The loggers of the package. They write nothing until the application configures
 * [LogTape](https://logtape.org), e.g. with `startLogging` of `logging.ts`.
 *
 * LogTape takes 6 ms to load, and a command that only connects writes no log. So it is loaded by what a
 * user imports, with `log_tape.ts`, and until then a record is dropped: nothing can have configured it.
 *
 * @module
 */

/** Writes a record: a message with placeholders, and their values. */
type Log = (message: string, properties?: Record<string, unknown>) => void;

/** The logger of one part of the package, which does what that of LogTape does. */
export interface Logger {
  readonly category: readonly string[];
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  readonly fatal: Log;
}

/** What is used of LogTape. */
export interface LogBackend {
  getLogger(category: readonly string[]): Logger;
  /** Whether the application has configured it. */
  isConfigured(): boolean;
}

/** The category above all loggers of this package. */
export const LOG_CATEGORY = ["msl", "network"] as const;

/** LogTape, once it is loaded: there is one log in a process. */
let backend: LogBackend | undefined;

/** Writes all records with LogTape from now on. */
export function setLogBackend(loaded: LogBackend): void {
  backend = loaded;
}

/** Whether records are written anywhere. */
export function isLogConfigured(): boolean {
  return backend?.isConfigured() ?? false;
}

/** The logger of one part of the package, e.g. `logger("manager")`. */
export function logger(part: string): Logger {
  const category = [...LOG_CATEGORY, part];
  let found: Logger | undefined;
  const target = () => found ??= backend?.getLogger(category);
  return {
    category,
    debug: (...record) => target()?.debug(...record),
    info: (...record) => target()?.info(...record),
    warn: (...record) => target()?.warn(...record),
    error: (...record) => target()?.error(...record),
    fatal: (...record) => target()?.fatal(...record),
  };
}

/** A text of the program as a message without placeholders, which is never cut. */
export function literal(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}

/** The content of a record. */
export interface RecordContent {
  /** The message, with placeholders. */
  readonly message: string;
  /** The values of the placeholders, and others: numbers and names, no sentences. */
  readonly properties: Readonly<Record<string, unknown>>;
}
