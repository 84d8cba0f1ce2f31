/**
 * Files of NumPy's format (`.npy`, version 1.0), which `numpy.load` reads: the type, the shape, and
 * the bytes of an array.
 *
 * @module
 */

import { ConfigurationError, ValueError } from "../errors.ts";
import { isNumbers } from "../wire/serializable.ts";
import { NdArray, type NumberArray } from "../wire/nd_array.ts";

const MAGIC = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0];
/** The header of a file ends at a multiple of this, in bytes. */
const ALIGNMENT = 64;
/** How much is written at once, in bytes. */
const WRITTEN_AT_ONCE = 16 * 1024 * 1024;

/** What comes before the bytes of an array. */
export function npyHeader({ dtype, shape }: NdArray): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const unpadded = MAGIC.length + 2 + text.length + 1;
  const padded = text.padEnd(text.length + (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT) + "\n";
  const { length } = padded;
  return Uint8Array.of(...MAGIC, length & 0xff, length >> 8, ...new TextEncoder().encode(padded));
}

/**
 * A value as an array: an array of numbers, or lists of numbers that all have the same length, which
 * are doubles then.
 *
 * @throws {ValueError} When it is none.
 */
export function asArray(value: unknown): NdArray {
  if (isNumbers(value)) return value instanceof NdArray ? value : new NdArray(value);
  const shape: number[] = [];
  for (let first = value; Array.isArray(first); first = first[0]) shape.push(first.length);
  const numbers: number[] = [];
  if (shape.length > 0 && collect(value, shape, 0, numbers)) {
    return new NdArray(Float64Array.from(numbers), shape);
  }
  throw new ValueError(
    "The result is no array of numbers, nor lists of numbers that have the same length: --out writes " +
      "only those. Without it, the result is printed",
  );
}

function collect(value: unknown, shape: readonly number[], at: number, into: number[]): boolean {
  if (at === shape.length) return typeof value === "number" && into.push(value) > 0;
  return Array.isArray(value) && value.length === shape[at] &&
    value.every((item) => collect(item, shape, at + 1, into));
}

/** Writes arrays into files: the first one into the file that was named, later ones beside it. */
export class NpyFiles {
  readonly #file: string;
  #count = 0;

  /** @throws {ConfigurationError} When the name does not end in `.npy`. */
  constructor(file: string) {
    if (!/[^/\\]\.npy$/i.test(file)) {
      throw new ConfigurationError(`Cannot write ${file}: its name must end in .npy`);
    }
    this.#file = file;
  }

  /**
   * Writes an array. A file of that name is replaced when all of it is written.
   *
   * @returns The name of the file.
   * @throws {ConfigurationError} When it cannot be written.
   */
  async write(array: NdArray): Promise<string> {
    const number = ++this.#count;
    const file = number === 1 ? this.#file : this.#file.replace(/(\.npy)$/i, `-${number}$1`);
    const temporary = `${file}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    try {
      try {
        await writeParts(temporary, [npyHeader(array), bytesOf(array.data)]);
        await Deno.rename(temporary, file);
      } catch (error) {
        await Deno.remove(temporary).catch(() => {});
        throw error;
      }
    } catch (cause) {
      const { message } = cause as Error;
      throw new ConfigurationError(`Cannot write ${file}: ${message}`, { cause });
    }
    return file;
  }
}

async function writeParts(file: string, parts: readonly Uint8Array[]): Promise<void> {
  using opened = await Deno.open(file, { write: true, createNew: true });
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      at += await opened.write(part.subarray(at, at + WRITTEN_AT_ONCE));
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
