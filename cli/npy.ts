/**
 * Files of NumPy's format (`.npy`, version 1.0), which `numpy.load` reads: the type, the shape, and
 * the bytes of an array.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { fileExists } from "../base/files.ts";
import { CancelledError, ConfigurationError, ValueError } from "../errors.ts";
import { terminationSignal } from "../program/signals.ts";
import { isNumbers } from "../wire/serializable.ts";
import { MAX_DIMENSIONS, NdArray, type NumberArray } from "../wire/nd_array.ts";

const MAGIC = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0];
/** The header of a file ends at a multiple of this, in bytes. */
const ALIGNMENT = 64;
/** How much is written at once, in bytes. */
const WRITTEN_AT_ONCE = 16 * 1024 * 1024;
/** How many digits the number of a file has at least, so that their names are sorted as they came. */
const DIGITS = 6;

/** What comes before the bytes of an array. */
function npyHeader({ dtype, shape }: NdArray): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const unpadded = MAGIC.length + 2 + text.length + 1;
  const padded = text.padEnd(text.length + (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT) + "\n";
  const { length } = padded;
  return Uint8Array.of(...MAGIC, length & 0xff, length >> 8, ...new TextEncoder().encode(padded));
}

/**
 * A value as an array: an array of numbers, or lists of numbers that all have the same length, which
 * are doubles then. `undefined` if it is none.
 */
export function toArray(value: unknown): NdArray | undefined {
  if (isNumbers(value)) return value instanceof NdArray ? value : new NdArray(value);
  const shape: number[] = [];
  for (let first = value; Array.isArray(first); first = first[0]) shape.push(first.length);
  const numbers: number[] = [];
  if (shape.length > 0 && shape.length <= MAX_DIMENSIONS && collect(value, shape, 0, numbers)) {
    return new NdArray(Float64Array.from(numbers), shape);
  }
  return undefined;
}

/**
 * The result of a call as an array.
 *
 * @throws {ValueError} When it is none.
 */
export function asArray(result: unknown): NdArray {
  const array = toArray(result);
  if (array !== undefined) return array;
  throw new ValueError(
    "The result is no array of numbers, nor lists of numbers that have the same length, of up to " +
      `${MAX_DIMENSIONS} dimensions: --out writes only those`,
  );
}

function collect(value: unknown, shape: readonly number[], at: number, into: number[]): boolean {
  if (at === shape.length) return typeof value === "number" && into.push(value) > 0;
  return Array.isArray(value) && value.length === shape[at] &&
    value.every((item) => collect(item, shape, at + 1, into));
}

/** Writes an array into the file that was named, or each of several into a numbered one beside it. */
export class NpyFiles {
  readonly #file: string;
  /** The number of the last file. */
  #number: number | undefined;

  /** @throws {ConfigurationError} When the name does not end in `.npy`. */
  constructor(file: string) {
    if (!/[^/\\]\.npy$/i.test(file)) {
      throw new ConfigurationError(`Cannot write ${file}: its name must end in .npy`);
    }
    this.#file = file;
  }

  /**
   * Tries whether the file can be written, without a change to one of that name: a method that
   * has measured for an hour cannot be called again for a name that is wrong.
   *
   * @throws {ConfigurationError} When it cannot be written.
   */
  check(): Promise<void> {
    return writing(this.#file, async (temporary) => {
      await create(temporary, []);
      await Deno.remove(temporary);
    });
  }

  /**
   * Writes an array. A file of that name is replaced when all of it is written. A new one can be read by
   * its owner alone.
   *
   * @throws {ConfigurationError} When it cannot be written.
   * @throws {CancelledError} When the process is asked to end meanwhile.
   */
  write(array: NdArray): Promise<void> {
    return writeArray(this.#file, array);
  }

  /**
   * Writes one of several arrays: as `x-000001.npy` for `x.npy`. The numbers go on after those that are
   * there already, so no file is replaced.
   *
   * @returns The name of the file.
   * @throws {ConfigurationError} When it cannot be written.
   * @throws {CancelledError} When the process is asked to end meanwhile.
   */
  async writeNext(array: NdArray): Promise<string> {
    this.#number ??= highestNumber(this.#file);
    let file: string;
    do file = numbered(this.#file, ++this.#number); while (fileExists(file)); // of another program
    await writeArray(file, array);
    return file;
  }
}

function numbered(file: string, number: number): string {
  return file.replace(/(\.npy)$/i, `-${String(number).padStart(DIGITS, "0")}$1`);
}

/** The highest number of the files that are there, or 0. */
function highestNumber(file: string): number {
  const stem = `${basename(file).slice(0, -".npy".length)}-`;
  let highest = 0;
  try {
    for (const { name } of Deno.readDirSync(dirname(file))) {
      const digits = name.startsWith(stem) && /^\d+(?=\.npy$)/i.exec(name.slice(stem.length))?.[0];
      if (digits && digits.length >= DIGITS) highest = Math.max(highest, Number(digits));
    }
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
  return highest;
}

function writeArray(file: string, array: NdArray): Promise<void> {
  return writing(file, async (temporary, mode) => {
    await create(temporary, [npyHeader(array), bytesOf(array.data)]);
    if (mode !== null && Deno.build.os !== "windows") await Deno.chmod(temporary, mode & 0o777);
    await Deno.rename(temporary, file);
  });
}

/**
 * Writes a file by way of another one, which does not stay if that fails.
 *
 * @param write Is given the name of the other one, and the mode of the file, if it is there.
 */
async function writing(
  file: string,
  write: (temporary: string, mode: number | null) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    const mode = modeOf(file);
    try {
      await write(temporary, mode);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  } catch (cause) {
    if (cause instanceof CancelledError) throw cause;
    throw cannotWrite(file, cause);
  }
}

function cannotWrite(file: string, cause: unknown): ConfigurationError {
  return new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
}

/**
 * The mode of a file that is replaced; `null` if there is none, or a link, which is replaced and not
 * followed.
 *
 * @throws {Error} When something else has that name: a pipe would be replaced for those who read it.
 */
function modeOf(file: string): number | null {
  let found: Deno.FileInfo;
  try {
    found = Deno.lstatSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  if (found.isSymlink) return null;
  if (!found.isFile) throw new Error("it is not a regular file");
  return found.mode;
}

async function create(file: string, parts: readonly Uint8Array[]): Promise<void> {
  using termination = terminationSignal();
  using opened = await Deno.open(file, { write: true, createNew: true, mode: 0o600 });
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      at += await opened.write(part.subarray(at, at + WRITTEN_AT_ONCE));
      if (termination.signal.aborted) {
        throw new CancelledError(`${file} was not written: interrupted`);
      }
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
