/**
 * A value of JSON that is read while it comes: each piece is a step of which nobody notices
 * anything, and no text has to be longer than the runtime can hold.
 *
 * The engine reads, as `parseJson` does. Here is only looked for where the text can be cut into
 * parts. What is open before a part and after it makes JSON of it, and 0 stands for all that came
 * before in the same array; for example, if `[[1,2],[3,4],[5,6]]` is cut at two commas:
 *
 *     [[1,2],[3      is read as    [[1,2],[3]]
 *     ,4]                          [0 ,4]
 *     ,[5                          [0 ,[5]]
 *     ,6]                          [0 ,6]
 *     ]                            [0 ]
 *
 * So what is no JSON is none in parts either, which is what a test compares.
 *
 * @module
 */

import { parseJson } from "./json.ts";
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

/** About how many characters are read at once. */
const PART = 64 * 1024;
/** How deep a value may be nested to be cut. What is deeper is read as a whole. */
const DEEPEST = 32;
/** How many arguments a function surely can be called with. */
const MOST_ARGUMENTS = 10_000;
/** The length of `\u0041`, in characters. */
const LONGEST_ESCAPE = 6;
/** Stands for the members of an object that came before. No value contains it. */
const BEFORE = crypto.randomUUID();

/** An array or an object that is not at its end. */
interface Open {
  /** What makes JSON of a part that begins in it. */
  readonly opening: string;
  /** Adds what a part has of it. */
  add(part: unknown): void;
  /**
   * What comes last in it, and is not at its end either.
   *
   * @param key What that is called in an object, as JSON.
   */
  last(key: string): unknown;
  /** Puts all of that in its place. */
  putLast(value: unknown): void;
  /** All of it. */
  value(): unknown;
}

class OpenArray implements Open {
  readonly opening = "[0 "; // with a space, since `.5` is no item
  readonly #parts: unknown[][];

  constructor(part: unknown[]) {
    this.#parts = [part];
  }

  add(part: unknown[]): void {
    part.shift();
    this.#parts.push(part);
  }

  last(): unknown {
    return this.#parts.at(-1)!.at(-1);
  }

  putLast(value: unknown): void {
    const part = this.#parts.at(-1)!;
    part[part.length - 1] = value;
  }

  value(): unknown[] {
    let items: unknown[] = [];
    for (let start = 0; start < this.#parts.length; start += MOST_ARGUMENTS) {
      items = items.concat(...this.#parts.slice(start, start + MOST_ARGUMENTS));
    }
    return items;
  }
}

class OpenObject implements Open {
  readonly opening = `{"${BEFORE}":0 `;
  readonly #object: JsonObject;
  #lastKey = "";

  constructor(part: JsonObject) {
    this.#object = part;
  }

  // Deno has no setter `__proto__`: that is a key like others.
  add(part: JsonObject): void {
    for (const key of Object.keys(part)) if (key !== BEFORE) this.#object[key] = part[key];
  }

  last(key: string): unknown {
    this.#lastKey = JSON.parse(key);
    return this.#object[this.#lastKey];
  }

  putLast(value: unknown): void {
    this.#object[this.#lastKey] = value;
  }

  value(): JsonObject {
    return this.#object;
  }
}

/** Reads one value. */
export class JsonReader {
  readonly #partLength: number;
  /**
   * What is open where the part begins, from the outside to the inside. The value is taken for the
   * second item of an array.
   */
  readonly #open: Open[] = [new OpenArray([])];
  /** What there is of a long text that is open, in the last of those. */
  #text: string | undefined;
  /** What has come of the part. */
  #part = ",";
  /** Where the part begins. Positions are in characters; the value begins at 1. */
  #partStart = 0;
  /** Where the piece begins. */
  #pieceStart = 1;
  /** How much of the piece has been added to parts. */
  #added = 0;
  /** How many arrays and objects are open here, where `#open` is what was so at the part's start. */
  #depth = 0;
  /** What closes each of them. Like the keys, up to the `DEEPEST`. */
  readonly #closings = ["]"];
  /** From where to where the last string before each of them is: its key, if it has one. */
  readonly #keyStarts = [0];
  readonly #keyEnds = [0];
  #isInString = false;
  #stringStart = 0;
  #lastStringStart = 0;
  #lastStringEnd = 0;
  /** Whether the next piece begins after a backslash. */
  #isEscaped = false;

  /** @param partLength About how many characters are read at once. */
  constructor(partLength = PART) {
    this.#partLength = partLength;
  }

  /**
   * Reads the next piece.
   *
   * @throws {SyntaxError} If it is found not to be JSON, now or in one of the pieces before.
   * @throws {RangeError} If a text or an array is longer than the runtime can hold.
   */
  read(piece: string): void {
    this.#added = 0;
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
   * @throws {SyntaxError} If it is not JSON.
   */
  end(): unknown {
    const [root] = this.#open;
    if (this.#open.length > 1 || this.#isInString) throw new SyntaxError("Unexpected end of JSON");
    root.add(this.#parse(`${root.opening}${this.#part}]`));
    const values = root.value() as unknown[];
    if (values.length > 1) throw new SyntaxError("Unexpected ',' after the JSON");
    return values[0];
  }

  /** From inside a string to after its closing quote, or to the end of the piece. */
  #readString(piece: string, at: number): number {
    for (; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) {
        this.#endString(piece, at);
        return at + 1;
      }
    }
    return at;
  }

  /** From between strings to after the next opening quote, or to the end of the piece. */
  #readBetween(piece: string, at: number): number {
    for (; at < piece.length; at++) {
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
          if (isLong && this.#depth <= DEEPEST) {
            this.#add(piece, at);
            this.#readItems();
          }
        }
      }
    }
    return at;
  }

  #enter(closing: string): void {
    if (++this.#depth <= DEEPEST) this.#note(this.#depth, closing);
  }

  /** Notes what begins after the last string. */
  #note(depth: number, closing: string): void {
    this.#closings[depth] = closing;
    this.#keyStarts[depth] = this.#lastStringStart;
    this.#keyEnds[depth] = this.#lastStringEnd;
  }

  #endString(piece: string, at: number): void {
    this.#isInString = false;
    if (this.#text !== undefined) {
      this.#add(piece, at);
      this.#closeText(this.#text);
      this.#added++; // the quote
      this.#partStart++;
    } else {
      this.#lastStringStart = this.#stringStart;
      this.#lastStringEnd = this.#pieceStart + at + 1;
    }
  }

  /** Adds the piece to the part, up to a position in it. */
  #add(piece: string, end: number): void {
    this.#part += piece.slice(this.#added, end);
    this.#added = end;
  }

  /** The part has been read so far: the next one begins there. */
  #drop(length: number): void {
    this.#part = this.#part.slice(length);
    this.#partStart += length;
  }

  /** Reads the part, after which a comma comes. */
  #readItems(): void {
    const before = lastSign(this.#part);
    if (before === "[" || before === "{") throw new SyntaxError(`Unexpected ',' after '${before}'`);
    this.#readPart(this.#part.length, "", this.#depth);
  }

  /**
   * Reads the beginning of the part.
   *
   * @param ending What comes last in it, if that is not at its end.
   * @param depth Up to where what is open at its end stays so.
   */
  #readPart(length: number, ending: string, depth: number): void {
    const text = this.#part.slice(0, length);
    const open = this.#open.length;
    const closings = this.#closings.slice(open - 1, this.#depth + 1).reverse().join("");
    const top = this.#open[open - 1];
    top.add(this.#parse(top.opening + text + ending + closings));
    for (let index = open; index <= depth; index++) {
      const [start, end] = [this.#keyStarts[index], this.#keyEnds[index]];
      const key = text.slice(start - this.#partStart, end - this.#partStart);
      const last = this.#open[index - 1].last(key);
      if (typeof last === "string") this.#text = last;
      else {this.#open.push(
          Array.isArray(last) ? new OpenArray(last) : new OpenObject(last as JsonObject),
        );}
    }
    this.#drop(length);
  }

  /** Reads the part, at whose end the last array or object that is open comes to its own. */
  #close(): void {
    const closed = this.#open.pop()!;
    const parent = this.#open.at(-1);
    if (parent === undefined) throw new SyntaxError("Unexpected closing bracket after the JSON");
    closed.add(this.#parse(closed.opening + this.#part));
    this.#drop(this.#part.length);
    parent.putLast(closed.value());
  }

  /** Whether the string would be a long one after so many more characters. */
  #isLong(more: number): boolean {
    return this.#isInString && this.#pieceStart + more - this.#stringStart >= this.#partLength;
  }

  /** Reads what is before a string that has become a long one, unless that is a key. */
  #openText(): void {
    if (this.#depth >= DEEPEST) return;
    const length = this.#stringStart - this.#partStart;
    const isInObject = this.#closings[this.#depth] === "}";
    if (isInObject && lastSign(this.#part.slice(0, length)) !== ":") return;
    this.#note(this.#depth + 1, "");
    this.#readPart(length, '""', this.#depth + 1);
    this.#drop(1); // the quote
  }

  /** Reads the part of a long text that the part is, but no part of an escape. */
  #readText(text: string): void {
    const part = this.#part.slice(0, endOfCharacters(this.#part));
    this.#text = text + this.#parse(`"${part}"`);
    this.#drop(part.length);
  }

  #closeText(text: string): void {
    this.#open.at(-1)!.putLast(text + this.#parse(`"${this.#part}"`));
    this.#drop(this.#part.length);
    this.#text = undefined;
  }

  #parse(text: string): unknown {
    try {
      return parseJson(text);
    } catch (cause) {
      const message = `${
        (cause as Error).message
      }, in the part that begins at character ${this.#partStart}`;
      throw new SyntaxError(message, { cause });
    }
  }
}

/** The last character that is no white space. */
function lastSign(text: string): string {
  return text.trimEnd().slice(-1);
}

/** Where the inside of a string has its last whole character: not in the middle of an escape. */
function endOfCharacters(text: string): number {
  const end = text.length;
  for (let at = end - 1; at >= 0 && at > end - LONGEST_ESCAPE; at--) {
    if (text[at] !== "\\") continue;
    let backslashes = 1;
    while (text[at - backslashes] === "\\") backslashes++;
    const size = text[at + 1] === "u" ? LONGEST_ESCAPE : 2;
    return backslashes % 2 === 1 && at + size > end ? at : end;
  }
  return end;
}
