/**
 * The envelope of a message: where it goes and of which kind it is, scanned from its bytes in one
 * pass.
 *
 * The Manager forwards the bytes of a line unchanged and never serialises it again, so the envelope
 * is all that it reads of a message. The pass also checks that the line is one well-formed JSON
 * object, so that no malformed line reaches another peer. Numbers may be `NaN`, `Infinity` and
 * `-Infinity`, which Python writes. Of two equal keys the last one counts, as in every JSON parser.
 *
 * @module
 */

import { JSONDecodeError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/**
 * The keys of a message that the envelope reads. `parts` and `time` are only compared, since most
 * requests, or notifications, have them; a Manager that is traced reads the keys of a trace: a key that is not a field costs 0.1 µs more.
 */
export type Field =
  | "error"
  | "requester"
  | "service"
  | "uid"
  | "attribute"
  | "args"
  | "kwargs"
  | "result"
  | "parts"
  | "time"
  | "arrays"
  | "traceparent"
  | "tracestate";

/** The JSON type of a value. */
export type Kind = "absent" | "string" | "number" | "boolean" | "null" | "array" | "object";

/** Every field. */
export const FIELDS: readonly Field[] = [
  "error",
  "requester",
  "service",
  "uid",
  "attribute",
  "args",
  "kwargs",
  "result",
  "parts",
  "time",
  "arrays",
  "traceparent",
  "tracestate",
];

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // a BOM is a character of the text
const strictDecoder = new TextDecoder("utf-8", { fatal: true });
const INDEX = Object.fromEntries(FIELDS.map((field, index) => [field, index])) as Record<
  Field,
  number
>;
/** The keys of the fields, with their quotes. */
const KEYS = FIELDS.map((field) => encoder.encode(JSON.stringify(field)));
/** The index of a key that is not a field. */
const OTHER = FIELDS.length;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The fields whose value is different in every message. */
const UID = FIELDS.indexOf("uid");
const TRACEPARENT = FIELDS.indexOf("traceparent");
/** The longest string that is decoded without a decoder, in bytes. */
const MAX_IN_PLACE = 16;

/** The longest that the key of a field can be, every character of it escaped, in bytes with quotes. */
const LONGEST_KEY = 6 * "traceparent".length + 2;

/** So many bytes of a string are examined one by one before four at a time are. */
const NEAR = 32;

/** How many bytes are decoded at once to check their encoding. */
const DECODED = 1024 * 1024;

/** 1 for the bytes of a string that need an examination. */
const SPECIAL = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte < SPACE || byte === QUOTE || byte === BACKSLASH || byte > 0x7f ? 1 : 0,
);

const LITERALS = ["true", "false", "null", "NaN", "Infinity"].map((word) => encoder.encode(word));

/**
 * Reads envelopes, one line at a time. An instance is used again for each line, so that a message
 * costs no allocation; its methods describe the last line that was read. Most messages have the same
 * keys in the same order as the message before them, and many of the same values, so these are
 * compared first.
 */
export class Envelope {
  #line: Uint8Array = new Uint8Array(0);
  /** The index where the value of each field starts, if the field is present. */
  readonly #starts = new Int32Array(FIELDS.length);
  /** The index after the value of each field. */
  readonly #ends = new Int32Array(FIELDS.length);
  /** The fields that are present, one bit each. */
  #present = 0;
  /** The present fields whose value is the known string, one bit each. */
  #repeated = 0;
  /** The last string of each field, as bytes with its quotes and as text. It is plain ASCII. */
  readonly #known: ({ bytes: Uint8Array; text: string } | undefined)[] = FIELDS.map(() =>
    undefined
  );
  /** The field that last followed each field; at the index `OTHER` the field of the first key. */
  readonly #next = new Uint8Array(FIELDS.length + 1).fill(OTHER);
  readonly #maxDepth: number;
  /** For each open array or object inside a value: 1 for an object. */
  readonly #open: Uint8Array;
  #isAscii = true;
  #end = 0;

  constructor(maxDepth: number = LIMITS.maxDepth) {
    this.#maxDepth = maxDepth;
    this.#open = new Uint8Array(maxDepth);
  }

  /** The index of the closing brace of the message, where a member can be spliced in. */
  get end(): number {
    return this.#end;
  }

  /**
   * Reads a line.
   *
   * @throws {JSONDecodeError} When the line is not one JSON object in UTF-8, or is nested deeper
   * than the limit. The fields before the fault are read nevertheless.
   */
  read(line: Uint8Array): void {
    this.#line = line;
    this.#present = this.#repeated = 0;
    this.#isAscii = true;
    let at = this.#space(0);
    if (line[at] !== OPEN_BRACE) this.#fail("Expecting a JSON object", at);
    at = this.#members(this.#space(at + 1));
    this.#end = at;
    at = this.#space(at + 1);
    if (at !== line.length) this.#fail("Extra data", at);
    if (!this.#isAscii) this.#checkEncoding();
  }

  /** The JSON type of a field's value. */
  kind(field: Field): Kind {
    const index = INDEX[field];
    if (!this.#has(index)) return "absent";
    switch (this.#line[this.#starts[index]]) {
      case QUOTE:
        return "string";
      case OPEN_BRACE:
        return "object";
      case OPEN_BRACKET:
        return "array";
      case 0x74: // t
      case 0x66: // f
        return "boolean";
      case 0x6e: // n
        return "null";
      default:
        return "number";
    }
  }

  /** Whether a field's value is `true`. */
  isTrue(field: Field): boolean {
    const index = INDEX[field];
    return this.#has(index) && this.#line[this.#starts[index]] === 0x74;
  }

  /** The text of a field whose value is a string, else `undefined`. */
  text(field: Field): string | undefined {
    const index = INDEX[field];
    const start = this.#starts[index];
    if (!this.#has(index) || this.#line[start] !== QUOTE) return undefined;
    if ((this.#repeated & (1 << index)) !== 0) return this.#known[index]!.text;
    const end = this.#ends[index];
    const text = this.#decode(start, end);
    const hasEscapes = text.length < end - start - 2;
    if (this.#isAscii && !hasEscapes && index !== UID && index !== TRACEPARENT) {
      this.#known[index] = { bytes: this.#line.slice(start, end), text };
    }
    return text;
  }

  /** The length of a field's value, in bytes; 0 if it is absent. */
  size(field: Field): number {
    const index = INDEX[field];
    return this.#has(index) ? this.#ends[index] - this.#starts[index] : 0;
  }

  /** Whether a field is present. */
  #has(field: number): boolean {
    return (this.#present & (1 << field)) !== 0;
  }

  /** Whether the line has these bytes, a string with both quotes, at this index. */
  #equals(bytes: Uint8Array, start: number): boolean {
    const line = this.#line;
    for (let i = 0; i < bytes.length; i++) if (line[start + i] !== bytes[i]) return false;
    return true;
  }

  /** From after the opening brace to the closing one. */
  #members(at: number): number {
    const line = this.#line;
    if (line[at] === CLOSE_BRACE) return at;
    for (let last = OTHER;;) {
      let field = this.#next[last];
      if (field !== OTHER && this.#equals(KEYS[field], at)) at += KEYS[field].length;
      else {
        const start = at;
        field = this.#plainField(start);
        if (field !== OTHER) at += KEYS[field].length;
        else {
          at = this.#keyEnd(start);
          field = this.#escapedField(start, at);
        }
        this.#next[last] = field;
      }
      at = this.#past(at, COLON, "Expecting ':' delimiter");
      at = field === OTHER ? this.#value(at) : this.#valueOf(field, at);
      if (line[at] <= SPACE) at = this.#space(at);
      if (line[at] === CLOSE_BRACE) return at;
      at = this.#past(at, COMMA, "Expecting ',' delimiter");
      last = field;
    }
  }

  /** The index after the value of a field. Remembers where the value is. */
  #valueOf(field: number, at: number): number {
    const known = this.#known[field];
    const isKnown = known !== undefined && this.#equals(known.bytes, at);
    const end = isKnown ? at + known.bytes.length : this.#value(at);
    this.#starts[field] = at;
    this.#ends[field] = end;
    const bit = 1 << field;
    this.#present |= bit;
    this.#repeated = isKnown ? this.#repeated | bit : this.#repeated & ~bit;
    return end;
  }

  /** The field whose key starts here, written without escapes. */
  #plainField(start: number): number {
    for (let field = 0; field < KEYS.length; field++) {
      if (this.#equals(KEYS[field], start)) return field;
    }
    return OTHER;
  }

  /** The field of a key that is written with escapes. It is given with its quotes. */
  #escapedField(start: number, end: number): number {
    // A longer key is none of a field, and one of 600 MB is no text: a text has a largest length.
    if (end - start > LONGEST_KEY) return OTHER;
    if (!this.#line.subarray(start, end).includes(BACKSLASH)) return OTHER;
    const field = FIELDS.indexOf(this.#decode(start, end) as Field);
    return field === -1 ? OTHER : field;
  }

  /** The index after the value that starts at `at`. A loop, so that nesting uses no stack. */
  #value(at: number): number {
    const line = this.#line;
    const open = this.#open;
    let depth = 0;
    for (;;) {
      // A value starts at `at`.
      const first = line[at];
      if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        if (depth === this.#maxDepth) {
          this.#fail(`Nested deeper than the limit of ${this.#maxDepth} levels (--max-depth)`, at);
        }
        open[depth++] = first === OPEN_BRACE ? 1 : 0;
        at = this.#space(at + 1);
        if (line[at] !== (first === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)) {
          if (first === OPEN_BRACE) at = this.#key(at);
          continue;
        }
        depth--;
        at++;
      } else {
        at = this.#scalar(at);
      }
      // A value ends before `at`: continue in the array or object around it.
      for (;;) {
        if (depth === 0) return at;
        at = this.#space(at);
        const isObject = open[depth - 1] === 1;
        if (line[at] === COMMA) {
          at = this.#space(at + 1);
          if (isObject) at = this.#key(at);
          break;
        }
        if (line[at] !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
          this.#fail("Expecting ',' delimiter", at);
        }
        depth--;
        at++;
      }
    }
  }

  /** From a key to the value after it. */
  #key(at: number): number {
    return this.#past(this.#keyEnd(at), COLON, "Expecting ':' delimiter");
  }

  /** The index after a key. */
  #keyEnd(at: number): number {
    if (this.#line[at] === QUOTE) return this.#string(at);
    return this.#fail("Expecting property name enclosed in double quotes", at);
  }

  /** Skips the byte that has to be next, and white space around it. */
  #past(at: number, byte: number, fault: string): number {
    const line = this.#line;
    if (line[at] === byte && line[at + 1] > SPACE) return at + 1;
    at = this.#space(at);
    return line[at] === byte ? this.#space(at + 1) : this.#fail(fault, at);
  }

  #scalar(at: number): number {
    const first = this.#line[at];
    if (first === QUOTE) return this.#string(at);
    if (first === MINUS || (first >= ZERO && first <= NINE)) return this.#number(at);
    return this.#literal(at);
  }

  /** From the opening quote to after the closing one. */
  #string(at: number): number {
    const line = this.#line;
    const start = at++;
    for (let isPlain = false; at < line.length;) {
      if (isPlain) at = endOfPlain(line, at);
      isPlain = true;
      for (const near = Math.min(at + NEAR, line.length); at < near; at++) {
        const byte = line[at];
        if (SPECIAL[byte] === 0) continue;
        if (byte === QUOTE) return at + 1;
        isPlain = false;
        if (byte === BACKSLASH) at = this.#escape(at);
        else if (byte < SPACE) this.#fail("Invalid control character", at);
        else this.#isAscii = false;
      }
    }
    return this.#fail("Unterminated string", start);
  }

  /** From a backslash to the last byte of its escape. */
  #escape(at: number): number {
    const line = this.#line;
    const byte = line[at + 1];
    if (byte === 0x75) { // u
      for (let i = at + 2; i < at + 6; i++) {
        if (!isHexadecimal(line[i])) this.#fail("Invalid \\uXXXX escape", at);
      }
      return at + 5;
    }
    switch (byte) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f: // /
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
        return at + 1;
      default:
        return this.#fail("Invalid \\escape", at);
    }
  }

  #number(at: number): number {
    const line = this.#line;
    const start = at;
    if (line[at] === MINUS) at++;
    if (line[at] === 0x49) return this.#literal(at); // -Infinity
    if (line[at] === ZERO) at++;
    else at = this.#digits(at, start);
    if (line[at] === DOT) at = this.#digits(at + 1, start);
    if (line[at] === 0x65 || line[at] === 0x45) { // e, E
      at++;
      if (line[at] === MINUS || line[at] === 0x2b) at++;
      at = this.#digits(at, start);
    }
    return at;
  }

  /** The index after the digits, of which there has to be one. */
  #digits(at: number, start: number): number {
    const line = this.#line;
    const first = at;
    while (line[at] >= ZERO && line[at] <= NINE) at++;
    return at > first ? at : this.#fail("Expecting value", start);
  }

  #literal(at: number): number {
    const line = this.#line;
    for (const word of LITERALS) {
      if (line[at] !== word[0]) continue;
      for (let i = 1; i < word.length; i++) {
        if (line[at + i] !== word[i]) return this.#fail("Expecting value", at);
      }
      return at + word.length;
    }
    return this.#fail("Expecting value", at);
  }

  /** The index of the first byte that is not white space. */
  #space(at: number): number {
    const line = this.#line;
    for (let byte; (byte = line[at]) === SPACE || (byte !== undefined && isOtherSpace(byte));) at++;
    return at;
  }

  /** A short string of plain ASCII; `undefined` for another one. It is faster than a decoder's call. */
  #decodeShort(start: number, end: number): string | undefined {
    if (end - start > MAX_IN_PLACE) return undefined;
    const line = this.#line;
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = line[at];
      if (byte >= 0x80 || byte === BACKSLASH) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #decode(start: number, end: number): string {
    const short = this.#decodeShort(start + 1, end - 1);
    if (short !== undefined) return short;
    const bytes = this.#line.subarray(start + 1, end - 1);
    return bytes.includes(BACKSLASH)
      ? JSON.parse(decoder.decode(this.#line.subarray(start, end)))
      : decoder.decode(bytes);
  }

  #checkEncoding(): void {
    const line = this.#line;
    try {
      if (line.length <= DECODED) return void strictDecoder.decode(line);
      // In pieces: a text has at most 536,870,888 characters.
      const decoder = new TextDecoder("utf-8", { fatal: true });
      for (let at = 0; at < line.length; at += DECODED) {
        decoder.decode(line.subarray(at, at + DECODED), { stream: true });
      }
      decoder.decode();
    } catch (cause) {
      throw new JSONDecodeError("The line is not valid UTF-8", { cause });
    }
  }

  #fail(reason: string, at: number): never {
    throw new JSONDecodeError(`${reason}: line 1 column ${at + 1} (char ${at})`);
  }
}

/**
 * An index up to which the bytes are plain characters of a string, examined sixteen at a time while
 * they are, then four: a branch for each four takes half of the time of a long string.
 */
function endOfPlain(line: Uint8Array, at: number): number {
  const words = new DataView(line.buffer, line.byteOffset, line.length);
  for (const last = line.length - 16; at <= last; at += 16) {
    const special = specialIn(words.getInt32(at, true)) | specialIn(words.getInt32(at + 4, true)) |
      specialIn(words.getInt32(at + 8, true)) | specialIn(words.getInt32(at + 12, true));
    if ((special & 0x80808080) !== 0) break;
  }
  for (const last = line.length - 4; at <= last; at += 4) {
    if ((specialIn(words.getInt32(at, true)) & 0x80808080) !== 0) break;
  }
  return at;
}

/**
 * The highest bit of a byte in one of the differences says that this byte, or one before it, is a
 * control character, a quote, a backslash or no ASCII.
 */
function specialIn(four: number): number {
  const control = four - 0x20202020;
  const quote = (four ^ 0x22222222) - 0x01010101;
  const backslash = (four ^ 0x5c5c5c5c) - 0x01010101;
  return control | quote | backslash;
}

function isOtherSpace(byte: number): boolean {
  return byte === 0x09 || byte === 0x0d || byte === 0x0a;
}

function isHexadecimal(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || (byte >= 0x41 && byte <= 0x46) ||
    (byte >= 0x61 && byte <= 0x66);
}
