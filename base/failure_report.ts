/**
 * Reports that code of the user has failed which this package has called: a handler, a task, a method
 * of a Service. The log has it, with a stack. A program that has configured no log gets it on the
 * standard error: without that it would leave no trace.
 *
 * @module
 */

import { showCaller } from "./caller.ts";
import { isLogConfigured, type Logger } from "./log.ts";
import { reportWithoutLog } from "./report_without_log.ts";
import { wireMessage } from "../errors.ts";

/**
 * Reports a failure. Never throws, whatever was thrown.
 *
 * @param message A message with placeholders, of which `{error}` is for what was thrown.
 */
export function reportFailure(
  log: Logger,
  message: string,
  { error, ...others }: { readonly error: unknown } & Readonly<Record<string, unknown>>,
): void {
  // Its stack is for the program's author, to whom the frames of this package tell nothing.
  const shown = error instanceof Error ? showCaller(error, undefined) : wireMessage(error);
  const properties = { ...others, error: shown };
  if (isLogConfigured()) return log.error(message, properties);
  reportWithoutLog(log.category, message, properties);
}
