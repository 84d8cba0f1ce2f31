/**
 * Parses what a person types at a terminal (`openssl s_client`, `telnet`) as a request.
 *
 * `identity` | `link <service>` | `disconnect` | `exit` | `__disconnect__` |
 * `<service> <attribute> [value ...] [key=value ...]`
 *
 * A value is `true`, `false`, `null` or `none` in any case, a number of Python (also `0xff` and
 * `1_000`, but not `007`, which is a text), a `[list]`, a `(tuple,)` or a `{"key": "dict"}` of values,
 * a quoted string, or else plain text. Names and values with spaces go in single or double quotes.
 * There may be spaces around `=`. As in Python, `link` needs no space after it.
 *
 * @module
 */

import { JSONDecodeError } from "../errors.ts";
import type { JsonObject } from "../wire/message.ts";
import { DISCONNECT, MANAGER } from "../wire/protocol.ts";
import { encodeValue } from "../wire/json.ts";
import { exactNumber } from "../wire/serializable.ts";

/** A request that was typed. Its uid is empty. */
export interface TypedRequest {
  service: string;
  attribute: string;
  args: unknown[];
  kwargs: JsonObject;
  uid: "";
}

/** The longest line that can be typed, in bytes. */
const MAX_LINE = 64 * 1024;
/** The deepest nesting of lists. */
const MAX_DEPTH = 32;

/** The beginning of a message of a program. A line that begins like this was not typed. */
const PROGRAM = /^\s*\{\s*"/;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of a line that is not JSON; `undefined` if the line was not typed. */
export function typedText(line: Uint8Array): string | undefined {
  if (line.length > MAX_LINE) return undefined;
  try {
    const text = decoder.decode(line);
    return PROGRAM.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * Parses a text as a request.
 *
 * @throws {JSONDecodeError} If the text is none.
 */
export function parseTyped(text: string): TypedRequest {
  const typed = text.trim();
  const command = typed.toLowerCase();
  if (command === "identity") return request(MANAGER, "identity");
  if (["disconnect", "exit", DISCONNECT].includes(command)) return request(MANAGER, DISCONNECT);
  const linked = LINK.exec(typed);
  if (linked !== null) return request(MANAGER, "link", [withoutQuotes(linked[1] ?? linked[2])]);
  return new Scanner(typed).request();
}

/** A name without the quotes around it. */
export function withoutQuotes(name: string): string {
  return name.replace(/^(["'])(.*)\1$/, "$2");
}

function request(service: string, attribute: string, args: unknown[] = []): TypedRequest {
  return { service, attribute, args, kwargs: {}, uid: "" };
}

// Each pattern can match a text in one way only. With two ways the engine would backtrack on a long
// line that does not match, and all peers would wait for that.
const LINK = /^link(?:\s+(\S.*)|(["'].*|\S+))$/i;
const INTEGER = /^[+-]?(0+(_0+)*|[1-9]\d*(_\d+)*)$/;
const FLOAT =
  /^[+-]?(?=[\d_]*[.e])(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i;
const BASED = /^[+-]?0(x_?[\da-f]+(_[\da-f]+)*|o_?[0-7]+(_[0-7]+)*|b_?[01]+(_[01]+)*)$/i;

const SPACE = /\s*/y;
const KEY = /([\p{ID_Start}_][\p{ID_Continue}]*)\s*=\s*/uy;
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/suy;
const WORD = /[^\s]+/y;
const WORD_OF_LIST = /[^\s,\]]+/y;
const WORD_OF_TUPLE = /[^\s,)]+/y;
const WORD_OF_DICT = /[^\s,}]+/y;
const KEY_OF_DICT = /[^\s,}:]+/y;
const COLON = /\s*:\s*/y;

class Scanner {
  readonly #text: string;
  #at = 0;
  /** Whether a bracket may begin a tuple or a dict: none before it has failed. */
  #hasBrackets = true;
  /** Whether a comma came before the bracket that has closed last. */
  #endsWithComma = false;

  constructor(text: string) {
    this.#text = text;
  }

  request(): TypedRequest {
    const service = this.#name("a service");
    const attribute = this.#name("an attribute");
    const args: unknown[] = [];
    const named: [key: string, value: unknown][] = [];
    for (this.#take(SPACE); this.#at < this.#text.length; this.#take(SPACE)) {
      const key = this.#take(KEY)?.[1];
      const value = this.#value(WORD, 0);
      if (key === undefined) args.push(value);
      else named.push([key, value]);
    }
    // fromEntries, because a keyword argument may be called __proto__
    return { ...request(service, attribute, args), kwargs: Object.fromEntries(named) };
  }

  #name(what: string): string {
    this.#take(SPACE);
    const name = this.#quoted() ?? this.#take(WORD)?.[0];
    if (name === undefined) this.#fail(`expected the name of ${what}`);
    return name;
  }

  #value(word: RegExp, depth: number): unknown {
    const bracket = this.#text[this.#at];
    if (bracket === "[") return this.#items("]", WORD_OF_LIST, depth + 1);
    if (bracket === "(" || bracket === "{") {
      if (depth > 0) return this.#bracketed(depth + 1);
      const whole = this.#hasBrackets ? this.#bracketedOrUndefined() : undefined;
      if (whole !== undefined) return whole.value;
    }
    return this.#quoted() ?? plain(this.#take(word)?.[0] ?? "");
  }

  /**
   * A tuple or a dict that is a whole value. Other text that begins with a bracket is plain text. It
   * is tried once in a line, and not for inner brackets: a line of brackets would take exponentially
   * long.
   */
  #bracketedOrUndefined(): { value: unknown } | undefined {
    const start = this.#at;
    try {
      const value = this.#bracketed(1);
      if (/^\s?$/.test(this.#text[this.#at] ?? "")) return { value };
    } catch (error) {
      if (!(error instanceof JSONDecodeError)) throw error;
    }
    this.#at = start;
    this.#hasBrackets = false;
    return undefined;
  }

  #bracketed(depth: number): unknown {
    return this.#text[this.#at] === "{" ? this.#dict(depth) : this.#tuple(depth);
  }

  /** `{"a": 1}`. Its keys are texts, as in JSON. */
  #dict(depth: number): unknown {
    this.#descend(depth);
    const members: [key: string, value: unknown][] = [];
    for (this.#take(SPACE); this.#text[this.#at] !== "}"; this.#take(SPACE)) {
      const key = this.#quoted() ?? keyOfDict(this.#take(KEY_OF_DICT)?.[0] ?? "");
      if (key === undefined || !this.#take(COLON)) this.#fail("expected a key of a dict");
      const start = this.#at;
      members.push([key, this.#value(WORD_OF_DICT, depth)]);
      if (this.#at === start) this.#fail("expected a value in a dict");
      this.#take(SPACE);
      if (this.#text[this.#at] === ",") this.#at++;
      else if (this.#text[this.#at] !== "}") this.#fail("expected , or } in a dict");
    }
    this.#at++;
    return Object.fromEntries(members);
  }

  /** Goes past an opening bracket. */
  #descend(depth: number): void {
    if (depth > MAX_DEPTH) this.#fail(`lists are nested more than ${MAX_DEPTH} deep`);
    this.#at++;
  }

  /** `(1, 2)` and `(1,)` are tuples, which JSON has as lists; `(1)` is a value in brackets. */
  #tuple(depth: number): unknown {
    const items = this.#items(")", WORD_OF_TUPLE, depth);
    return items.length === 1 && !this.#endsWithComma ? items[0] : items;
  }

  /** The values of a list or a tuple, up to its closing bracket. */
  #items(closing: "]" | ")", word: RegExp, depth: number): unknown[] {
    this.#descend(depth);
    const items: unknown[] = [];
    for (let hasComma = false;; hasComma = true) {
      this.#take(SPACE);
      if (this.#text[this.#at] === closing) {
        this.#endsWithComma = hasComma;
        break;
      }
      const start = this.#at;
      items.push(this.#value(word, depth));
      if (this.#at === start) this.#fail("expected a value in a list");
      this.#take(SPACE);
      if (this.#text[this.#at] === ",") this.#at++;
      else if (this.#text[this.#at] === closing) {
        this.#endsWithComma = false;
        break;
      } else this.#fail(`expected , or ${closing} in a list`);
    }
    this.#at++;
    return items;
  }

  #quoted(): string | undefined {
    const found = this.#take(QUOTED);
    if (found === undefined) {
      if (/["']/.test(this.#text[this.#at] ?? "")) this.#fail("the quote is not closed");
      return undefined;
    }
    // Only quotes and backslashes are unescaped, so that a Windows path can be typed as it is.
    return (found[1] ?? found[2]).replace(/\\(["'\\])/g, "$1");
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  #fail(reason: string): never {
    throw new JSONDecodeError(
      `Cannot read the line: neither JSON nor typed, ${reason} at column ${this.#at + 1}`,
    );
  }
}

/** The key of JSON for a number or a constant of Python; `undefined` for another word. */
function keyOfDict(word: string): string | undefined {
  const value = plain(word);
  return typeof value === "string" ? undefined : encodeValue(value);
}

function plain(word: string): unknown {
  switch (word.toLowerCase()) {
    case "true":
      return true;
    case "false":
      return false;
    case "null":
    case "none":
      return null;
  }
  const number = INTEGER.test(word) || FLOAT.test(word) || BASED.test(word);
  return number ? parseNumber(word.replaceAll("_", "")) : word;
}

/** A number of Python, which is sent with the digits that were typed. */
function parseNumber(word: string): unknown {
  const [, sign, digits] = /^([+-]?)(.*)$/.exec(word)!;
  const minus = sign === "-" ? "-" : "";
  if (BASED.test(digits)) return exactNumber(minus + BigInt(digits));
  const [, whole, fraction, exponent = ""] = /^(\d*)(?:(\.\d*))?(e.*)?$/i.exec(digits)!;
  const decimals = fraction === "." ? ".0" : fraction ?? "";
  return exactNumber(minus + (whole.replace(/^0+(?=\d)/, "") || "0") + decimals + exponent);
}
