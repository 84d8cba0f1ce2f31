/**
 * Arrays of numbers: the typed arrays of JavaScript, and arrays of several dimensions.
 *
 * On the wire `array_writer.ts` writes them, and `array_reader.ts` reads them.
 *
 * @module
 */

/** A typed array of JavaScript, of any kind. */
export type NumberArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array;

/** The most dimensions of an array, as in NumPy. */
export const MAX_DIMENSIONS = 64;

/**
 * An array is made lists only if these are so many at most, or {@linkcode MAX_LISTS_OF_ELEMENT} for each
 * of its elements: with the shape of a few bytes, `[1_000_000, 1, 1, ..., 1, 0]`, a peer could ask for
 * more than any computer holds.
 */
const MAX_LISTS = 1_000_000;
const MAX_LISTS_OF_ELEMENT = 4;

/**
 * An array of several dimensions, e.g. a picture: its elements row by row (the last index changes
 * fastest, which NumPy calls C order), and its shape. Arguments, results, values of streams and
 * notifications may contain it; what has one dimension arrives as a typed array.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NdArray } from "@msl/network";
 *
 * const picture = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
 * assertEquals(picture.dtype, "<u2");
 * assertEquals(picture.toList(), [[1, 2, 3], [4, 5, 6]]);
 * ```
 */
export class NdArray<Data extends NumberArray = NumberArray> {
  /** The elements, row by row. */
  readonly data: Data;
  /** The number of elements along each dimension; empty for a single number. */
  readonly shape: readonly number[];

  /**
   * Gives elements a shape.
   *
   * @param data The elements, row by row. They are not copied.
   * @param shape The number of elements along each dimension. Default: one dimension.
   * @throws {TypeError} If the elements are not in a typed array.
   * @throws {RangeError} If the shape does not have as many elements as there are.
   */
  constructor(data: Data, shape: readonly number[] = [data.length]) {
    if (!isTypedArray(data)) throw new TypeError("The elements of an NdArray are a typed array");
    const size = sizeOf(shape);
    if (size !== data.length) {
      const what = size === undefined ? "is none" : `has ${size} elements`;
      throw new RangeError(`The shape [${shape}] ${what}, and there are ${data.length} elements`);
    }
    this.data = data;
    this.shape = Object.freeze([...shape]);
  }

  /** The type of the elements, as NumPy writes it, e.g. `"<f8"` for a `Float64Array`. */
  get dtype(): string {
    return dtypeOf(this.data);
  }

  /**
   * The elements as lists in lists, as NumPy's `tolist()`; a number if there is no dimension.
   *
   * @throws {RangeError} If these are more than 1,000,000, and more than 4 for each element.
   */
  toList(): unknown {
    checkLists(this);
    return listOf(this.data, this.shape, 0, 0);
  }
}

/** Whether a value is a typed array: a view of a buffer that has elements. */
export function isTypedArray(value: unknown): value is NumberArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/**
 * How many elements a shape has; `undefined` if it is none: other numbers than integers from 0, too
 * many dimensions, or so many elements that a number cannot hold it.
 */
export function sizeOf(shape: readonly unknown[]): number | undefined {
  if (shape.length > MAX_DIMENSIONS) return undefined;
  let size = 1;
  let product = 1;
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || (length as number) < 0) return undefined;
    size *= length as number;
    product *= Math.max(length as number, 1); // as NumPy: also beside a 0
    if (product > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return size;
}

/**
 * Checks that an array can be made lists.
 *
 * @throws {RangeError} If there would be too many of them.
 */
export function checkLists({ data, shape }: NdArray): void {
  let lists = 0;
  let inDimension = 1;
  for (const length of shape) {
    lists += inDimension;
    inDimension *= length;
  }
  if (lists <= Math.max(MAX_LISTS, MAX_LISTS_OF_ELEMENT * data.length)) return;
  throw new RangeError(
    `An array of the shape [${shape}] cannot be made lists: its ${data.length} elements would be in ` +
      `${lists} of them`,
  );
}

/** The letters of NumPy for the kinds of typed arrays. */
const KINDS = { Int: "i", Uint: "u", BigInt: "i", BigUint: "u", Float: "f" } as const;

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The type of the elements of a typed array, as NumPy writes it, with the order of its bytes. */
export function dtypeOf(array: NumberArray): string {
  const [, kind] = /^([A-Za-z]+?)\d/.exec(array[Symbol.toStringTag])!;
  const { BYTES_PER_ELEMENT: size } = array;
  const order = size === 1 ? "|" : IS_LITTLE ? "<" : ">";
  return `${order}${KINDS[kind as keyof typeof KINDS]}${size}`;
}

function listOf(
  data: NumberArray,
  shape: readonly number[],
  dimension: number,
  start: number,
): unknown {
  if (dimension === shape.length) return data[start];
  const length = shape[dimension];
  if (dimension === shape.length - 1) {
    return Array.from<unknown>(data.subarray(start, start + length));
  }
  let step = 1;
  for (let inner = dimension + 1; inner < shape.length; inner++) step *= shape[inner];
  return Array.from(
    { length },
    (_, index) => listOf(data, shape, dimension + 1, start + index * step),
  );
}
