/**
 * Arrays of numbers as the lists that they were before there were arrays on the wire: for schemas that
 * know lists only.
 *
 * @module
 */

import { isTypedArray, NdArray, type NumberArray } from "../wire/nd_array.ts";

/** A value that is nested deeper is left as it is. */
const MAX_DEPTH = 200;

/**
 * A value with lists in the place of its arrays of numbers; the same value if it has none. Numbers of 64
 * bits are the nearest ones of JavaScript, as in JSON. Changes nothing of the value.
 *
 * @throws {RangeError} If an array would be too many lists.
 */
export function withLists(value: unknown, depth: number = MAX_DEPTH): unknown {
  if (typeof value !== "object" || value === null || depth === 0) return value;
  if (isTypedArray(value)) return Array.from<number>(numbersOf(value));
  if (value instanceof NdArray) return new NdArray(numbersOf(value.data), value.shape).toList();
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (const [index, item] of value.entries()) {
      const listed = withLists(item, depth - 1);
      if (listed !== item) (copy ??= [...value])[index] = listed;
    }
    return copy ?? value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const members = Object.entries(value)
    .map(([key, member]) => [key, member, withLists(member, depth - 1)] as const);
  if (members.every(([_key, member, listed]) => member === listed)) return value;
  return Object.fromEntries(members.map(([key, _member, listed]) => [key, listed]));
}

function numbersOf(data: NumberArray): Exclude<NumberArray, BigInt64Array | BigUint64Array> {
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data as Iterable<number | bigint>, Number)
    : data;
}
