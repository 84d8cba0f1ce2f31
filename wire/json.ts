/**
 * The JSON of the wire: that of JavaScript, with the numbers `NaN`, `Infinity` and `-Infinity`, which
 * Python writes as bare words and which instruments do read. Values that are too large to be written
 * or read at once are for `json_writer.ts` and `json_reader.ts`; `serializable.ts` says which values
 * there are.
 *
 * @module
 */

import { UidSource } from "../base/uid_source.ts";
import { isReserved, KNOWS_ARRAYS, mayHaveReserved } from "./array_key.ts";
import type { NdArray, NumberArray } from "./nd_array.ts";
import {
  asList,
  checkSerializable,
  exactNumber,
  isNegativeZero,
  isNumbers,
  itemPlace,
  memberPlace,
  serializable,
} from "./serializable.ts";

/**
 * Marks a number that `JSON.stringify` cannot write, until the text is complete. No value contains the
 * mark. `JSON.rawJSON`, which some browsers lack, could write only those that JSON has.
 */
const MARK = new UidSource().next();
const MARKED = new RegExp(`"${MARK} (-?[\\w.]+)"`, "g");
/** Marks an array of numbers. */
const ARRAY_MARK = `${MARK}[]`;
const MARKED_ARRAY = `"${ARRAY_MARK}"`;

const QUOTE = 0x22;
const LETTER_I = 0x49;
const LETTER_N = 0x4e;

/** A value that is encoded already: for {@linkcode encodeValue} as a whole, not inside of others. */
export class EncodedValue {
  /** The value as JSON. */
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** Writes arrays of numbers otherwise than as lists. */
export interface ArrayWriter {
  /** Whether keys of users that could be taken for that of an array are changed. */
  readonly escapesKeys: boolean;
  /** The JSON that is written in the place of an array, in texts. */
  texts(array: NumberArray | NdArray): Iterable<string>;
}

/**
 * A value as JSON. `undefined` becomes `null`, a bigint its digits, a typed array an array of its
 * numbers, and an object with a method `toJSON` or `to_json` the result of that method.
 *
 * @param place What the value is, for an error: `"args"`, so that it names `args[0].x`.
 * @param arrays Writes arrays of numbers. Default: they are lists.
 * @throws {TypeError} When JSON cannot hold the value, as {@linkcode serializable} has it, or it has a
 * cycle.
 */
export function encodeValue(value: unknown, place = "value", arrays?: ArrayWriter): string {
  return KNOWS_ARRAYS && arrays !== undefined
    ? encodeTexts(value, place, arrays).join("")
    : encode(value, place);
}

/**
 * The same in texts: one, or if there are arrays several. A long text takes more time to be made than
 * its parts.
 */
export function encodeTexts(value: unknown, place: string, arrays: ArrayWriter): string[] {
  if (!isNumbers(value)) {
    const found: (NumberArray | NdArray)[] = [];
    const json = encode(value, place, found, arrays.escapesKeys);
    if (found.length === 0) return [json];
    return json.split(MARKED_ARRAY).flatMap((text, index) =>
      index === found.length ? [text] : [text, ...arrays.texts(found[index])]
    );
  }
  return [...arrays.texts(checkSerializable("", value, place) as NumberArray | NdArray)];
}

/**
 * @param found Takes the arrays of numbers in it, which are marked in the text.
 * @param escapesKeys Whether keys of users are changed then.
 */
function encode(
  value: unknown,
  place: string,
  found?: (NumberArray | NdArray)[],
  escapesKeys: boolean = false,
): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "undefined":
      return "null";
    default:
      if (isPlain(value)) {
        const json = JSON.stringify(value);
        if (!KNOWS_ARRAYS || !escapesKeys || !mayHaveReserved(json)) return json;
      }
      if (value instanceof EncodedValue) return value.json;
      try {
        const replacer = KNOWS_ARRAYS && found !== undefined
          ? replaceWith(found, escapesKeys)
          : replace;
        return withoutMarks(JSON.stringify(value, replacer) ?? "null");
      } catch (error) {
        if (error instanceof TypeError) findUnserializable("", value, place);
        throw error;
      }
  }
}

/** How many levels of a value are examined for {@linkcode isPlain}. */
const EXAMINED_DEPTH = 4;

/**
 * Whether `JSON.stringify` can write a value without a replacer, which takes three times as long: an
 * array or a plain object of texts, finite numbers, booleans and `null`, as most values are. `false`
 * where it is not certain.
 */
function isPlain(value: unknown, depth = EXAMINED_DEPTH): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return isPlainNumber(value);
    case "object": {
      if (value === null) return true;
      if (depth === 0 || "toJSON" in value || "to_json" in value) return false;
      if (Array.isArray(value)) return arePlain(value, depth - 1);
      return Object.getPrototypeOf(value) === Object.prototype &&
        arePlain(Object.values(value), depth - 1);
    }
    default:
      return false;
  }
}

/** A number needs no call here: an array may have millions. */
function arePlain(values: readonly unknown[], depth: number): boolean {
  for (const value of values) {
    if (typeof value === "number" ? !isPlainNumber(value) : !isPlain(value, depth)) return false;
  }
  return true;
}

function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !isNegativeZero(value);
}

function withoutMarks(text: string): string {
  return text.includes(MARK) ? text.replaceAll(MARKED, "$1") : text;
}

/**
 * The value of a text of JSON. Its numbers are those of JavaScript: an integer above 2^53 becomes the
 * nearest number that they can hold.
 *
 * @throws {SyntaxError} When the text is not JSON.
 */
export function parseJson(text: string): unknown {
  return parse(text, undefined);
}

/**
 * The same, with the digits of each number: one that JavaScript writes in another way, as `1.0` or an
 * integer above 2^53, is an object that {@linkcode encodeValue} writes as it was.
 *
 * @throws {SyntaxError} When the text is not JSON.
 */
export function parseJsonExactly(text: string): unknown {
  return parse(text, reviveExactly);
}

/** Parses a text of JSON. */
export type ParseJson = (text: string) => unknown;

/** What the runtime gives a reviver: part of the language since 2025, but not of TypeScript's yet. */
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

function parse(text: string, revive: Reviver | undefined): unknown {
  try {
    return JSON.parse(text, revive);
  } catch (error) {
    const marked = markNonFinite(text);
    if (marked === undefined) throw error;
    try {
      return withNaN(JSON.parse(marked, revive));
    } catch {
      throw error;
    }
  }
}

const reviveExactly: Reviver = (_key, value, context) => {
  const source = context?.source;
  return typeof value !== "number" || source === undefined ? value : exactNumber(source);
};

/** A replacer for `JSON.stringify`. It is called for the members of an object, which is `this`. */
type Replacer = (this: unknown, key: string, value: unknown) => unknown;

/** Writes what `JSON.stringify` does not: some numbers, and typed arrays. */
function replace(this: unknown, key: string, value: unknown): unknown {
  const written = checkSerializable(key, KNOWS_ARRAYS ? withoutToJson(this, key, value) : value);
  switch (typeof written) {
    case "number":
      if (isNegativeZero(written)) return `${MARK} -0.0`; // Python reads "-0" as an integer
      return Number.isFinite(written) ? written : `${MARK} ${written}`;
    case "bigint":
      return `${MARK} ${written}`;
    default:
      return isNumbers(written) ? asList(written) : written;
  }
}

/** The same, with marks for arrays of numbers, and keys of users as devices that know arrays read them. */
function replaceWith(found: (NumberArray | NdArray)[], escapesKeys: boolean): Replacer {
  return function (key, value) {
    const written = checkSerializable(key, withoutToJson(this, key, value));
    if (!isNumbers(written)) {
      return replace.call(NO_HOLDER, key, escapesKeys ? withOwnKeys(written) : written);
    }
    found.push(written);
    return ARRAY_MARK;
  };
}

/** The holder of a value of which it is known that it is no array of numbers. */
const NO_HOLDER = {};

/** `JSON.stringify` has called the method `toJSON`, which the typed array `Buffer` of Node has too. */
function withoutToJson(holder: unknown, key: string, value: unknown): unknown {
  if (typeof value !== "object") return value; // most values
  const given = (holder as Record<string, unknown>)[key];
  return isNumbers(given) ? given : value;
}

/** An object whose keys cannot be taken for that of an array. */
export function withOwnKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (!Object.keys(value).some(isReserved)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [ownKey(key), member]),
  );
}

/** A key of a user on the wire, between devices that know arrays. */
export function ownKey(key: string): string {
  return isReserved(key) ? `_${key}` : key;
}

/**
 * Throws the error of the first value that JSON cannot hold, with its place, which
 * `JSON.stringify` does not tell. Returns if there is none, or a cycle comes before it.
 */
function findUnserializable(
  key: string,
  value: unknown,
  place: string,
  open: ReadonlySet<unknown> = new Set(),
): void {
  const written = serializable(key, value, place);
  if (typeof written !== "object" || written === null || isNumbers(written)) return;
  if (open.has(written)) return;
  const inside = new Set(open).add(written);
  if (Array.isArray(written)) {
    for (const [index, item] of written.entries()) {
      findUnserializable(String(index), item, itemPlace(place, index), inside);
    }
    return;
  }
  for (const [name, member] of Object.entries(written)) {
    findUnserializable(name, member, memberPlace(place, name), inside);
  }
}

/** The value with NaN in place of marks. A reviver of `JSON.parse` takes ten times as long. */
function withNaN(value: unknown): unknown {
  if (value === MARK) return NaN;
  if (Object.isFrozen(value)) return value; // text, a number, or a number with its digits
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = withNaN(value[index]);
  } else if (typeof value === "object" && value !== null) {
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object)) object[key] = withNaN(object[key]);
  }
  return value;
}

/**
 * The text with JSON in place of `NaN` and `Infinity`; `undefined` if neither is outside strings, or
 * one is the key of a member.
 */
function markNonFinite(text: string): string | undefined {
  const parts: string[] = [];
  let copied = 0;
  const replace = (at: number, word: string, by: string): number => {
    parts.push(text.slice(copied, at), by);
    copied = at + word.length;
    return copied - 1;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = closingQuote(text, at);
    } else if (code === LETTER_N && text.startsWith("NaN", at)) {
      if (isKey(text, at + 3)) return undefined;
      at = replace(at, "NaN", `"${MARK}"`);
    } else if (code === LETTER_I && text.startsWith("Infinity", at)) {
      // A number that is too large is parsed as infinite. The spaces separate it from other digits.
      at = replace(at, "Infinity", text[at - 1] === "-" ? "1e999 " : " 1e999 ");
    }
  }
  return parts.length === 0 ? undefined : parts.join("") + text.slice(copied);
}

/** Whether a colon follows. */
function isKey(text: string, at: number): boolean {
  while (" \t\r\n".includes(text.charAt(at) || "x")) at++;
  return text[at] === ":";
}

function closingQuote(text: string, at: number): number {
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at === -1) return text.length;
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}
