/**
 * Writes a value as JSON in pieces of a limited length, so that no step takes long, and no text is
 * longer than the runtime can hold. `json_reader.ts` reads such values.
 *
 * `JSON.stringify` writes each piece: as much of an array, an object or a text as fits into it. Only
 * a value that is longer than a piece is split here. The pieces together are the result of
 * `encodeValue`; a test compares them.
 *
 * @module
 */

import { KNOWS_ARRAYS } from "./array_key.ts";
import { type ArrayWriter, encodeValue, ownKey } from "./json.ts";
import { checkLists, isTypedArray, NdArray, type NumberArray } from "./nd_array.ts";
import { isNumbers, itemPlace, memberPlace, serializable } from "./serializable.ts";

/** The estimated length of a number and any other scalar that is not text, in characters. */
const SCALAR = 8;

/**
 * Estimates the length of a value as JSON, in characters. Stops where the estimate reaches `enough`.
 *
 * @param ofArray Estimates that of a typed array. Default: its bytes.
 */
export function estimateSize(
  value: unknown,
  enough: number,
  ofArray?: (array: ArrayBufferView) => number,
): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return SCALAR;
  let size = 0;
  const stack: object[] = [value];
  for (let next; size < enough && (next = stack.pop()) !== undefined;) {
    size += SCALAR;
    if (ArrayBuffer.isView(next)) {
      size += KNOWS_ARRAYS && ofArray !== undefined ? ofArray(next) : next.byteLength;
      continue;
    }
    const items = Array.isArray(next) ? next : undefined;
    // The values of a large object take four times as long as its keys.
    const { length } = items ?? Object.keys(next);
    if (length * SCALAR >= enough) return enough;
    for (const item of items ?? Object.values(next)) {
      if (typeof item === "object" && item !== null) stack.push(item);
      else size += typeof item === "string" ? item.length : SCALAR;
    }
  }
  return size;
}

/**
 * A value as JSON, in pieces. The value must not change until the last piece is written.
 *
 * @param length The length of a piece, in characters. It is approximate.
 * @param place What the value is, for an error, e.g. `"args"`.
 * @param arrays Writes arrays of numbers. Default: they are lists.
 * @throws {TypeError} When JSON cannot hold the value.
 * @throws {RangeError} When an array would be too many lists.
 */
export function* writeJson(
  value: unknown,
  length: number,
  place = "value",
  arrays?: ArrayWriter,
): Generator<string, void> {
  if (estimateSize(value, length) < length) yield encodeValue(value, place, arrays);
  else yield* new Writer(length, arrays).write(serializable("", value, place), place);
}

/** Writes a value that is longer than one piece. */
class Writer {
  readonly #length: number;
  readonly #arrays: ArrayWriter | undefined;
  /** The arrays and objects that are being written, to find cycles. */
  readonly #open = new Set<unknown>();

  constructor(length: number, arrays: ArrayWriter | undefined) {
    this.#length = length;
    if (KNOWS_ARRAYS) this.#arrays = arrays;
  }

  /** @param value A value that `serializable` has given. */
  *write(value: unknown, place: string): Generator<string, void> {
    if (typeof value === "string" || value instanceof String) {
      return yield* this.#text(String(value));
    }
    if (typeof value !== "object" || value === null) return yield encodeValue(value, place);
    if (KNOWS_ARRAYS && this.#arrays !== undefined && isNumbers(value)) {
      return yield* this.#arrays.texts(value);
    }
    if (
      KNOWS_ARRAYS && value instanceof NdArray &&
      (value.shape.length === 0 || value.data.length === 0)
    ) {
      return yield encodeValue(value, place, this.#arrays);
    }
    if (this.#open.has(value)) throw new TypeError("Converting circular structure to JSON");
    this.#open.add(value);
    if (Array.isArray(value) || isTypedArray(value)) yield* this.#items(value, place);
    else if (KNOWS_ARRAYS && value instanceof NdArray) {
      checkLists(value); // before the first of its rows
      yield* this.#items(rowsOf(value), place);
    } else yield* this.#members(value as Record<string, unknown>, place);
    this.#open.delete(value);
  }

  *#text(text: string): Generator<string, void> {
    let opening = '"';
    for (let start = 0, end; start < text.length; start = end) {
      end = start + this.#length;
      if (text.codePointAt(end - 1)! > 0xffff) end++; // a surrogate pair stays together
      if (opening !== "") yield opening; // not joined with the text: that would copy it
      yield JSON.stringify(text.slice(start, end)).slice(1, -1);
      opening = "";
    }
    yield opening + '"';
  }

  *#items(list: List, place: string): Generator<string, void> {
    let opening = "[";
    const arrays = KNOWS_ARRAYS ? this.#arrays : undefined;
    const writeShort = function* (start: number, end: number): Generator<string, void> {
      if (start === end) return;
      yield opening;
      yield encodeItems(list.slice(start, end), place, start, arrays).slice(1, -1);
      opening = ",";
    };
    for (let start = 0; start < list.length;) {
      const { count, next } = this.#countShort(list, start);
      yield* writeShort(start, start += count);
      if (next === undefined) continue;
      yield opening;
      const inside = itemPlace(place, start);
      yield* this.write(serializable(String(start), next.item, inside), inside);
      opening = ",";
      start++;
    }
    yield list.length === 0 ? "[]" : "]";
  }

  /**
   * How many items from an index on fit into a piece; if the item after them is longer than a piece,
   * also that item.
   */
  #countShort(
    list: List,
    start: number,
  ): { count: number; next?: { item: unknown } } {
    let count = 0;
    let size = 0;
    // With `list[index]`, V8 (of Deno 2.9) converts arrays of numbers to arrays of objects where it
    // has seen both: the caller's value then takes three times the memory.
    const most = Math.ceil(this.#length / (KNOWS_ARRAYS ? SCALAR * (list.itemSize ?? 1) : SCALAR));
    for (const item of list.slice(start, start + most)) {
      if (typeof item === "number") size += SCALAR; // no call: an array may have millions
      else {
        const more = estimateSize(item, this.#length);
        if (more >= this.#length) return { count, next: { item } };
        size += more;
      }
      count++;
      if (size >= this.#length) break;
    }
    return { count };
  }

  *#members(object: Record<string, unknown>, place: string): Generator<string, void> {
    let opening = "{";
    const arrays = KNOWS_ARRAYS ? this.#arrays : undefined;
    const hasOwnKeys = KNOWS_ARRAYS && arrays?.escapesKeys;
    const writeShort = function* (members: [string, unknown][]): Generator<string, void> {
      const text = encodeValue(Object.fromEntries(members), place, arrays).slice(1, -1);
      if (text === "") return; // members that are undefined are left out
      yield opening;
      yield text;
      opening = ",";
    };
    let members: [string, unknown][] = [];
    let size = 0;
    for (const key of Object.keys(object)) {
      const value = object[key];
      const more = estimateSize(value, this.#length);
      const isLong = more >= this.#length;
      if (!isLong) {
        members.push([key, value]);
        if ((size += key.length + more) < this.#length) continue;
      }
      yield* writeShort(members);
      members = [];
      size = 0;
      const inside = memberPlace(place, key);
      const written = isLong ? serializable(key, value, inside) : undefined;
      if (written === undefined) continue;
      yield `${opening}${JSON.stringify(hasOwnKeys ? ownKey(key) : key)}:`;
      yield* this.write(written, inside);
      opening = ",";
    }
    yield* writeShort(members);
    yield opening === "{" ? "{}" : "}";
  }
}

/** A part of a list as JSON, from the index `start` on. An error names the place in the whole. */
function encodeItems(
  items: Items,
  place: string,
  start: number,
  arrays: ArrayWriter | undefined,
): string {
  try {
    return encodeValue(Array.isArray(items) ? items : Array.from<unknown>(items), place, arrays);
  } catch (error) {
    for (const [index, item] of items.entries()) encodeValue(item, itemPlace(place, start + index));
    throw error;
  }
}

/** What is written as a list. */
interface List {
  readonly length: number;
  /** How many numbers an item has. Default: 1. */
  readonly itemSize?: number;
  slice(start: number, end: number): Items;
}

/** Some items of it. */
type Items = readonly unknown[] | NumberArray;

/** An array of several dimensions, as a list of those of one dimension less. */
function rowsOf({ data, shape: [length, ...rest] }: NdArray): List {
  if (rest.length === 0) return data;
  const size = data.length / length;
  return {
    length,
    itemSize: size,
    slice: (start, end) =>
      Array.from({ length: Math.min(end, length) - start }, (_, index) => {
        const at = (start + index) * size;
        return new NdArray(data.subarray(at, at + size), rest);
      }),
  };
}
