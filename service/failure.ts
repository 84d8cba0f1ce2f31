/**
 * What a client is told of a method that has failed: a message, and the lines of a traceback.
 *
 * Anything can be thrown: a text, an object, an error whose getters throw. And an error has others
 * behind it, its `cause` and the `errors` of an `AggregateError`, which often say what is wrong with
 * the instrument. Nothing here throws.
 *
 * @module
 */

import { wireMessage } from "../errors.ts";
import { isObject } from "../wire/message.ts";

/** What an error reply has. */
export interface Failure {
  /** `ClassName: text`, and the texts of the errors behind it. */
  message: string;
  traceback: string[];
}

/** How many errors behind an error are told. */
const MOST_CAUSES = 16;

/** Describes what a method has thrown. */
export function describeFailure(thrown: unknown): Failure {
  const message = wireMessage(thrown);
  const traceback = stackOf(thrown);
  const texts: string[] = [];
  const seen = new Set<unknown>([thrown]);
  const waiting = causesOf(thrown);
  for (let next; seen.size <= MOST_CAUSES && (next = waiting.shift()) !== undefined;) {
    const { role, thrown } = next;
    if (seen.has(thrown)) continue; // a cycle
    seen.add(thrown);
    const text = wireMessage(thrown);
    // Many errors have the text of their cause in their own.
    if (!message.includes(text.slice(text.indexOf(": ")))) texts.push(`${role} ${text}`);
    traceback.push(`${role} ${text}`, ...stackOf(thrown));
    waiting.unshift(...causesOf(thrown));
  }
  const causes = texts.length === 0 ? "" : ` (${texts.join("; ")})`;
  return { message: message + causes, traceback };
}

/** The errors behind an error, in the order in which they are told. */
function causesOf(error: unknown): { role: string; thrown: unknown }[] {
  const cause = read(error, "cause");
  const errors = read(error, "errors");
  const causes = cause === undefined ? [] : [{ role: "caused by", thrown: cause }];
  if (!Array.isArray(errors)) return causes;
  const all = Array.from(errors.slice(0, MOST_CAUSES), (thrown, index) => ({
    role: `error ${index + 1} of ${errors.length}:`,
    thrown,
  }));
  return [...causes, ...all];
}

/** The lines of the stack, after the message. */
function stackOf(error: unknown): string[] {
  const stack = read(error, "stack");
  if (typeof stack !== "string") return [];
  return stack.split("\n").map((line) => line.trim()).filter((line) => line.startsWith("at "));
}

/** A property of what was thrown; `undefined` if it has none, or its getter throws. */
function read(thrown: unknown, name: string): unknown {
  try {
    return isObject(thrown) ? thrown[name] : undefined;
  } catch {
    return undefined;
  }
}
