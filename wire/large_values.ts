/**
 * Encodes and decodes large values in steps with pauses, so that the event loop serves other events
 * meanwhile, and no text is longer than the runtime can hold. `json_writer.ts` and `json_reader.ts`
 * do the steps.
 *
 * @module
 */

import { JSONDecodeError, ValueError } from "../errors.ts";
import { estimateSize, writeJson } from "./json_writer.ts";
import type { ArrayWriter, ParseJson } from "./json.ts";
import { JsonReader } from "./json_reader.ts";
import type { LongLine } from "./line.ts";
import { isObject, type JsonObject } from "./message.ts";
import { periodicPause } from "../base/pause.ts";
import { KeyScanner } from "./key_scanner.ts";

/** A value whose JSON has about so many characters is large. */
const LARGE = 256 * 1024;
/** The length of a text that is written at once, in characters. */
export const PIECE_LENGTH = 64 * 1024;
/** The time from one pause to the next, in milliseconds. */
const SLICE = 10;

/** Whether a value is so large that it is to be encoded in steps. */
export function isLarge(value: unknown): boolean {
  return estimateSize(value, LARGE) >= LARGE;
}

/**
 * Whether a value has arrays of numbers of 64 KiB or more: in a stream these travel in pieces, whose
 * credit counts bytes, and not values.
 */
export function hasLongArrays(value: unknown): boolean {
  return estimateSize(value, LARGE, ({ byteLength }) => 4 * byteLength) >= LARGE;
}

/** Whether a value is so large, or has arrays of numbers. */
export function isLargeOrHasArrays(value: unknown): boolean {
  return estimateSize(value, LARGE, () => LARGE) >= LARGE;
}

/**
 * Encodes a value as JSON in UTF-8, in pieces. It must not change until the promise is settled.
 *
 * @param place What the value is, for an error, e.g. `"args"`.
 * @param arrays Writes arrays of numbers. Default: they are lists.
 * @throws {TypeError} When JSON cannot hold the value.
 */
export async function encodeLarge(
  value: unknown,
  place?: string,
  arrays?: ArrayWriter,
): Promise<Uint8Array[]> {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  const pause = periodicPause(SLICE);
  for (const text of writeJson(value, PIECE_LENGTH, place, arrays)) {
    pieces.push(encoder.encode(text));
    await pause();
  }
  return pieces;
}

/** The result of reading a long line. */
export type ReadResult =
  | { state: "read"; object: JsonObject }
  /** The line cannot be read. `keys` says which request it belongs to. */
  | { state: "invalid"; error: Error; keys: KeyScanner }
  /** The connection ended within the line. */
  | { state: "truncated" };

/**
 * Reads the JSON object of a long line while it arrives. Holds the value, but not the line.
 *
 * @param limit The longest line that is read, in bytes.
 * @param parse Parses its parts.
 */
export async function readLarge(
  line: LongLine,
  limit: number,
  parse?: ParseJson,
): Promise<ReadResult> {
  const keys = new KeyScanner();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = new JsonReader(undefined, parse);
  const pause = periodicPause(SLICE);
  let size = 0;
  let failure: unknown;
  for await (const piece of line) {
    keys.read(piece); // also after a failure, since the keys may come later
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
  if (!line.isComplete) return { state: "truncated" };
  try {
    if (failure !== undefined) throw failure;
    decoder.decode();
    const object = reader.end();
    if (!isObject(object)) throw new SyntaxError("not a JSON object");
    return { state: "read", object };
  } catch (cause) {
    return { state: "invalid", error: unreadable(cause as Error), keys };
  }
}

/** The error of a value that cannot be read. */
export function unreadable(cause: Error): Error {
  if (cause instanceof ValueError) return cause;
  if (!(cause instanceof RangeError)) {
    return new JSONDecodeError(`Cannot read the line: ${cause.message}`, { cause });
  }
  const message = `The message has a text or an array that is too long here: ${cause.message}`;
  return new ValueError(message, { cause });
}
