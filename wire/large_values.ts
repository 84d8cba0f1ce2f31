/**
 * Large values, written and read a bit at a time: the event loop goes on meanwhile, and no text has
 * to be longer than the runtime can hold.
 *
 * @module
 */

import { JSONDecodeError, ValueError } from "../errors.ts";
import { estimateSize, writeJson } from "./json_writer.ts";
import { JsonReader } from "./json_reader.ts";
import type { LongLine } from "./line.ts";
import { isObject, type JsonObject } from "./message.ts";
import { periodicPause } from "../base/pause.ts";
import { KeyScanner } from "./key_scanner.ts";

/** A value whose text has about this many characters or more is large. */
const LARGE = 256 * 1024;
/** How many characters are written at once. */
const PIECE = 64 * 1024;
/** How long to work before the event loop gets its turn, in milliseconds. */
const SLICE = 10;

/** Whether a value is better written a bit at a time. */
export function isLarge(value: unknown): boolean {
  return estimateSize(value, LARGE) >= LARGE;
}

/**
 * A value as JSON in UTF-8, in pieces. It must not change until the promise is settled.
 *
 * @throws {TypeError} If JSON cannot hold the value.
 */
export async function encodeLarge(value: unknown): Promise<Uint8Array[]> {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  const pause = periodicPause(SLICE);
  for (const text of writeJson(value, PIECE)) {
    pieces.push(encoder.encode(text));
    await pause();
  }
  return pieces;
}

/** What has come of a long line. */
export type Outcome =
  | { state: "read"; object: JsonObject }
  /** It cannot be read. `keys` tells whose it is. */
  | { state: "refused"; error: Error; keys: KeyScanner }
  /** It was cut off. */
  | { state: "cut" };

/**
 * Reads the object that a long line holds. No more than its value is held of it.
 *
 * @param limit The longest line that is read, in bytes.
 */
export async function readLarge(line: LongLine, limit: number): Promise<Outcome> {
  const keys = new KeyScanner();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = new JsonReader();
  const pause = periodicPause(SLICE);
  let size = 0;
  let failure: unknown;
  for await (const piece of line) {
    keys.read(piece); // to the end, wherever the rest cannot be read any more
    size += piece.length;
    try {
      if (size > limit) {
        throw new ValueError(`The message is longer than readLimit, ${limit} bytes`);
      }
      if (failure === undefined) reader.read(decoder.decode(piece, { stream: true }));
    } catch (error) {
      failure = error;
    }
    await pause();
  }
  if (!line.isComplete) return { state: "cut" };
  try {
    if (failure !== undefined) throw failure;
    decoder.decode();
    const object = reader.end();
    if (!isObject(object)) throw new SyntaxError("not a JSON object");
    return { state: "read", object };
  } catch (cause) {
    return { state: "refused", error: refusal(cause as Error), keys };
  }
}

function refusal(cause: Error): Error {
  if (cause instanceof ValueError) return cause;
  if (!(cause instanceof RangeError)) {
    return new JSONDecodeError(`Cannot read the line: ${cause.message}`, { cause });
  }
  const message = `The message has a text or an array that is too long here: ${cause.message}`;
  return new ValueError(message, { cause });
}
