/**
 * The pieces of a large value: between devices of this package the JSON of a value above
 * {@linkcode PIECE_SIZE} travels as texts of at most that size, each in an ordinary short line. The
 * bytes of long arrays in it follow, in pieces of their own.
 *
 * This module measures the JSON of a value, cuts it between code points, and puts it together again.
 * `json_writer.ts` writes the JSON and `json_reader.ts` reads it while it arrives. How many pieces
 * may be on their way is for `device/arrival.ts` and `device/part_sender.ts`.
 *
 * @module
 */

import { utf8Length } from "../base/encoding.ts";
import { ValueError } from "../errors.ts";
import { periodicPause } from "../base/pause.ts";
import { ArrayAssembly, BINARY_PIECE_SIZE } from "./array_assembly.ts";
import { KNOWS_ARRAYS } from "./array_key.ts";
import { ArrayReader } from "./array_reader.ts";
import type { ArrayPart } from "./array_writer.ts";
import { toBase64 } from "./base64.ts";
import { type ParseJson, parseJson } from "./json.ts";
import { HeldTexts } from "./held_texts.ts";
import { JsonReader } from "./json_reader.ts";
import { unreadable } from "./large_values.ts";
import { encodeBinaryPiece, encodeTextPiece, type PieceContent } from "./message.ts";

/** The largest piece, in bytes of UTF-8. A value up to that size travels in one line. */
export const PIECE_SIZE = 256 * 1024;

/** How much JSON is written at once, without a pause, in bytes: it takes some 30 ms at most. */
export const AT_ONCE = 4 * 1024 * 1024;

/** The time from one pause to the next, in milliseconds. */
const SLICE = 5;
/** A code point has at most so many bytes, so that a piece can hold one. */
const MIN_PIECE_SIZE = 4;

const encoder = new TextEncoder();
/** What is encoded only to be cut. */
let scratch: Uint8Array<ArrayBuffer> | undefined;

/** A piece. */
export interface Piece {
  /** The texts that are the piece together. */
  texts: string[];
  /** In bytes of UTF-8. */
  size: number;
}

/** The JSON of a value, which is measured. */
export interface MeasuredJson {
  /** In bytes of UTF-8. */
  readonly size: number;
  /** Whether the text is held. If not, the value must not change until it is sent. */
  readonly isHeld: boolean;
  /** The texts that are the JSON together. Where it is not held, they are written again. */
  texts(): Iterable<string>;
  /** Does not hold the text any more: it is sent, or is not wanted any more. */
  release(): void;
}

/** A value that is sent in pieces. */
export interface ValueInParts {
  readonly json: MeasuredJson;
  /** The bytes of its long arrays. */
  readonly arrays: readonly ArrayPart[];
}

/** The size of a value, in bytes: of its JSON, and of its arrays. */
export function sizeInParts(value: ValueInParts): number {
  if (!KNOWS_ARRAYS) return value.json.size;
  return value.arrays.reduce((size, array) => size + array.size, value.json.size);
}

/** A piece as a line has it. */
export interface WrittenPiece {
  /** The texts that are its content together, as JSON. */
  content: readonly string[];
  /** How many bytes of the value it has. */
  size: number;
}

/**
 * The pieces of a value: of its JSON, then of its arrays.
 *
 * @throws {ValueError} When an array has lost its buffer since it was written.
 */
export function* piecesOf(value: ValueInParts): Generator<WrittenPiece, void> {
  for (const { texts, size } of cutPieces(value.json.texts())) {
    yield { content: encodeTextPiece(texts), size };
  }
  if (!KNOWS_ARRAYS) return;
  for (const [part, { bytes, size }] of value.arrays.entries()) {
    for (let start = 0; start < size; start += BINARY_PIECE_SIZE) {
      if (bytes.length !== size) throw hasChanged();
      const piece = bytes.subarray(start, start + BINARY_PIECE_SIZE);
      const sized = start === 0 ? size : undefined;
      yield {
        content: encodeBinaryPiece({ part, data: toBase64(piece), size: sized }),
        size: piece.length,
      };
    }
  }
}

/** The error of a value that is not what it was when its size was measured. */
export function hasChanged(): ValueError {
  return new ValueError("The value has changed while it was sent");
}

/** Writes the JSON of a value from its beginning, in texts. */
export type WriteJson = () => Generator<string, void>;

/**
 * Cuts texts into pieces between code points. Each piece but the last is as long as it can be.
 *
 * @param limit The largest piece, in bytes of UTF-8, at least 4.
 */
export function* cutPieces(texts: Iterable<string>, limit = PIECE_SIZE): Generator<Piece, void> {
  const most = Math.max(limit, MIN_PIECE_SIZE);
  scratch ??= new Uint8Array(PIECE_SIZE);
  let piece: Piece = { texts: [], size: 0 };
  for (let rest of texts) {
    let length = utf8Length(rest);
    for (; piece.size + length > most; length = utf8Length(rest)) {
      const { read, written } = encoder.encodeInto(rest, scratch.subarray(0, most - piece.size));
      if (read > 0) piece.texts.push(rest.slice(0, read));
      yield { texts: piece.texts, size: piece.size + written };
      piece = { texts: [], size: 0 };
      rest = rest.slice(read);
    }
    if (length === 0) continue;
    piece.texts.push(rest);
    piece.size += length;
  }
  if (piece.size > 0) yield piece;
}

/** The JSON of a value whose beginning is written. */
export interface BegunJson {
  readonly texts: string[];
  /** The size of the texts, in bytes of UTF-8. */
  readonly size: number;
  /** Writes the rest. */
  readonly rest: Iterator<string, void>;
}

/** Whether all of the JSON was measured. */
export function isMeasured(json: MeasuredJson | BegunJson): json is MeasuredJson {
  return "isHeld" in json;
}

/**
 * Measures the JSON of a value, at once. If it is longer than `AT_ONCE`, gives its beginning.
 *
 * @throws {TypeError} When JSON cannot hold the value.
 */
export function measureNow(write: WriteJson): MeasuredJson | BegunJson {
  const texts: string[] = [];
  const rest = write();
  let size = 0;
  while (size <= AT_ONCE) {
    const next = rest.next();
    if (next.done) return { size, isHeld: true, texts: () => texts, release: () => {} };
    texts.push(next.value);
    size += utf8Length(next.value);
  }
  return { texts, size, rest };
}

/**
 * Measures the JSON of a value, with pauses. The value must not change meanwhile.
 *
 * @param write Writes the JSON from its beginning.
 * @param begun The beginning, if it is written.
 * @throws {TypeError} When JSON cannot hold the value.
 */
export async function measure(
  write: WriteJson,
  begun: BegunJson = { texts: [], size: 0, rest: write() },
): Promise<MeasuredJson> {
  const pause = periodicPause(SLICE);
  const { rest } = begun;
  let held: HeldTexts | undefined = new HeldTexts(begun.texts, begun.size);
  const release = () => {
    held?.release();
    held = undefined;
  };
  let size = begun.size;
  try {
    for (let next; !(next = rest.next()).done;) {
      const length = utf8Length(next.value);
      size += length;
      if (!held?.tryAdd(next.value, length)) release();
      await pause();
    }
  } catch (error) {
    release();
    throw error;
  }
  return {
    size,
    get isHeld() {
      return held !== undefined;
    },
    texts: () => held ?? write(),
    release,
  };
}

/** Puts the JSON of one value together, and reads it while it arrives. */
export class Assembly {
  readonly #limit: number;
  readonly #reader: JsonReader;
  /** The arrays in it, and their bytes; `undefined` if it cannot have any. */
  readonly #arrayReader: ArrayReader | undefined;
  readonly #arrays: ArrayAssembly | undefined;
  #size: number | undefined;
  #received = 0;

  /**
   * @param limit The largest value, in bytes of UTF-8: the `readLimit` of the device.
   * @param size The size of the value, if it is known.
   * @param parse Parses its parts.
   * @param knowsArrays Whether it may have arrays.
   * @throws {ValueError} When the value is larger.
   */
  constructor(
    limit: number,
    size?: number,
    parse: ParseJson = parseJson,
    knowsArrays?: boolean,
  ) {
    this.#limit = limit;
    if (KNOWS_ARRAYS && knowsArrays) {
      this.#arrayReader = new ArrayReader();
      this.#arrays = new ArrayAssembly(this.#arrayReader);
    }
    this.#reader = new JsonReader(undefined, parse, this.#arrayReader);
    this.#expect(size);
  }

  /** The size of the value, in bytes; `undefined` if it is not known yet. */
  get size(): number | undefined {
    return this.#size;
  }

  /** How many bytes have come. */
  get received(): number {
    return this.#received;
  }

  /**
   * Adds a piece.
   *
   * @param size The size of the whole value, if the piece has it.
   * @returns The size of the piece, in bytes.
   * @throws {ValueError} When the piece is empty or too large, or the value is larger than it said
   * or than the limit; when it is a piece of an array, and no such piece may come.
   * @throws {JSONDecodeError} When it is not JSON.
   */
  add(content: PieceContent, size?: number): number {
    this.#expect(size);
    if (!KNOWS_ARRAYS || typeof content === "string") return this.#addText(content as string);
    if (this.#arrays === undefined) throw new ValueError("A piece of a value must be a text");
    if (!this.#arrays.hasPieces) this.#endJson();
    this.#arrays.hasPieces = true;
    const most = (this.#size ?? this.#limit) - this.#received;
    const length = this.#arrays.add(content, most);
    this.#received += length;
    this.#checkLimit(this.#received);
    return length;
  }

  #addText(text: string): number {
    if (KNOWS_ARRAYS && this.#arrays?.hasPieces) {
      throw new ValueError("The JSON of a value comes before its arrays");
    }
    const length = text.length > PIECE_SIZE ? Infinity : utf8Length(text);
    if (length === 0 || length > PIECE_SIZE) {
      throw new ValueError(`A piece of a value must have from 1 to ${PIECE_SIZE} bytes`);
    }
    this.#received += length;
    if (this.#received > (this.#size ?? Infinity)) {
      throw new ValueError(`A value of ${this.#size} bytes has more pieces than that`);
    }
    this.#checkLimit(this.#received);
    try {
      this.#reader.read(text);
    } catch (error) {
      throw unreadable(error as Error);
    }
    return length;
  }

  /**
   * The value, after its last piece.
   *
   * @throws {ValueError} When its pieces have another size.
   * @throws {JSONDecodeError} When it is not JSON.
   */
  end(size: number): unknown {
    if (size !== this.#received || size !== (this.#size ?? size)) {
      throw new ValueError(`A value of ${size} bytes has pieces of ${this.#received} bytes`);
    }
    if (!KNOWS_ARRAYS || !this.#arrays?.hasPieces) this.#endJson(); // else with the first piece of an array
    if (KNOWS_ARRAYS) {
      this.#arrays?.end();
      this.#arrayReader?.end();
    }
    return this.#reader.value;
  }

  #endJson(): void {
    try {
      this.#reader.end();
    } catch (error) {
      throw unreadable(error as Error);
    }
  }

  #expect(size: number | undefined): void {
    if (size === undefined) return;
    if (size !== (this.#size ?? size)) {
      throw new ValueError(`A value of ${this.#size} bytes has ${size} bytes in a later piece`);
    }
    this.#size = size;
    this.#checkLimit(size);
  }

  #checkLimit(size: number): void {
    if (size <= this.#limit) return;
    throw new ValueError(
      `The value has ${size} bytes${size === this.#size ? "" : " or more"}, ` +
        `longer than readLimit, ${this.#limit} bytes`,
    );
  }
}
