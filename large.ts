/**
 * Large values, written and read a bit at a time: the event loop goes on meanwhile, and no text has
 * to be longer than the runtime can hold.
 *
 * @module
 */

import { parseChunked } from "@discoveryjs/json-ext";
import { ValueError } from "./errors.ts";
import { jsonPieces, sizeOf } from "./json_pieces.ts";
import type { LongLine } from "./line.ts";
import { decodeObject, isObject, type JsonObject } from "./message.ts";
import { pauses } from "./pause.ts";
import { Skimmer } from "./skimmer.ts";

/** A value whose text has about this many characters or more is large. */
const LARGE = 256 * 1024;
/** How many characters are written at once. */
const PIECE = 64 * 1024;
/** A key that JavaScript puts before others, wherever it was written. */
const INTEGER_KEY = /"(?:\d|\\u003\d){1,10}"\s*:/;
/** How much of a piece is looked at again with the next one, since a key may be cut, in characters. */
const OVERLAP = 80;
/** How long to work before the event loop gets its turn, in milliseconds. */
const SLICE = 10;

/** Whether a value is better written a bit at a time. */
export function isLarge(value: unknown): boolean {
  return sizeOf(value, LARGE) >= LARGE;
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
  for (const text of jsonPieces(value, PIECE)) {
    pieces.push(encoder.encode(text));
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
  const hold = (piece: Uint8Array): Uint8Array => {
    const copy = piece.slice(); // a piece is valid until the next one
    held.push(copy);
    size += copy.length;
    if (size > limit) {
      throw new ValueError(`The message is longer than readLimit, ${limit} bytes`);
    }
    return copy;
  };
  const pause = pauses(SLICE);
  async function* pieces(): AsyncGenerator<string> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let overlap = "";
    for await (const piece of line) {
      const text = decoder.decode(hold(piece), { stream: true });
      // The entry that comes last in an object with such keys need not be the one that was written
      // last, for which parseChunked takes it (json-ext 1.0): values would change places.
      const seam = overlap + text.slice(0, OVERLAP);
      if (INTEGER_KEY.test(text) || INTEGER_KEY.test(seam)) {
        throw new SyntaxError("a key is an integer");
      }
      overlap = text.length < OVERLAP ? seam.slice(-OVERLAP) : text.slice(-OVERLAP);
      yield text;
      await pause();
    }
    decoder.decode();
  }
  let error: Error;
  try {
    const object: unknown = await parseChunked(pieces());
    if (!line.isComplete) return { state: "cut" };
    if (isObject(object)) return { state: "read", object };
    error = new SyntaxError("not a JSON object");
  } catch (cause) {
    error = cause as Error;
  }
  const keys = new Skimmer();
  for (const piece of held) keys.read(piece);
  for await (const piece of line) {
    keys.read(piece);
    try {
      if (size <= limit) hold(piece);
    } catch (cause) {
      error = cause as Error;
    }
  }
  if (!line.isComplete) return { state: "cut" };
  if (error instanceof ValueError) return { state: "refused", error, keys };
  try {
    // NaN, Infinity and the keys above, for which all of the text is needed.
    const object = decodeObject(await new Blob(held as Uint8Array<ArrayBuffer>[]).bytes());
    return { state: "read", object };
  } catch (error) {
    return { state: "refused", error: error as Error, keys };
  }
}
