/**
 * The reports of a program that has configured no log: they go to the standard error, and no more of
 * them than a log would get. The bundle for browsers, whose log is the console, does not have this
 * module.
 *
 * @module
 */

import { printableLines } from "./printable.ts";
import { writeProblem } from "./program_end.ts";
import { LogRateLimiter } from "./rate_limiter.ts";
import { wireMessage } from "../errors.ts";
import { LONGEST_LOG_VALUE } from "../limits.ts";

const limiter = new LogRateLimiter();

/**
 * Reports a failure.
 *
 * @param message A message with placeholders.
 */
export function reportWithoutLog(
  category: readonly string[],
  message: string,
  properties: Readonly<Record<string, unknown>>,
): void {
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
