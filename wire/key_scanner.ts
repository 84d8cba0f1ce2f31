/**
 * Scans the routing keys of a message that is not read as a whole: one that arrives in pieces, or
 * one that is malformed and has to be answered with an error.
 *
 * It accepts any bytes, cut anywhere, and reads only the strings at the top level. It does not check
 * that the message is well-formed; `envelope.ts` does.
 *
 * @module
 */

/** A key that the scanner finds. */
export type RoutingKey = "requester" | "service" | "uid" | "attribute";

const KEYS: ReadonlySet<string> = new Set<RoutingKey>([
  "requester",
  "service",
  "uid",
  "attribute",
]);

// As in `envelope.ts`, and not imported from one place: a scanner that reads each byte against an
// imported constant takes up to three times as long (Deno 2.9).
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The longest string that is kept, in bytes with its quotes. */
const MAX_STRING = 4096;

const decoder = new TextDecoder();

/** Scans one message. */
export class KeyScanner {
  readonly #texts = new Map<string, string>();
  readonly #string = new Uint8Array(MAX_STRING);
  #length = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The last key; `undefined` for one that was too long or is not a string of JSON. */
  #key: string | undefined;
  /** Whether a value comes next, and not a key. */
  #isValue = false;

  /** Scans the next bytes. */
  read(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at = this.#isInString ? this.#readString(bytes, at) : this.#readBetween(bytes, at);
    }
  }

  /** The value of a key, if it was a string. Of several equal keys the last one counts. */
  text(key: RoutingKey): string | undefined {
    return this.#texts.get(key);
  }

  /** From inside a string to after its closing quote, or to the end of the bytes. */
  #readString(bytes: Uint8Array, at: number): number {
    if (this.#isEscaped) {
      this.#isEscaped = false;
      this.#keep(bytes, at, at + 1);
      return at + 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    const end = quote === -1 ? bytes.length : quote;
    let backslashes = 0;
    while (end - backslashes > at && bytes[end - backslashes - 1] === BACKSLASH) backslashes++;
    const isEscaped = backslashes % 2 === 1;
    if (quote === -1) {
      this.#isEscaped = isEscaped;
      this.#keep(bytes, at, end);
      return end;
    }
    this.#keep(bytes, at, quote + 1);
    if (!isEscaped) {
      this.#isInString = false;
      if (this.#depth === 1) this.#endString();
    }
    return quote + 1;
  }

  /** From between strings to after the next opening quote, or to the end of the bytes. */
  #readBetween(bytes: Uint8Array, at: number): number {
    for (; at < bytes.length; at++) {
      switch (bytes[at]) {
        case QUOTE:
          this.#isInString = true;
          this.#length = 0;
          this.#keep(bytes, at, at + 1);
          return at + 1;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#depth++;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          this.#depth--;
          break;
        case COLON:
          if (this.#depth === 1) this.#isValue = true;
          break;
        case COMMA:
          if (this.#depth === 1) this.#isValue = false;
      }
    }
    return at;
  }

  /** Keeps bytes of a string that is a key at the top level, or the value of one. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.#depth !== 1 || this.#length > MAX_STRING) return;
    const size = end - start;
    if (this.#length + size <= MAX_STRING) {
      this.#string.set(bytes.subarray(start, end), this.#length);
    }
    this.#length += size; // above MAX_STRING it is too long to be kept
  }

  #endString(): void {
    const text = this.#length > MAX_STRING ? undefined : this.#parse();
    if (!this.#isValue) this.#key = text;
    else if (text !== undefined && this.#key !== undefined && KEYS.has(this.#key)) {
      this.#texts.set(this.#key, text);
    }
  }

  #parse(): string | undefined {
    try {
      return JSON.parse(decoder.decode(this.#string.subarray(0, this.#length)));
    } catch {
      return undefined;
    }
  }
}

/** Scans the routing keys of a line. */
export function scanKeys(line: Uint8Array): KeyScanner {
  const scanner = new KeyScanner();
  scanner.read(line);
  return scanner;
}
