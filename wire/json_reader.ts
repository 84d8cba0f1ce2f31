/**
 * Reads a value of JSON while its text arrives in pieces, so that no step takes long, and no text is
 * longer than the runtime can hold. `json_writer.ts` writes such values.
 *
 * `JSON.parse` reads the text in parts; this module only finds the commas where the text can be cut
 * into parts. Each part is completed to JSON with the brackets that are open at its start and its
 * end, and 0 replaces all previous items of the same array. For example, if `[[1,2],[3,4],[5,6]]` is
 * cut at two commas:
 *
 *     [[1,2],[3      is read as    [[1,2],[3]]
 *     ,4]                          [0 ,4]
 *     ,[5                          [0 ,[5]]
 *     ,6]                          [0 ,6]
 *     ]                            [0 ]
 *
 * A text that is not JSON is therefore not JSON in parts either; a test compares the two.
 *
 * @module
 */

import { UidSource } from "../base/uid_source.ts";
import { KNOWS_ARRAYS, mayHaveReserved } from "./array_key.ts";
import type { ArrayReader } from "./array_reader.ts";
import { type ParseJson, parseJson } from "./json.ts";
import type { JsonObject } from "./message.ts";

// As in `envelope.ts`, and not imported from one place: a scanner that reads each character against
// an imported constant takes up to three times as long (Deno 2.9).
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The length of a part, in characters. It is approximate. */
const PART_LENGTH = 64 * 1024;
/** The deepest level at which the text is cut. A value that is nested deeper is read as a whole. */
const MAX_CUT_DEPTH = 32;
/** So many characters are examined one by one before the next one is searched for. */
const NEAR = 128;
/** The length of `\u0041`, in characters. */
const MAX_ESCAPE_LENGTH = 6;
/** The key that replaces all previous members of an object. No value contains it. */
const PREVIOUS = new UidSource().next();

/** An array or an object whose end has not been read. Its value is the same one from then on. */
class Open {
  /** What has been read of it. */
  readonly value: unknown[] | JsonObject;
  /** The key of its last item or member, if that is open too. */
  lastKey: string | number = "";

  constructor(value: unknown[] | JsonObject) {
    this.value = value;
  }

  /** Completes a part that begins in it at its start. */
  get opening(): string {
    // The space makes `[0 .5]` an error, as `[.5]` is one.
    return Array.isArray(this.value) ? "[0 " : `{"${PREVIOUS}":0 `;
  }

  /** Adds the items or members that a part has. */
  add(part: unknown[] | JsonObject): void {
    const { value } = this;
    if (Array.isArray(value)) {
      for (let index = 1; index < (part as unknown[]).length; index++) {
        value.push((part as unknown[])[index]);
      }
      return;
    }
    for (const [key, member] of Object.entries(part)) {
      // Where `Object.prototype` has a setter of that name, an assignment makes no member.
      if (key === "__proto__") {
        Object.defineProperty(value, key, Object.getOwnPropertyDescriptor(part, key)!);
      } else if (key !== PREVIOUS) value[key] = member;
    }
  }

  /**
   * Its last item or member, which is open too.
   *
   * @param key The key of that member in an object, as JSON.
   */
  last(key: string): unknown {
    const { value } = this;
    this.lastKey = Array.isArray(value) ? value.length - 1 : JSON.parse(key);
    return (value as JsonObject)[this.lastKey];
  }
}

/**
 * Finds the next of some characters in a text with `indexOf`, which is ten times as fast as a loop.
 * Each part of the text is searched once for each of them, as long as the start only grows.
 */
class Finder {
  readonly #characters: readonly string[];
  /** Where each of them is next. */
  readonly #next: number[];
  #text = "";

  constructor(characters: string) {
    this.#characters = [...characters];
    this.#next = this.#characters.map(() => -1);
  }

  /** Searches another text. */
  search(text: string): void {
    this.#text = text;
    this.#next.fill(-1);
  }

  /** The index of the next one; the length of the text, or the start, if there is none. */
  next(start: number): number {
    if (start >= this.#text.length) return start;
    let nearest = this.#text.length;
    for (let i = 0; i < this.#characters.length; i++) {
      if (this.#next[i] < start) {
        const found = this.#text.indexOf(this.#characters[i], start);
        this.#next[i] = found === -1 ? this.#text.length : found;
      }
      if (this.#next[i] < nearest) nearest = this.#next[i];
    }
    return nearest;
  }
}

/** Reads one value. Positions are in characters; the value begins at position 1. */
export class JsonReader {
  readonly #partLength: number;
  /**
   * The arrays and objects that are open at the start of the part, from the outermost to the
   * innermost. The first one is an array around the value, whose second item the value is.
   */
  readonly #open: Open[] = [new Open([])];
  /** The beginning of a long text that is open in the innermost of those. */
  #text: string | undefined;
  /** The text of the part up to here. */
  #part = ",";
  /** The position of the part. */
  #partStart = 0;
  /** The position of the piece. */
  #pieceStart = 1;
  /** How many characters of the piece have been added to parts. */
  #added = 0;
  /** How many arrays and objects are open here. `#open` has those at the start of the part. */
  #depth = 0;
  /** The closing bracket of each of them. Like the keys, down to `MAX_CUT_DEPTH`. */
  readonly #closings = ["]"];
  /** The start and the end of the last string before each of them: its key, if it has one. */
  readonly #keyStarts = [0];
  readonly #keyEnds = [0];
  #isInString = false;
  #stringStart = 0;
  #lastStringStart = 0;
  #lastStringEnd = 0;
  readonly #inString = new Finder('"\\');
  readonly #betweenStrings = new Finder('"{}[]');
  readonly #commas = new Finder(",");
  /** Whether the next piece begins after a backslash. */
  #isEscaped = false;

  readonly #parseJson: ParseJson;
  readonly #arrays: ArrayReader | undefined;

  /**
   * @param partLength The length of a part, in characters. It is approximate.
   * @param parse Parses a part.
   * @param arrays Puts the arrays of numbers in their places, as they are read.
   */
  constructor(partLength = PART_LENGTH, parse: ParseJson = parseJson, arrays?: ArrayReader) {
    this.#partLength = partLength;
    this.#parseJson = parse;
    if (KNOWS_ARRAYS) this.#arrays = arrays;
  }

  /**
   * Reads the next piece.
   *
   * @throws {SyntaxError} When it is not JSON. The error may concern an earlier piece.
   * @throws {ValueError} When an array of numbers is none.
   * @throws {RangeError} When a text or an array is longer than the runtime can hold.
   */
  read(piece: string): void {
    this.#added = 0;
    for (const finder of [this.#inString, this.#betweenStrings, this.#commas]) finder.search(piece);
    let at = this.#isEscaped ? 1 : 0;
    while (at < piece.length) {
      at = this.#isInString ? this.#readString(piece, at) : this.#readBetween(piece, at);
    }
    this.#isEscaped = at > piece.length;
    this.#add(piece, piece.length);
    const isNowLong = this.#isLong(piece.length) && !this.#isLong(0);
    this.#pieceStart += piece.length;
    if (isNowLong) this.#openText();
    if (this.#text !== undefined) this.#readText(this.#text);
  }

  /**
   * The value, after its last piece.
   *
   * @throws {SyntaxError} When it is not JSON.
   * @throws {ValueError} When an array of numbers is none.
   */
  end(): unknown {
    const [root] = this.#open;
    if (this.#open.length > 1 || this.#isInString) throw new SyntaxError("Unexpected end of JSON");
    this.#complete(root, "]");
    if ((root.value as unknown[]).length > 1) {
      throw new SyntaxError("Unexpected ',' after the JSON");
    }
    return this.value;
  }

  /** The value once it has ended: another one if it is an array of numbers that has arrived since. */
  get value(): unknown {
    return (this.#open[0].value as unknown[])[0];
  }

  /** From inside a string to after its closing quote, or to the end of the piece. */
  #readString(piece: string, at: number): number {
    for (; at < piece.length; at = this.#inString.next(at)) {
      for (const near = Math.min(at + NEAR, piece.length); at < near; at++) {
        const code = piece.charCodeAt(at);
        if (code === BACKSLASH) at++;
        else if (code === QUOTE) {
          this.#endString(piece, at);
          return at + 1;
        }
      }
    }
    return at;
  }

  /** From between strings to after the next opening quote, or to the end of the piece. */
  #readBetween(piece: string, at: number): number {
    for (; at < piece.length; at = this.#nextBetween(at)) {
      for (const near = Math.min(at + NEAR, piece.length); at < near; at++) {
        switch (piece.charCodeAt(at)) {
          case QUOTE:
            this.#isInString = true;
            this.#stringStart = this.#pieceStart + at;
            return at + 1;
          case OPEN_BRACE:
            this.#enter("}");
            break;
          case OPEN_BRACKET:
            this.#enter("]");
            break;
          case CLOSE_BRACE:
          case CLOSE_BRACKET:
            if (this.#depth < this.#open.length) {
              this.#add(piece, at + 1);
              this.#close();
            }
            this.#depth--;
            break;
          case COMMA: {
            const isLong = this.#pieceStart + at - this.#partStart >= this.#partLength;
            if (isLong && this.#depth <= MAX_CUT_DEPTH) {
              this.#add(piece, at);
              this.#readItems();
            }
          }
        }
      }
    }
    return at;
  }

  /** The next quote or bracket, or the next comma where the part is long. */
  #nextBetween(at: number): number {
    const next = this.#betweenStrings.next(at);
    const long = Math.max(at, this.#partStart + this.#partLength - this.#pieceStart);
    return long < next ? Math.min(next, this.#commas.next(long)) : next;
  }

  #enter(closing: string): void {
    if (++this.#depth <= MAX_CUT_DEPTH) this.#remember(this.#depth, closing);
  }

  /** Remembers the key and the closing bracket of the value that begins here. */
  #remember(depth: number, closing: string): void {
    this.#closings[depth] = closing;
    this.#keyStarts[depth] = this.#lastStringStart;
    this.#keyEnds[depth] = this.#lastStringEnd;
  }

  #endString(piece: string, at: number): void {
    this.#isInString = false;
    if (this.#text !== undefined) {
      this.#add(piece, at);
      this.#closeText(this.#text);
      this.#added++; // skips the quote
      this.#partStart++;
    } else {
      this.#lastStringStart = this.#stringStart;
      this.#lastStringEnd = this.#pieceStart + at + 1;
    }
  }

  /** Adds the piece to the part, up to an index in the piece. */
  #add(piece: string, end: number): void {
    this.#part += piece.slice(this.#added, end);
    this.#added = end;
  }

  /** Removes the beginning of the part, which has been read. */
  #drop(length: number): void {
    this.#part = this.#part.slice(length);
    this.#partStart += length;
  }

  /** Reads the part, which a comma follows. */
  #readItems(): void {
    const last = lastCharacter(this.#part);
    if (last === "[" || last === "{") throw new SyntaxError(`Unexpected ',' after '${last}'`);
    this.#readPart(this.#part.length, "", this.#depth);
  }

  /**
   * Reads the beginning of the part.
   *
   * @param ending Completes its last value: an empty string for a text that is open.
   * @param depth The level down to which values are open at the end of it.
   */
  #readPart(length: number, ending: string, depth: number): void {
    const text = this.#part.slice(0, length);
    const open = this.#open.length;
    const closings = this.#closings.slice(open - 1, this.#depth + 1).reverse().join("");
    const top = this.#open[open - 1];
    const part = this.#extend(top, text + ending + closings);
    for (let index = open; index <= depth; index++) {
      const [start, end] = [this.#keyStarts[index], this.#keyEnds[index]];
      const key = text.slice(start - this.#partStart, end - this.#partStart);
      const last = this.#open[index - 1].last(key);
      if (typeof last === "string") this.#text = last;
      else this.#open.push(new Open(last as JsonObject));
    }
    if (KNOWS_ARRAYS) {
      const keys = this.#open.slice(open - 1, depth).map(({ lastKey }) => lastKey);
      readArrays(this.#arrays, top, text, part, keys);
    }
    this.#drop(length);
  }

  /** Adds the items or members of a part to an array or object. */
  #extend(to: Open, text: string): unknown[] | JsonObject {
    const part = this.#parse(to.opening + text) as unknown[] | JsonObject;
    to.add(part);
    return part;
  }

  /** The same for a part that ends with the array or object. */
  #complete(to: Open, ending: string): void {
    const part = this.#extend(to, this.#part + ending);
    if (KNOWS_ARRAYS) readArrays(this.#arrays, to, this.#part, part, []);
  }

  /** Reads the part, which ends with the closing bracket of the innermost open array or object. */
  #close(): void {
    const closed = this.#open.pop()!;
    const parent = this.#open.at(-1);
    if (parent === undefined) throw new SyntaxError("Unexpected closing bracket after the JSON");
    this.#complete(closed, "");
    this.#drop(this.#part.length);
    if (KNOWS_ARRAYS) this.#arrays?.close(closed.value, parent.value, parent.lastKey);
  }

  /** Whether the open string is long at an index in the piece. */
  #isLong(more: number): boolean {
    return this.#isInString && this.#pieceStart + more - this.#stringStart >= this.#partLength;
  }

  /** Reads the part up to a string that has become long, unless the string is a key. */
  #openText(): void {
    if (this.#depth >= MAX_CUT_DEPTH) return;
    const length = this.#stringStart - this.#partStart;
    const isInObject = this.#closings[this.#depth] === "}";
    if (isInObject && lastCharacter(this.#part.slice(0, length)) !== ":") return;
    this.#remember(this.#depth + 1, "");
    this.#readPart(length, '""', this.#depth + 1);
    this.#drop(1); // the quote
  }

  /** Reads the part as a piece of a long text, without an escape that is incomplete at its end. */
  #readText(text: string): void {
    const part = this.#part.slice(0, completeLength(this.#part));
    this.#text = text + this.#parse(`"${part}"`);
    this.#drop(part.length);
  }

  #closeText(text: string): void {
    const { value, lastKey } = this.#open.at(-1)!;
    (value as JsonObject)[lastKey] = text + this.#parse(`"${this.#part}"`);
    this.#drop(this.#part.length);
    this.#text = undefined;
  }

  #parse(text: string): unknown {
    try {
      return this.#parseJson(text);
    } catch (cause) {
      const message = `${
        (cause as Error).message
      }, in the part that begins at character ${this.#partStart}`;
      throw new SyntaxError(message, { cause });
    }
  }
}

/** @param open The keys of what is open at the end of the part. */
function readArrays(
  reader: ArrayReader | undefined,
  { value }: Open,
  text: string,
  part: unknown[] | JsonObject,
  open: (number | string)[],
): void {
  if (reader !== undefined && mayHaveReserved(text)) reader.readPart(value, part, open);
}

/** The last character that is not white space. */
function lastCharacter(text: string): string {
  return text.trimEnd().slice(-1);
}

/** The length of the inside of a string without an escape that is incomplete at its end. */
function completeLength(text: string): number {
  const end = text.length;
  for (let at = end - 1; at >= 0 && at > end - MAX_ESCAPE_LENGTH; at--) {
    if (text[at] !== "\\") continue;
    let backslashes = 1;
    while (text[at - backslashes] === "\\") backslashes++;
    const size = text[at + 1] === "u" ? MAX_ESCAPE_LENGTH : 2;
    return backslashes % 2 === 1 && at + size > end ? at : end;
  }
  return end;
}
