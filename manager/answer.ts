/**
 * What a peer answers to a question of the Manager: a JSON reply of a program, or a line of plain
 * text of a person at a terminal.
 *
 * @module
 */

import { KeyError } from "../errors.ts";
import { parseJson } from "../wire/json.ts";
import { isObject } from "../wire/message.ts";

/** An answer: the `result` of a JSON reply, or a line of plain text. */
export type Answer = { form: "reply"; result: unknown } | { form: "text"; line: string };

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads an answer.
 *
 * @throws {TypeError} If the line is not UTF-8.
 * @throws {KeyError} If it is a JSON object without a `result`.
 */
export function readAnswer(line: Uint8Array): Answer {
  const typed = decoder.decode(line);
  let reply: unknown;
  try {
    reply = parseJson(typed);
  } catch {
    return { form: "text", line: typed };
  }
  if (!isObject(reply)) return { form: "text", line: typed }; // a password may look like a number
  if (!Object.hasOwn(reply, "result")) throw new KeyError("result");
  return { form: "reply", result: reply.result };
}

/** An answer that is to be text. One of another type cannot be right: it is no text at all. */
export function textOf(answer: Answer): string {
  if (answer.form === "text") return answer.line;
  return typeof answer.result === "string" ? answer.result : "";
}
