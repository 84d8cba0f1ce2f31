/**
 * An array of numbers as a person reads it: its type, its shape, its smallest and its largest number,
 * and the first ones.
 *
 * @module
 */

import type { ArrayWriter } from "../wire/json.ts";
import { encodeValue } from "../wire/json.ts";
import { NdArray, type NumberArray } from "../wire/nd_array.ts";
import { asList } from "../wire/serializable.ts";

/** An array of so few numbers is written as a list: that says more. */
const FEW = 16;
/** How many of the first numbers are shown. */
const FIRST = 4;

/** Writes a summary in the place of each long array. */
export const SUMMARIES: ArrayWriter = {
  escapesKeys: false,
  texts: (array) => [summaryOf(array)],
};

/** The summary of an array; a short one as its list. */
export function summaryOf(array: NumberArray | NdArray): string {
  const { data, shape, dtype } = array instanceof NdArray ? array : new NdArray(array);
  if (data.length <= FEW) return listOf(array, shape);
  const { low, high, missing } = rangeOf(data);
  const range = low === undefined ? [] : [`min ${textOf(low)}`, `max ${textOf(high)}`];
  const others = missing === 0 ? [] : [`${missing} NaN`];
  const first = Array.from<unknown>(data.subarray(0, FIRST)).map(textOf);
  const size = shape.length === 1 ? `${shape[0]}` : shape.join("x");
  return `array(${[`${size} ${dtype}`, ...range, ...others].join(", ")}: ${first.join(" ")} ...)`;
}

/** An empty array of several dimensions may have very many empty lists. */
function listOf(array: NumberArray | NdArray, shape: readonly number[]): string {
  return shape.includes(0) && shape.length > 1
    ? `array(${shape.join("x")}, empty)`
    : encodeValue(asList(array));
}

function textOf(value: unknown): string {
  return encodeValue(value);
}

function rangeOf(
  data: NumberArray,
): { low: number | bigint | undefined; high: number | bigint | undefined; missing: number } {
  let low: number | bigint | undefined;
  let high: number | bigint | undefined;
  let missing = 0;
  for (const value of data) {
    if (value !== value) missing++;
    else {
      if (low === undefined || value < low) low = value;
      if (high === undefined || value > high) high = value;
    }
  }
  return { low, high, missing };
}
