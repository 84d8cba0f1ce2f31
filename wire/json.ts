/**
 * The JSON of the wire: that of JavaScript, with the numbers `NaN`, `Infinity` and `-Infinity`, which
 * Python writes as bare words and which instruments do read. Values that are too large to be written
 * or read at once are for `json_writer.ts` and `json_reader.ts`.
 *
 * @module
 */

/** Marks a number that JSON cannot hold until the text is complete. No value contains the mark. */
const MARK = crypto.randomUUID();
const MARKED = new RegExp(`"${MARK} (-?\\w+)"`, "g");

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

/**
 * A value as JSON. `undefined` becomes `null`, a typed array an array of its numbers, and an object
 * with a method `toJSON` or `to_json` the result of that method.
 *
 * @throws {TypeError} When JSON cannot hold the value: a function, a symbol, a BigInt, a cycle, a
 * Map, a Set or a generator.
 */
export function encodeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      return Number.isFinite(value) ? JSON.stringify(value) : String(value);
    case "undefined":
      return "null";
    default:
      if (isPlain(value)) return JSON.stringify(value);
      if (value instanceof EncodedValue) return value.json;
      return withoutMarks(JSON.stringify(value, replace) ?? "null");
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
      return Number.isFinite(value);
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
    if (typeof value === "number" ? !Number.isFinite(value) : !isPlain(value, depth)) return false;
  }
  return true;
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
  try {
    return JSON.parse(text);
  } catch (error) {
    const marked = markNonFinite(text);
    if (marked === undefined) throw error;
    try {
      return JSON.parse(marked, (_, value) => value?.[0] === MARK ? NaN : value);
    } catch {
      throw error;
    }
  }
}

/** A value that is written as an integer of any size, with all of its digits. */
export function bigInteger(value: bigint): unknown {
  // Part of the language since 2025, but not of TypeScript's library yet.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
}

/**
 * The value that is written for a value: itself, or the result of its method `toJSON` or `to_json`.
 *
 * @param key The key or the index of the value in its object or array.
 * @throws {TypeError} When JSON cannot hold it.
 */
export function serializable(key: string, value: unknown): unknown {
  return checkSerializable(key, hasMethod(value, "toJSON") ? value.toJSON(key) : value);
}

/** Whether a value is written as an array of its numbers. */
export function isTypedArray(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** A replacer for `JSON.stringify`, which writes neither all numbers nor typed arrays. */
function replace(key: string, value: unknown): unknown {
  const written = checkSerializable(key, value);
  if (typeof written === "number") return Number.isFinite(written) ? written : `${MARK} ${written}`;
  return isTypedArray(written) ? Array.from(written) : written;
}

/**
 * The value, or the result of its method `to_json`. Throws for functions and symbols, which
 * `JSON.stringify` would leave out, and for iterables, which it would write as `{}`.
 */
function checkSerializable(key: string, value: unknown): unknown {
  switch (typeof value) {
    case "function":
    case "symbol":
    case "bigint":
      throw new TypeError(`Object of type ${typeof value} is not JSON serializable`);
    case "object":
      if (hasMethod(value, "to_json")) {
        value = value.to_json();
        return checkSerializable(key, hasMethod(value, "toJSON") ? value.toJSON(key) : value);
      }
      if (value === null || Array.isArray(value) || !(Symbol.iterator in value)) return value;
      if (isTypedArray(value) || value instanceof String) return value;
      throw new TypeError(`Object of type ${value.constructor?.name} is not JSON serializable`);
    default:
      return value;
  }
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (key?: string) => unknown> {
  return typeof value === "object" && value !== null && name in value &&
    typeof (value as Record<string, unknown>)[name] === "function";
}

/** The text with JSON in place of `NaN` and `Infinity`; `undefined` if neither is outside strings. */
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
      at = replace(at, "NaN", `["${MARK}"]`); // an array, since a key cannot be one
    } else if (code === LETTER_I && text.startsWith("Infinity", at)) {
      // A number that is too large is parsed as infinite. The spaces separate it from other digits.
      at = replace(at, "Infinity", text[at - 1] === "-" ? "1e999 " : " 1e999 ");
    }
  }
  return parts.length === 0 ? undefined : parts.join("") + text.slice(copied);
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
