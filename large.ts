/**
 * Large values, written and read a bit at a time: the event loop goes on meanwhile, and no text has
 * to be longer than the runtime can hold.
 *
 * @module
 */

import { parseChunked, stringifyChunked } from "@discoveryjs/json-ext";
import { JSONDecodeError, ValueError } from "./errors.ts";
import { parseJson, refuseWhatIsLost, withoutMarks } from "./json.ts";
import type { LongLine } from "./line.ts";
import { isObject, type JsonObject } from "./message.ts";
import { pauses } from "./pause.ts";
import { Skimmer } from "./skimmer.ts";

/** A value whose text has about this many characters or more is large. */
const LARGE = 256 * 1024;
/** About how many characters a number has, and what else is not text. */
const SCALAR = 8;
/** How long to work before the event loop gets its turn, in milliseconds. */
const SLICE = 10;

/** Whether a value is better written a bit at a time. It is looked at no further than to know. */
export function isLarge(value: unknown): boolean {
  let size = 0;
  const rest = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    size += typeof next === "string" ? next.length : SCALAR;
    if (size >= LARGE) return true;
    if (typeof next !== "object" || next === null) continue;
    if (ArrayBuffer.isView(next)) {
      size += next.byteLength;
    } else if (Array.isArray(next)) {
      if (next.length * SCALAR >= LARGE) return true;
      for (const item of next) rest.push(item);
    } else {
      for (const item of Object.values(next)) rest.push(item);
    }
  }
  return size >= LARGE;
}

/**
 * A value as JSON in UTF-8, in pieces. It must not change until the promise is settled.
 *
 * @throws {TypeError} If JSON cannot hold the value.
 */
export async function encodeLarge(value: unknown): Promise<Uint8Array[]> {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  const pause = pauses(SLICE);
  for (const text of stringifyChunked(value, refuseWhatIsLost)) {
    pieces.push(encoder.encode(withoutMarks(text)));
    await pause();
  }
  return pieces;
}

/** What has come of a long line. */
export type Outcome =
  | { state: "read"; object: JsonObject }
  /** It cannot be read. `keys` tells whose it is. */
  | { state: "refused"; error: Error; keys: Skimmer }
  /** It was cut off. */
  | { state: "cut" };

/**
 * Reads the object that a long line holds.
 *
 * @param limit The longest line that is read, in bytes.
 */
export async function readLarge(line: LongLine, limit: number): Promise<Outcome> {
  const held: Uint8Array[] = [];
  let size = 0;
  const pause = pauses(SLICE);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let piece: Uint8Array | undefined = line.head; piece; piece = await line.next()) {
      const copy = piece.slice(); // a piece is valid until the next one
      held.push(copy);
      size += copy.length;
      if (size > limit) {
        throw new ValueError(`The message is longer than readLimit, ${limit} bytes`);
      }
      yield copy;
      await pause();
    }
  }
  let error: Error;
  try {
    const object: unknown = await parseChunked(pieces());
    if (!line.isComplete) return { state: "cut" };
    if (isObject(object)) return { state: "read", object };
    error = new JSONDecodeError("Cannot read the line: not a JSON object");
  } catch (cause) {
    error = cause as Error;
  }
  const keys = new Skimmer();
  for (const piece of held) keys.read(piece);
  const isTooLong = size > limit;
  for (let piece; (piece = await line.next()) !== undefined;) {
    keys.read(piece);
    if (!isTooLong) held.push(piece.slice());
  }
  if (!line.isComplete) return { state: "cut" };
  if (!(error instanceof SyntaxError)) return { state: "refused", error, keys };
  try {
    // NaN and Infinity, which only our own reader knows, and which has to have all of the text.
    const object = parseJson(await new Blob(held as Uint8Array<ArrayBuffer>[]).text());
    if (isObject(object)) return { state: "read", object };
  } catch {
    // It is no JSON either way.
  }
  error = new JSONDecodeError(`Cannot read the line: ${error.message}`, { cause: error });
  return { state: "refused", error, keys };
}
