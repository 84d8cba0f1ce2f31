/**
 * In the place of `wire/array_reader.ts`, `array_writer.ts`, `array_assembly.ts`, `array_key.ts`,
 * `base64.ts` and `nd_array.ts` in `/client.js`, which has at most 30 KB: that Client does not offer the
 * extension `arrays`, so it sends and gets lists. The page, `/client-arrays.js`, and `@msl/network/web`
 * as a module have arrays, and the two last ones export `NdArray`.
 *
 * @module
 */

import type { NumberArray } from "../../wire/nd_array.ts";

/** Whether the extension is offered. */
export const KNOWS_ARRAYS: false = false;

/** No JSON has a key that stands for an array. */
export const mayHaveReserved = (): boolean => false;
/** Nor is a key one. */
export const isReserved = mayHaveReserved;

/** Whether a value is a typed array, which is written as a list. */
export function isTypedArray(value: unknown): value is NumberArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** What is never made, since no peer is told that arrays are known. */
export class NdArray {}
export {
  NdArray as ArrayAssembly,
  NdArray as ArrayParts,
  NdArray as ArrayReader,
  NdArray as InlineArrays,
};

/** What is never called, for the same reason. */
export function readArrays<Value>(value: Value): Value {
  return value;
}
export {
  readArrays as BINARY_PIECE_SIZE,
  readArrays as checkLists,
  readArrays as readArgumentsInSteps,
  readArrays as readArraysInSteps,
  readArrays as sizeOf,
  readArrays as toBase64,
};

/** The arguments of a notification as they are. */
export function readArguments<Args, Named>(args: Args, kwargs: Named): [Args, Named] {
  return [args, kwargs];
}
