/**
 * JSON as the wire has it: that of JavaScript, and the three numbers `NaN`, `Infinity` and
 * `-Infinity`, which Python writes as bare words and which are real readings of real instruments.
 *
 * @module
 */

/** Stands for a number that JSON has no name for until the text is complete. No value contains it. */
const MARK = crypto.randomUUID();
const MARKED = new RegExp(`"${MARK} (-?\\w+)"`, "g");

const QUOTE = 0x22;
const LETTER_I = 0x49;
const LETTER_N = 0x4e;

/**
 * A value as JSON. `undefined` is sent as `null`; an object with a method `toJSON` or `to_json`
 * as what that returns; a typed array as an array of its numbers.
 *
 * @throws {TypeError} If JSON cannot hold the value: a function, a symbol, a BigInt, a cycle, a Map,
 * a Set or a generator.
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
      if (losesNothing(value)) return JSON.stringify(value);
      return withoutMarks(JSON.stringify(value, replace) ?? "null");
  }
}

/** How deep values may be nested that are looked at before they are written. */
const LOOK = 4;

/**
 * Whether JSON has all of a value, without a replacer, which takes three times as long: arrays and
 * plain objects of texts, finite numbers, booleans and `null`, as most are. False says nothing.
 */
function losesNothing(value: unknown, depth = LOOK): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object": {
      if (value === null) return true;
      if (depth === 0 || "toJSON" in value || "to_json" in value) return false;
      if (Array.isArray(value)) return value.every((item) => losesNothing(item, depth - 1));
      return Object.getPrototypeOf(value) === Object.prototype &&
        Object.values(value).every((item) => losesNothing(item, depth - 1));
    }
    default:
      return false;
  }
}

function withoutMarks(text: string): string {
  return text.includes(MARK) ? text.replaceAll(MARKED, "$1") : text;
}

/**
 * The value that a text stands for. Numbers are JavaScript's: an integer above 2^53 becomes the
 * nearest one that those can hold.
 *
 * @throws {SyntaxError} If the text is not JSON.
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

/** An integer of any size, as a value that is written with all of its digits. */
export function bigInteger(value: bigint): unknown {
  // Part of the language since 2025, and not yet of TypeScript's library.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
}

/**
 * What is sent for a value: the value itself, or what its method `toJSON` or `to_json` returns.
 *
 * @param key What the value is called where it is.
 * @throws {TypeError} If JSON cannot hold it.
 */
export function sendable(key: string, value: unknown): unknown {
  return refuseWhatIsLost(key, hasMethod(value, "toJSON") ? value.toJSON(key) : value);
}

/** Whether a value is sent as an array of its numbers. */
export function isTypedArray(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** A replacer for `JSON.stringify`, which knows neither all numbers nor typed arrays. */
function replace(key: string, value: unknown): unknown {
  const sent = refuseWhatIsLost(key, value);
  if (typeof sent === "number") return Number.isFinite(sent) ? sent : `${MARK} ${sent}`;
  return isTypedArray(sent) ? Array.from(sent) : sent;
}

/** `JSON.stringify` drops functions and symbols without a word; a caller should hear of it. */
function refuseWhatIsLost(key: string, value: unknown): unknown {
  switch (typeof value) {
    case "function":
    case "symbol":
    case "bigint":
      throw new TypeError(`Object of type ${typeof value} is not JSON serializable`);
    case "object":
      if (hasMethod(value, "to_json")) {
        value = value.to_json();
        return refuseWhatIsLost(key, hasMethod(value, "toJSON") ? value.toJSON(key) : value);
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

/** The text with `NaN` and `Infinity` outside of strings as JSON; `undefined` if there is neither. */
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
      at = replace(at, "NaN", `["${MARK}"]`); // an array, which no key can be
    } else if (code === LETTER_I && text.startsWith("Infinity", at)) {
      // A number that is too large is infinite. The spaces keep it apart from other digits.
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
