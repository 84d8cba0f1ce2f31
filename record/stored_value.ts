/**
 * A value as a file keeps it: a number where there is one, so that it can be plotted and averaged, the
 * bytes of an array of numbers, and JSON for anything else. A file of text has JSON for arrays too:
 * lists of their numbers.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { MAX_RECORDED_VALUE } from "../limits.ts";
import { formatSize } from "../base/units.ts";
import { readArrays } from "../wire/array_reader.ts";
import { ARRAY_KEY } from "../wire/array_key.ts";
import { encodeValue, parseJson } from "../wire/json.ts";
import { estimateSize } from "../wire/json_writer.ts";
import { isTypedArray, NdArray, type NumberArray } from "../wire/nd_array.ts";
import { checkSerializable, isNumbers } from "../wire/serializable.ts";

/** An array of numbers, of any number of dimensions. */
export interface StoredArray {
  /** The type of its elements, as NumPy writes it, e.g. `"<f8"`. */
  readonly dtype: string;
  /** The number of elements along each dimension, as JSON, e.g. `"[2,3]"`. */
  readonly shape: string;
  /** Its elements, row by row. */
  readonly data: Uint8Array;
}

/** The columns of a value. One of them at least is there. */
export interface StoredValue {
  /** The finite number that the value is, or is nearest to: 1 for `true`, 0 for `false`. */
  readonly value: number | null;
  /**
   * The value as JSON, unless `value` says all of it. As in Python's JSON, it may be `NaN`, `Infinity`
   * or `-Infinity`.
   */
  readonly json: string | null;
  /** The value, if it is an array of numbers with a type: the two others are `null` then. */
  readonly array?: StoredArray;
}

/**
 * The columns of a value. An array inside of an object or of a list is a list in its JSON.
 *
 * @throws {TypeError} When JSON cannot hold it.
 * @throws {RangeError} When it is longer than `MAX_RECORDED_VALUE`.
 */
export function storedValue(value: unknown): StoredValue {
  if (!isNumbers(value)) return textValue(value);
  const array = storedArray(value);
  if (array.data.length > MAX_RECORDED_VALUE) throw tooLong();
  return { value: null, json: null, array };
}

/**
 * The same for a file of text, where an array is a list of its numbers with all of their digits.
 *
 * @throws {TypeError} When JSON cannot hold it.
 * @throws {RangeError} When it is longer than `MAX_RECORDED_VALUE`.
 */
export function textValue(value: unknown): StoredValue {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? { value, json: null } : { value: null, json: `${value}` };
    case "boolean":
      return { value: Number(value), json: `${value}` };
    case "bigint":
      return { value: finiteOrNull(Number(value)), json: `${value}` };
    default:
      return { value: null, json: jsonOf(value) };
  }
}

function jsonOf(value: unknown): string {
  // An estimate is made first: the text of a very long value takes seconds and much memory.
  if (estimateSize(value, 2 * MAX_RECORDED_VALUE, sizeAsList) < 2 * MAX_RECORDED_VALUE) {
    const json = encodeValue(value);
    if (json.length <= MAX_RECORDED_VALUE) return json;
  }
  throw tooLong();
}

/** Each number of an array has two characters at least, half of what is compared. */
function sizeAsList(array: ArrayBufferView): number {
  return Math.max(array.byteLength, isTypedArray(array) ? 4 * array.length : 0);
}

function tooLong(): RangeError {
  return new RangeError(`the value is longer than ${formatSize(MAX_RECORDED_VALUE)}`);
}

/**
 * The columns of an array. Its bytes are not copied.
 *
 * @throws {TypeError} When it has lost its bytes.
 */
export function storedArray(array: NumberArray | NdArray): StoredArray {
  checkSerializable("", array);
  const { data, shape, dtype } = isTypedArray(array) ? new NdArray(array) : array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype, shape: JSON.stringify(shape), data: bytes };
}

/**
 * The value of the columns. A bigint is a number again.
 *
 * @throws {ValueError} When an array is none: another program has written it.
 * @throws {SyntaxError} When it is no JSON, for the same reason.
 */
export function loadedValue({ value, json, array }: StoredValue): unknown {
  if (array !== undefined) {
    const { dtype, shape, data } = array;
    if (!(data instanceof Uint8Array)) throw new ValueError("An array has no bytes");
    const part = data.byteLength === data.buffer.byteLength ? data : data.slice();
    return readArrays({ [ARRAY_KEY]: { dtype, shape: parseJson(shape), part: 0 } }, [
      part as Uint8Array<ArrayBuffer>,
    ]);
  }
  return json === null ? value : parseJson(json);
}

/** Whether a value is an array of any kind. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value) || isNumbers(value);
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
