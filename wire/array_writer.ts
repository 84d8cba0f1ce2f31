/**
 * Writes arrays for the wire, between devices with the extension `arrays`:
 *
 *     {"__array__":{"dtype":"<f8","shape":[2,3],"data":"base64 of the bytes, row by row"}}
 *
 * In a value that travels in pieces, `"part":k` stands in the place of `data` of a long array: its
 * bytes are in binary pieces with that number. All other devices get lists.
 *
 * A key of a user's own object that would be taken for this one has one more underscore at its start
 * on the wire. `array_reader.ts` reads all of it.
 *
 * @module
 */

import { toBase64 } from "./base64.ts";
import { ARRAY_KEY } from "./array_key.ts";
import { giveBackCopies, tryTakeCopies } from "./held_texts.ts";
import { dtypeOf, isTypedArray, type NdArray, type NumberArray } from "./nd_array.ts";
import type { ArrayWriter } from "./json.ts";

/** An array of at least so many bytes goes in binary pieces, if the value goes in pieces. */
const BINARY = 64 * 1024;
/** So many bytes of an array are written as base64 at once: a multiple of 3. */
const WRITTEN_AT_ONCE = 192 * 1024;
/** The arrays of a value are copied at once if they have up to so many bytes together. */
export const COPIED = 16 * 1024 * 1024;

/** The bytes of an array that go in binary pieces. */
export interface ArrayPart {
  readonly bytes: Uint8Array;
  /** Their number when the array was written. It has fewer if its buffer is detached meanwhile. */
  readonly size: number;
}

/** Writes each array with its bytes in base64. */
export class InlineArrays implements ArrayWriter {
  readonly escapesKeys = true;

  *texts(array: NumberArray | NdArray): Generator<string, void> {
    const { data, description } = described(array);
    const bytes = bytesOf(data);
    yield `{"${ARRAY_KEY}":${JSON.stringify(description).slice(0, -1)},"data":"`;
    for (let start = 0; start < bytes.length; start += WRITTEN_AT_ONCE) {
      yield toBase64(bytes.subarray(start, start + WRITTEN_AT_ONCE));
    }
    yield '"}}';
  }
}

/** Has no state: one is enough. */
export const INLINE_ARRAYS: ArrayWriter = new InlineArrays();

/** Writes a number in the place of the bytes of each long array, and holds those. */
export class ArrayParts extends InlineArrays {
  readonly #parts: ArrayPart[] = [];
  readonly #first: () => number;
  #next = 0;
  #areCopied = true;
  readonly #copies: ArrayBuffer[] = [];
  /** The size of the copies, which it has taken from the budget. */
  #copied = 0;

  /** @param first The number of the first part. */
  constructor(first: () => number = () => 0) {
    super();
    this.#first = first;
  }

  /** The parts, in the order of their numbers. */
  get parts(): readonly ArrayPart[] {
    return this.#parts;
  }

  /** Whether all of them are copies, so that the arrays may be changed. */
  get areCopied(): boolean {
    return this.#areCopied;
  }

  /** The value is written from its beginning, perhaps once more: its arrays have the same numbers. */
  begin(): void {
    this.#next = 0;
  }

  /**
   * Does not hold the bytes any more: they are sent, or are not wanted any more. The memory of the
   * copies is given back at once: else each few MB of them start a garbage collection of everything.
   */
  release(): void {
    this.#parts.length = 0;
    for (const copy of this.#copies.splice(0)) copy.transfer(0);
    giveBackCopies(this.#copied);
    this.#copied = 0;
  }

  override *texts(array: NumberArray | NdArray): Generator<string, void> {
    const { data, description } = described(array);
    if (data.byteLength < BINARY) return yield* super.texts(array);
    const index = this.#next++;
    if (index === this.#parts.length) this.#parts.push(this.#hold(bytesOf(data)));
    yield JSON.stringify({ [ARRAY_KEY]: { ...description, part: this.#first() + index } });
  }

  #hold(bytes: Uint8Array): ArrayPart {
    const size = bytes.length;
    this.#areCopied &&= this.#copied + size <= COPIED && tryTakeCopies(size);
    if (!this.#areCopied) return { bytes, size };
    this.#copied += size;
    const copy = bytes.slice();
    this.#copies.push(copy.buffer);
    return { bytes: copy, size };
  }
}

/** What stands for an array beside its bytes. */
interface Description {
  dtype: string;
  shape: readonly number[];
  /** NumPy has no type for the numbers of a `Uint8ClampedArray`, and ignores this. */
  clamped?: true;
}

function described(array: NumberArray | NdArray): { data: NumberArray; description: Description } {
  const data = isTypedArray(array) ? array : array.data;
  const shape = isTypedArray(array) ? [array.length] : array.shape;
  const clamped = data instanceof Uint8ClampedArray ? { clamped: true as const } : {};
  return { data, description: { dtype: dtypeOf(data), shape, ...clamped } };
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
