/**
 * The types of the elements of arrays, as NumPy names them on the wire, and the typed arrays that have
 * them.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { dtypeOf, type NumberArray } from "./nd_array.ts";

/** So many characters of what a peer has sent are shown in an error. */
const SHOWN = 100;

/** A type of elements that can be read. */
export interface Kind {
  /** The size of one, in bytes. */
  size: number;
  view: (bytes: ArrayBuffer) => NumberArray;
  /** Whether the bytes of each element are in the other order than those of this computer. */
  isSwapped: boolean;
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

/**
 * The type that a peer has named.
 *
 * @param isClamped Whether numbers of 8 bits are those of a `Uint8ClampedArray`.
 * @throws {ValueError} When it is none, or none that a typed array has.
 */
export function kindOf(dtype: unknown, isClamped: boolean): Kind {
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
  return { size, view, isSwapped: size > 1 && order !== NATIVE };
}

/** Numbers of 16 bits, for a runtime without `Float16Array`: those of 32 bits have all of them. */
function widened(bytes: ArrayBuffer): Float32Array {
  const halves = new Uint16Array(bytes);
  const numbers = new Float32Array(halves.length);
  for (let index = 0; index < halves.length; index++) numbers[index] = numberOfHalf(halves[index]);
  return numbers;
}

function numberOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25));
}

/**
 * What a peer has sent, in an error that goes back to it and into the log: its beginning. Only that is
 * written, since it may be of any size and depth.
 */
export function shown(value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return "an object";
  const text = Array.isArray(value)
    ? `[${value.slice(0, SHOWN).map((item) => Array.isArray(item) ? "a list" : shown(item))}]`
    : JSON.stringify(typeof value === "string" ? value.slice(0, SHOWN) : value) ?? "undefined";
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}

/** Reverses the bytes of each element that ends from one byte to another. */
export function swap(bytes: Uint8Array, size: number, from: number, to: number): void {
  const end = to - to % size;
  for (let start = from - from % size; start < end; start += size) {
    for (let low = start, high = start + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}
