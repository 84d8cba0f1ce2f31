/**
 * Lists and arrays of numbers in the same way: their items by index, none of which is copied.
 *
 * @module
 */

import { isTypedArray, NdArray } from "../../wire/nd_array.ts";

/** Items by index, from 0. A hole of a list, or an index that has none, is `undefined`. */
export interface Items<Item = unknown> {
  readonly length: number;
  at(index: number): Item;
}

/**
 * The items of a list, of a typed array, or the rows of an array of several dimensions; `undefined` for
 * what has none. An array of no dimension has none: see {@linkcode withoutDimension}.
 */
export function itemsOf(value: unknown): Items | undefined {
  if (Array.isArray(value) || isTypedArray(value)) return value;
  if (!(value instanceof NdArray) || value.shape.length === 0) return undefined;
  const { data, shape: [length, ...shape] } = value;
  if (shape.length === 0) return data;
  const size = length === 0 ? 0 : data.length / length;
  return {
    length,
    at: (index) => {
      const row = data.subarray(index * size, (index + 1) * size);
      return shape.length === 1 ? row : new NdArray(row, shape);
    },
  };
}

/** A column of an array of two dimensions. */
export function columnOf({ data, shape: [length, width] }: NdArray, column: number): Items {
  return { length, at: (index) => data[index * width + column] };
}

/** The number that an array of no dimension has; any other value as it is. */
export function withoutDimension(value: unknown): unknown {
  return value instanceof NdArray && value.shape.length === 0 ? value.data[0] : value;
}

/** A number of an array, those of 64 bits included; `undefined` for anything else. */
export function numberOf(item: unknown): number | undefined {
  return typeof item === "number" ? item : typeof item === "bigint" ? Number(item) : undefined;
}
