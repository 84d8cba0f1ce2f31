/**
 * What a command prints of what a Service sends: for a person, or for a program that reads it.
 *
 * @module
 */

import type { Future } from "../future.ts";
import { encodeValue } from "../wire/json.ts";
import { Stream } from "../client/stream.ts";
import { printableLines } from "./text_table.ts";
import { encodeForTerminal } from "./typed_call.ts";

/**
 * A result as text: JSON, but for a text, which is printed as it is.
 *
 * @param isJson Whether a text is JSON too.
 * @param isTerminal Whether a person sees it: then no character of it can do anything to the terminal.
 */
export function formatResult(value: unknown, isJson: boolean, isTerminal: boolean): string {
  if (typeof value === "string" && !isJson) return isTerminal ? printableLines(value) : value;
  return isTerminal ? encodeForTerminal(value) : encodeValue(value);
}

/** The values of a stream as they come, or else the one result of a request. */
export async function* valuesOf(request: Future<unknown>): AsyncGenerator<unknown> {
  if (request instanceof Stream) yield* request;
  else yield await request;
}

/** Prints a line on the standard output. False if nobody reads it any more. */
export function printLine(line: string): boolean {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let written = 0; written < bytes.length;) {
      written += Deno.stdout.writeSync(bytes.subarray(written));
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}
