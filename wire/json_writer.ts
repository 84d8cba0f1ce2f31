/**
 * A value as JSON in pieces of a limited length: each is a step of which nobody notices anything,
 * and no text has to be longer than the runtime can hold.
 *
 * The engine writes each piece at once, as much of an array, an object or a text as there is room
 * for in it; only what is too long for one is taken apart here. The pieces together are what
 * `encodeValue` gives, which is what a test compares them with.
 *
 * @module
 */

import { encodeValue, isTypedArray, sendable } from "./json.ts";

/** About how many characters a number has, and what else is not text. */
const SCALAR = 8;

/**
 * About how many characters a value has as JSON. It is looked at no further than to know that these
 * are `enough`.
 */
export function estimateSize(value: unknown, enough: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return SCALAR;
  let size = 0;
  const rest: object[] = [value];
  for (let next; size < enough && (next = rest.pop()) !== undefined;) {
    size += SCALAR;
    if (ArrayBuffer.isView(next)) {
      size += next.byteLength;
      continue;
    }
    const items = Array.isArray(next) ? next : undefined;
    // The values of a large object take four times as long as its keys.
    const { length } = items ?? Object.keys(next);
    if (length * SCALAR >= enough) return enough;
    for (const item of items ?? Object.values(next)) {
      if (typeof item === "object" && item !== null) rest.push(item);
      else size += typeof item === "string" ? item.length : SCALAR;
    }
  }
  return size;
}

/**
 * A value as JSON, in pieces. It must not change meanwhile.
 *
 * @param length About how many characters a piece has at the most.
 * @throws {TypeError} If JSON cannot hold the value.
 */
export function* writeJson(value: unknown, length: number): Generator<string, void> {
  if (estimateSize(value, length) < length) yield encodeValue(value);
  else yield* new Writer(length).write(sendable("", value));
}

/** Writes what is too long for one piece. */
class Writer {
  readonly #length: number;
  /** What is being written: nothing may be a part of itself. */
  readonly #open = new Set<unknown>();

  constructor(length: number) {
    this.#length = length;
  }

  /** @param sent What is sent for a value. */
  *write(sent: unknown): Generator<string, void> {
    if (typeof sent === "string" || sent instanceof String) return yield* this.#text(String(sent));
    if (typeof sent !== "object" || sent === null) return yield encodeValue(sent);
    if (this.#open.has(sent)) throw new TypeError("Converting circular structure to JSON");
    this.#open.add(sent);
    if (Array.isArray(sent) || isTypedArray(sent)) yield* this.#items(sent);
    else yield* this.#members(sent as Record<string, unknown>);
    this.#open.delete(sent);
  }

  *#text(text: string): Generator<string, void> {
    let opening = '"';
    for (let start = 0, end; start < text.length; start = end) {
      end = start + this.#length;
      if (text.codePointAt(end - 1)! > 0xffff) end++; // which needs two, that stay together
      yield opening + JSON.stringify(text.slice(start, end)).slice(1, -1);
      opening = "";
    }
    yield opening + '"';
  }

  *#items(list: readonly unknown[] | Float64Array): Generator<string, void> {
    let opening = "[";
    const few = function* (start: number, end: number): Generator<string, void> {
      if (start === end) return;
      const items = list.slice(start, end);
      yield opening + encodeValue(Array.isArray(items) ? items : Array.from(items)).slice(1, -1);
      opening = ",";
    };
    let start = 0;
    let size = 0;
    // With `list[index]`, V8 (of Deno 2.9) makes arrays of objects out of arrays of numbers, where
    // it has seen both: the value itself takes three times the memory from then on.
    for (const [index, item] of list.entries()) {
      const more = estimateSize(item, this.#length);
      const isLong = more >= this.#length;
      if (!isLong && (size += more) < this.#length) continue;
      yield* few(start, isLong ? index : index + 1);
      start = index + 1;
      size = 0;
      if (!isLong) continue;
      yield opening;
      yield* this.write(sendable(String(index), item));
      opening = ",";
    }
    yield* few(start, list.length);
    yield list.length === 0 ? "[]" : "]";
  }

  *#members(object: Record<string, unknown>): Generator<string, void> {
    let opening = "{";
    const few = function* (members: [string, unknown][]): Generator<string, void> {
      const text = encodeValue(Object.fromEntries(members)).slice(1, -1);
      if (text === "") return; // what is undefined is left out
      yield opening + text;
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
      yield* few(members);
      members = [];
      size = 0;
      const sent = isLong ? sendable(key, value) : undefined;
      if (sent === undefined) continue;
      yield `${opening}${JSON.stringify(key)}:`;
      yield* this.write(sent);
      opening = ",";
    }
    yield* few(members);
    yield opening === "{" ? "{}" : "}";
  }
}
