/** Arrays of numbers of every kind, for tests. */

import { NdArray, type NumberArray } from "../../wire/nd_array.ts";

/** A typed array of each kind, with its smallest and its largest number, and what is no number. */
export const KINDS: Readonly<Record<string, NumberArray>> = {
  "|i1": Int8Array.of(-128, 0, 127),
  "|u1": Uint8Array.of(0, 1, 255),
  "<i2": Int16Array.of(-32_768, 0, 32_767),
  "<u2": Uint16Array.of(0, 1, 65_535),
  "<i4": Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
  "<u4": Uint32Array.of(0, 1, 2 ** 32 - 1),
  "<i8": BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n),
  "<u8": BigUint64Array.of(0n, 1n, 2n ** 64n - 1n),
  "<f2": Float16Array.of(-65_504, 2 ** -24, 1 / 3, NaN, Infinity, -Infinity, -0),
  "<f4": Float32Array.of(-3.4e38, 1e-45, 1 / 3, NaN, Infinity, -Infinity, -0),
  "<f8": Float64Array.of(-1.7e308, 5e-324, 1 / 3, NaN, Infinity, -Infinity, -0),
};

/** An array of each kind of typed array, of several dimensions, in a larger buffer, and empty ones. */
export function arraysOfAllKinds(): (NumberArray | NdArray)[] {
  const buffer = new Float64Array([1, 2, 3, 4, 5]).buffer;
  const shared = new Uint16Array(new SharedArrayBuffer(6));
  shared.set([7, 8, 9]);
  const growing = new ArrayBuffer(16, { maxByteLength: 64 });
  return [
    ...Object.values(KINDS),
    Uint8ClampedArray.of(0, 255),
    new Float64Array(buffer, 8, 3),
    new Uint8Array(buffer, 3, 4),
    shared,
    new Int32Array(growing),
    new Float64Array(0),
    new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
    new NdArray(BigInt64Array.of(1n, -2n, 3n, 2n ** 60n), [2, 1, 2]),
    new NdArray(Int16Array.of(42), []),
    new NdArray(new Float32Array(0), [0, 3]),
    new NdArray(new Float32Array(0), [3, 0, 2]),
  ];
}

/** The bytes of an array, which its copy on the other side has too. */
export function bytesOf(array: NumberArray | NdArray): string {
  const data = array instanceof NdArray ? array.data : array;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toBase64();
}

/** What has to be the same on the other side: the class, the shape, each bit. */
export function described(array: unknown): unknown {
  const isOne = array instanceof NdArray;
  const data = (isOne ? array.data : array) as NumberArray;
  return [data.constructor.name, isOne ? array.shape : "one dimension", bytesOf(data)];
}
