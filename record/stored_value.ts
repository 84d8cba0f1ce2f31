/**
 * A value as a file keeps it: a number where there is one, so that it can be plotted and averaged, and
 * JSON for what a floating-point number does not hold.
 *
 * @module
 */

import { MAX_RECORDED_VALUE } from "../limits.ts";
import { formatSize } from "../base/units.ts";
import { encodeValue, parseJson } from "../wire/json.ts";
import { estimateSize } from "../wire/json_writer.ts";

/** The two columns of a value. One of them at least is not `null`. */
export interface StoredValue {
  /** The finite number that the value is, or is nearest to: 1 for `true`, 0 for `false`. */
  readonly value: number | null;
  /**
   * The value as JSON, unless `value` says all of it. As in Python's JSON, it may be `NaN`, `Infinity`
   * or `-Infinity`.
   */
  readonly json: string | null;
}

/**
 * The columns of a value.
 *
 * @throws {TypeError} When JSON cannot hold it.
 * @throws {RangeError} When it is longer than `MAX_RECORDED_VALUE`.
 */
export function storedValue(value: unknown): StoredValue {
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
  if (estimateSize(value, 2 * MAX_RECORDED_VALUE) < 2 * MAX_RECORDED_VALUE) {
    const json = encodeValue(value);
    if (json.length <= MAX_RECORDED_VALUE) return json;
  }
  throw new RangeError(`the value is longer than ${formatSize(MAX_RECORDED_VALUE)}`);
}

/** The value of the columns. A bigint is a number again, and a typed array a list. */
export function loadedValue({ value, json }: StoredValue): unknown {
  return json === null ? value : parseJson(json);
}

/** Whether a value is an array of any kind. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
