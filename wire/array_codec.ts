/**
 * Arrays on the wire, between devices with the extension `arrays`:
 *
 *     {"__array__":{"dtype":"<f8","shape":[2,3],"data":"base64 of the bytes, row by row"}}
 *
 * In a value that travels in pieces, `"part":k` stands in the place of `data` of a long array: its
 * bytes are in binary pieces with that number. All other devices get lists.
 *
 * A key of a user's own object that would be taken for this one has one more underscore at its start
 * on the wire.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { base64Length, readBase64, toBase64 } from "./base64.ts";
import { ARRAY_KEY, isReserved } from "./array_key.ts";
import { giveBackCopies, tryTakeCopies } from "./held_texts.ts";
import { dtypeOf, isTypedArray, NdArray, type NumberArray, sizeOf } from "./nd_array.ts";
import type { ArrayWriter } from "./json.ts";
import { isObject, type JsonObject } from "./message.ts";

/** An array of at least so many bytes goes in binary pieces, if the value goes in pieces. */
const BINARY = 64 * 1024;
/** So many bytes of an array are written as base64 at once: a multiple of 3. */
const WRITTEN_AT_ONCE = 192 * 1024;
/** So many characters of what is no array are shown in an error. */
const SHOWN = 100;
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

/**
 * Puts the arrays of a value that was received in their places, and removes the underscores of other
 * keys. Changes the value.
 *
 * @param parts The bytes of its parts, in the order of their numbers.
 * @returns The value; an array, if it is one itself.
 * @throws {ValueError} When an array is none, or a part is used by none or by two.
 */
export function readArrays(
  value: unknown,
  parts: readonly Uint8Array<ArrayBuffer>[] = [],
): unknown {
  const reader = new Reader(parts);
  const read = reader.read(value);
  reader.end();
  return read;
}

/**
 * The same for the arguments of a request or of a notification.
 *
 * @throws {ValueError} When an array is none, or stands in the place of the keyword arguments.
 */
export function readArguments(args: unknown[], kwargs: JsonObject): [unknown[], JsonObject] {
  const read = readArrays([args, kwargs]);
  if (isArguments(read)) return read;
  throw new ValueError("An array cannot stand in the place of the keyword arguments");
}

/** Whether a value is an array of the arguments by position, and those by name. */
export function isArguments(value: unknown): value is [unknown[], JsonObject] {
  if (!Array.isArray(value)) return false;
  const [args, kwargs] = value;
  return Array.isArray(args) && isObject(kwargs) && !isTypedArray(kwargs) &&
    !(kwargs instanceof NdArray);
}

class Reader {
  /** A part that is used is not there any more. */
  readonly #parts: (Uint8Array<ArrayBuffer> | undefined)[];

  constructor(parts: readonly Uint8Array<ArrayBuffer>[]) {
    this.#parts = [...parts];
  }

  read(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return this.#readItems(value);
    if (Object.isFrozen(value)) return value; // a number with its digits
    const object = value as Record<string, unknown>;
    const keys = Object.keys(object);
    for (let index = 0; index < keys.length; index++) {
      if (isReserved(keys[index])) return this.#readReserved(object, keys);
    }
    for (let index = 0; index < keys.length; index++) {
      const member = object[keys[index]];
      if (typeof member === "object") object[keys[index]] = this.read(member);
    }
    return object;
  }

  /** Nothing is called for a number: there may be millions, in each message. */
  #readItems(items: unknown[]): unknown[] {
    for (let index = 0; index < items.length; index++) {
      const item = items[index];
      if (typeof item === "object" && item !== null) items[index] = this.read(item);
    }
    return items;
  }

  /** @throws {ValueError} When a part was not used. */
  end(): void {
    const left = this.#parts.findIndex((part) => part !== undefined);
    if (left !== -1) throw new ValueError(`No array has part ${left}, which has arrived`);
  }

  #readReserved(object: Record<string, unknown>, keys: readonly string[]): unknown {
    if (!keys.includes(ARRAY_KEY)) {
      const own = Object.entries(object).map(([key, member]) => [
        isReserved(key) ? key.slice(1) : key,
        this.read(member),
      ]);
      return Object.fromEntries(own);
    }
    if (keys.length > 1) {
      throw new ValueError(`An object with the key ${ARRAY_KEY} has others too: no array`);
    }
    return this.#readArray(object[ARRAY_KEY]);
  }

  #readArray(description: unknown): NumberArray | NdArray {
    const { dtype, shape, data, part, clamped } = (description ?? {}) as Record<string, unknown>;
    const kind = kindOf(dtype, clamped === true);
    const length = Array.isArray(shape) ? sizeOf(shape) : undefined;
    if (length === undefined) {
      throw new ValueError(`${shown(shape)} is no shape of an array`);
    }
    const size = length * kind.size;
    const bytes = part === undefined
      ? fromText(data, size, shape as number[])
      : this.#take(part, size, shape as number[]);
    const order = (dtype as string)[0];
    if (kind.size > 1 && order !== NATIVE) swap(bytes, kind.size);
    const array = kind.view(bytes.buffer);
    return (shape as number[]).length === 1 ? array : new NdArray(array, shape as number[]);
  }

  #take(part: unknown, size: number, shape: readonly number[]): Uint8Array<ArrayBuffer> {
    const bytes = typeof part === "number" ? this.#parts[part] : undefined;
    if (bytes === undefined) {
      throw new ValueError(
        `Part ${shown(part)} of an array has not arrived, or is used twice`,
      );
    }
    if (bytes.length !== size) throw notFitting(shape, size, bytes.length);
    this.#parts[part as number] = undefined;
    return bytes;
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

/** A type of elements that can be read. */
interface Kind {
  /** The size of one, in bytes. */
  size: number;
  view: (bytes: ArrayBuffer) => NumberArray;
}

const NATIVE = dtypeOf(new Int16Array(0))[0];

/** The kinds by NumPy's letter and size. A boolean is a number, 0 or 1. */
const KINDS: Readonly<Record<string, (bytes: ArrayBuffer) => NumberArray>> = {
  i1: (bytes) => new Int8Array(bytes),
  u1: (bytes) => new Uint8Array(bytes),
  b1: (bytes) => new Uint8Array(bytes),
  i2: (bytes) => new Int16Array(bytes),
  u2: (bytes) => new Uint16Array(bytes),
  i4: (bytes) => new Int32Array(bytes),
  u4: (bytes) => new Uint32Array(bytes),
  i8: (bytes) => new BigInt64Array(bytes),
  u8: (bytes) => new BigUint64Array(bytes),
  f2: (bytes) => globalThis.Float16Array === undefined ? widened(bytes) : new Float16Array(bytes),
  f4: (bytes) => new Float32Array(bytes),
  f8: (bytes) => new Float64Array(bytes),
};

function kindOf(dtype: unknown, isClamped: boolean): Kind {
  const [, order, code] = typeof dtype === "string" ? /^([<>|])(\w\d)$/.exec(dtype) ?? [] : [];
  const size = Number(code?.[1]);
  if (code === undefined || !Object.hasOwn(KINDS, code) || (order === "|" && size > 1)) {
    throw new ValueError(
      `${shown(dtype)} is no type of the elements of an array that is known: "<" or ">" ` +
        `with i2, i4, i8, u2, u4, u8, f2, f4 or f8; "|i1", "|u1" or "|b1"`,
    );
  }
  const view = isClamped && code === "u1"
    ? (bytes: ArrayBuffer) => new Uint8ClampedArray(bytes)
    : KINDS[code];
  return { size, view };
}

/** Numbers of 16 bits, for a runtime without `Float16Array`: those of 32 bits have all of them. */
function widened(bytes: ArrayBuffer): Float32Array {
  return Float32Array.from(new Uint16Array(bytes), (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = bits >> 10 & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25));
  });
}

function fromText(data: unknown, size: number, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  if (typeof data !== "string") {
    throw new ValueError("An array has neither data, as a text, nor a part");
  }
  // Before memory is taken for what is only said.
  if (data.length !== base64Length(size)) {
    throw notFitting(shape, size, Math.floor(data.length / 4) * 3);
  }
  const bytes = new Uint8Array(size);
  if (readBase64(data, bytes)) return bytes;
  throw new ValueError(
    `The data of an array of the shape [${shape}] is not ${size} bytes in base64`,
  );
}

/** What a peer has sent, in an error that goes back to it and into the log: its beginning. */
function shown(value: unknown): string {
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, SHOWN) : value) ??
    "undefined";
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}

function notFitting(shape: readonly number[], size: number, found: number): ValueError {
  return new ValueError(
    `An array of the shape [${shape}] has ${size} bytes, and ${found} of them have arrived`,
  );
}

/** Reverses the bytes of each element. */
function swap(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    for (let low = start, high = start + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}
