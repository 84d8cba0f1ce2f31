/**
 * Bytes to lines. What arrives is cut at every newline, wherever the network has cut it before.
 *
 * What always holds, whatever the cuts:
 * - the lines are those of splitting the whole stream at `\n`, each without one `\r` at its end;
 * - a line of up to `longestWhole` bytes is given as a whole, a longer one in pieces as they come;
 * - a byte is searched for a newline once, and its line is a view of its chunk where it fits into
 *   one, or else is copied as often as a growing buffer copies (a constant);
 * - no more than `longestWhole` bytes of a line are held, and one chunk.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { ByteBuffer } from "../base/buffer.ts";

const NEWLINE = "\n";
const CARRIAGE_RETURN = 0x0d;
const LONE_RETURN = Uint8Array.of(CARRIAGE_RETURN);

/** With fewer lines than this it is not worth while. */
const FEW = 3;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a line without its terminator, or a line that comes in pieces. */
export type Line = Uint8Array | LongLine;

/** How much of the beginning of a long line is given at once, in bytes. */
const PIECE = 128 * 1024;

/**
 * A line that is too long to be given as a whole. Iterating gives its pieces from the beginning on,
 * or from where it was left, each valid until the next one is asked for. What is not taken of it is
 * skipped.
 */
export class LongLine implements AsyncIterable<Uint8Array> {
  /** The beginning of the line. */
  readonly head: Uint8Array;
  /** Lets one more chunk come. False if there is none. */
  readonly #pull: () => Promise<boolean>;
  /** How much of the head iterating has given. */
  #given = 0;
  #pieces: Uint8Array[] = [];
  #isComplete = false;

  /** Made by a {@linkcode LineSplitter}. */
  constructor(head: Uint8Array, pull: () => Promise<boolean>) {
    this.head = head;
    this.#pull = pull;
  }

  /** Whether the end of the line has come. One that is cut off never is complete. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * The next piece after the head, `undefined` after the last one. It is valid until the one after
   * it is asked for.
   */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0) {
      if (this.#isComplete || !await this.#pull()) return undefined;
    }
    return this.#pieces.shift();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    while (this.#given < this.head.length) {
      const start = this.#given;
      this.#given += PIECE;
      yield this.head.subarray(start, this.#given);
    }
    for (let piece; (piece = await this.next()) !== undefined;) yield piece;
  }

  /** Lets all that is left of the line go by. */
  async skip(): Promise<void> {
    while (await this.next() !== undefined);
  }

  /**
   * The whole line; `undefined` if it has more than `limit` bytes, or is cut off.
   *
   * @param surplus Is given the pieces of a line that has more, from its head on.
   */
  async collect(
    limit: number,
    surplus: (piece: Uint8Array) => void = () => {},
  ): Promise<Uint8Array | undefined> {
    const collected = new ByteBuffer();
    for await (const piece of this) {
      if (collected.length > limit) {
        surplus(piece);
      } else {
        collected.append(piece);
        if (collected.length > limit) surplus(collected.view());
      }
    }
    return this.#isComplete && collected.length <= limit ? collected.view() : undefined;
  }

  /** For the splitter: another piece has come. */
  push(piece: Uint8Array): void {
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** For the splitter: the line is at its end. */
  complete(): void {
    this.#isComplete = true;
  }
}

/** Cuts chunks of bytes into lines. */
export class LineSplitter {
  /** The longest line that is given as a whole, in bytes, without its terminator. */
  wholeLineLimit: number;
  readonly #pull: () => Promise<boolean>;
  #held = new ByteBuffer();
  /** The long line that is under way. */
  #long: LongLine | undefined;
  /** Whether a carriage return is kept back, since the end of the long line may follow. */
  #endsWithReturn = false;

  /**
   * @param pull Lets one more chunk be split, for a long line that is read. False if there is none.
   */
  constructor(wholeLineLimit: number, pull: () => Promise<boolean> = () => Promise.resolve(false)) {
    this.wholeLineLimit = wholeLineLimit;
    this.#pull = pull;
  }

  /** How many bytes of an unfinished line are held. */
  get held(): number {
    return this.#held.length;
  }

  /**
   * The lines that are complete with this chunk, and the long line that begins in it, if one does.
   * They are views into the chunk where they can be, so the chunk may be used again only when they
   * have been dealt with.
   */
  split(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    const text = characters(chunk);
    if (this.#long !== undefined || this.#held.length > 0) {
      const end = text.indexOf(NEWLINE);
      lines.push(...(end === -1 ? this.#goOn(chunk) : this.#finish(chunk.subarray(0, end))));
      start = end === -1 ? chunk.length : end + 1;
    }
    const { buffer, byteOffset, length } = chunk;
    for (let at; (at = text.indexOf(NEWLINE, start)) !== -1; start = at + 1) {
      const end = at > start && chunk[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
      lines.push(this.#whole(new Uint8Array(buffer, byteOffset + start, end - start)));
    }
    if (start < length) lines.push(...this.#hold(chunk.subarray(start)));
    return lines;
  }

  /** A line without its terminator that has come to its end. */
  #whole(line: Uint8Array): Line {
    if (line.length <= this.wholeLineLimit) return line;
    const long = new LongLine(line, this.#pull);
    long.complete();
    return long;
  }

  /** Ends the line that is under way. Gives it if it has not been given. */
  #finish(tail: Uint8Array): Line[] {
    if (this.#long === undefined) {
      this.#held.append(tail);
      const held = this.#takeHeld();
      return [this.#whole(held.at(-1) === CARRIAGE_RETURN ? held.subarray(0, -1) : held)];
    }
    this.#goOnLong(this.#long, tail); // which keeps the carriage return of the terminator back
    this.#endsWithReturn = false;
    this.#long.complete();
    this.#long = undefined;
    return [];
  }

  /** More of the line that is under way. Gives it if it turns out to be a long one. */
  #goOn(tail: Uint8Array): LongLine[] {
    if (this.#long === undefined) return this.#hold(tail);
    this.#goOnLong(this.#long, tail);
    return [];
  }

  #goOnLong(long: LongLine, tail: Uint8Array): void {
    if (tail.length === 0) return;
    if (this.#endsWithReturn) long.push(LONE_RETURN);
    this.#endsWithReturn = tail.at(-1) === CARRIAGE_RETURN;
    long.push(this.#endsWithReturn ? tail.subarray(0, -1) : tail);
  }

  /** Holds the beginning of a line. Gives it if it is that of a long one. */
  #hold(tail: Uint8Array): LongLine[] {
    // One byte more than the limit may be the carriage return of a line that just fits.
    const isLong = this.#held.length + tail.length > this.wholeLineLimit + 1;
    const isMore = isLong && this.#held.length > 0; // which makes no buffer grow once more
    if (!isMore) this.#held.append(tail);
    if (!isLong) return [];
    const held = this.#takeHeld();
    this.#endsWithReturn = held.at(-1) === CARRIAGE_RETURN;
    this.#long = new LongLine(this.#endsWithReturn ? held.subarray(0, -1) : held, this.#pull);
    if (isMore) this.#goOnLong(this.#long, tail);
    return [this.#long];
  }

  #takeHeld(): Uint8Array {
    const held = this.#held.view();
    this.#held = new ByteBuffer(); // the view stays the line's own
    return held;
  }
}

/**
 * The texts of lines that were read together, decoded together, with which a message is read in half
 * the time. `undefined` for each that has to be decoded by itself: what is not ASCII, and what has
 * come in another buffer than the last line, or in pieces.
 */
export function decodeLines(lines: readonly Line[]): (string | undefined)[] {
  const texts: (string | undefined)[] = new Array(lines.length).fill(undefined);
  const last = lines.at(-1);
  if (lines.length < FEW || !(last instanceof Uint8Array)) return texts;
  const { buffer } = last;
  const isApart = (line: Line) => !(line instanceof Uint8Array) || line.buffer !== buffer;
  const from = lines.findLastIndex(isApart) + 1;
  const together = lines.slice(from) as Uint8Array[];
  const start = together[0].byteOffset;
  const size = last.byteOffset + last.length - start;
  let text: string;
  try {
    text = decoder.decode(new Uint8Array(buffer, start, size));
  } catch {
    return texts; // each is refused by itself
  }
  if (text.length !== size) return texts; // not ASCII: a byte is no character
  for (const [index, { byteOffset, length }] of together.entries()) {
    const at = byteOffset - start;
    texts[from + index] = text.slice(at, at + length);
  }
  return texts;
}

/**
 * The bytes as a text of as many characters. V8 finds one of them with the `memchr` of the system,
 * while it looks at the elements of an array one by one: that takes three times as long.
 */
function characters({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("latin1");
}
