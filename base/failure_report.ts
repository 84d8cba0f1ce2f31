/**
 * Reports that code of the user has failed which this package has called: a handler, a task, a method
 * of a Service. The log has it, with a stack. A program that has configured no log gets it on the
 * standard error: without that it would leave no trace.
 *
 * @module
 */

import { getConfig, type Logger } from "@logtape/logtape";
import { showCaller } from "./caller.ts";
import { printableLines } from "./printable.ts";
import { writeProblem } from "./program_end.ts";
import { LogRateLimiter } from "./rate_limiter.ts";
import { wireMessage } from "../errors.ts";
import { LONGEST_LOG_VALUE } from "../limits.ts";

/** The standard error gets no more than a log would. */
const limiter = new LogRateLimiter();

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
  if (getConfig() !== null) return log.error(message, properties);
  const { category } = log;
  const record = { category, level: "error", message: [], rawMessage: message } as const;
  const limited = { ...record, properties, timestamp: Date.now() };
  const suppressed = limiter.admit(limited);
  if (suppressed === undefined) return;
  const text = message.replaceAll(/\{(\w+)\}/g, (_, name) => textOf(Reflect.get(properties, name)))
    .slice(0, LONGEST_LOG_VALUE);
  limiter.charge(limited, text.length);
  const before = suppressed > 0 ? `(${suppressed} more of these before) ` : "";
  writeProblem(printableLines(before + text));
}

function textOf(value: unknown): string {
  return value instanceof Error ? stackOf(value) : String(value);
}

function stackOf(error: Error): string {
  try {
    return String(error.stack);
  } catch {
    return wireMessage(error); // a getter of the program has thrown
  }
}
