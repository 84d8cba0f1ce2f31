/**
 * Splits a stream of bytes into lines, and decodes lines that were read together.
 *
 * For any chunks that the network delivers:
 * - the lines are those of splitting the whole stream at `\n`, each without one `\r` at its end;
 * - a line of up to `wholeLineLimit` bytes is given as a whole, a longer one in pieces as they
 *   arrive;
 * - each byte is searched for a newline once;
 * - a line within one chunk is a view of the chunk. A line in several chunks is copied a bounded
 *   number of times per byte; at most `wholeLineLimit` plus one chunk is in memory. Both are valid
 *   until the next chunk is split: its memory is used again.
 *
 * @module
 */

import { ByteBuffer, recycle, takeBuffer } from "../base/buffer.ts";
import { decodeAscii, decodeBytewise } from "../base/encoding.ts";
import { IS_DENO } from "../base/runtime.ts";

const NEWLINE = "\n";
const NEWLINE_BYTE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LONE_RETURN = Uint8Array.of(CARRIAGE_RETURN);

/** The smallest number of lines that are faster decoded together than one by one. */
const MIN_TOGETHER = 3;

/** A chunk of fewer bytes is searched faster as it is than as a text, which has to be made. */
const SHORT = 512;

const NO_TEXTS: readonly undefined[] = [];

/** The bytes of a line without its terminator, or a line that arrives in pieces. */
export type Line = Uint8Array | LongLine;

/** The size of the pieces in which the beginning of a long line is given, in bytes. */
const PIECE_SIZE = 128 * 1024;

/**
 * A line that is too long to be given as a whole. Iterating it gives its pieces from the beginning,
 * or from where the last loop ended. A piece is valid until the next one is requested. The rest of a
 * line that is not read to its end is skipped.
 */
export class LongLine implements AsyncIterable<Uint8Array> {
  /** The beginning of the line. */
  readonly head: Uint8Array;
  /** Reads one more chunk. `false` at the end of the stream. */
  readonly #pull: () => Promise<boolean>;
  /** How many bytes of the head have been given. */
  #given = 0;
  #pieces: Uint8Array[] = [];
  #isComplete = false;

  /** For a {@linkcode LineSplitter}. */
  constructor(head: Uint8Array, pull: () => Promise<boolean>) {
    this.head = head;
    this.#pull = pull;
  }

  /** Whether the end of the line has arrived. It never does if the connection ends before. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * The next piece after the head; `undefined` after the last one. It is valid until the next call.
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
      this.#given += PIECE_SIZE;
      yield this.head.subarray(start, this.#given);
    }
    for (let piece; (piece = await this.next()) !== undefined;) yield piece;
  }

  /** Reads and drops the rest of the line. */
  async skip(): Promise<void> {
    while (await this.next() !== undefined);
  }

  /**
   * The whole line; `undefined` if it has more than `limit` bytes, or the connection ends before its
   * end.
   *
   * @param surplus Called with each piece of a line that has more than `limit` bytes, from its
   * beginning.
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

  /** For the splitter: adds a piece. */
  push(piece: Uint8Array): void {
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** For the splitter: the end of the line has arrived. */
  complete(): void {
    this.#isComplete = true;
  }
}

/** Splits chunks of bytes into lines. */
export class LineSplitter {
  /** The longest line that is given as a whole, in bytes, without its terminator. */
  wholeLineLimit: number;
  readonly #pull: () => Promise<boolean>;
  #held = new ByteBuffer();
  /** The buffer of the last line that was held and given as a whole. Valid until the next chunk. */
  #given: ByteBuffer | undefined;
  /** The long line whose end has not arrived. */
  #long: LongLine | undefined;
  /** Whether a carriage return of the long line is held back, since a newline may follow it. */
  #endsWithReturn = false;

  /**
   * @param pull Reads one more chunk and splits it, for a long line that is read. `false` at the end
   * of the stream.
   */
  constructor(wholeLineLimit: number, pull: () => Promise<boolean> = () => Promise.resolve(false)) {
    this.wholeLineLimit = wholeLineLimit;
    this.#pull = pull;
  }

  /** How many bytes of an incomplete line are held. */
  get held(): number {
    return this.#held.length;
  }

  /**
   * The lines that end in this chunk, and the long line that begins in it, if there is one. Most are
   * views of the chunk, so its memory may be used again only after they have been read. They are valid
   * until the next call.
   */
  split(chunk: Uint8Array): Line[] {
    if (this.#given !== undefined) recycle(this.#given);
    this.#given = undefined;
    const lines: Line[] = [];
    let start = 0;
    // V8 searches a text with the `memchr` of the system, but an array element by element, which takes
    // three times as long. Only Deno and Node make a text of bytes fast.
    const text = IS_DENO && chunk.length >= SHORT ? decodeBytewise(chunk) : undefined;
    const newline = (from: number) =>
      text?.indexOf(NEWLINE, from) ?? chunk.indexOf(NEWLINE_BYTE, from);
    if (this.#long !== undefined || this.#held.length > 0) {
      const end = newline(0);
      lines.push(...(end === -1 ? this.#continue(chunk) : this.#finish(chunk.subarray(0, end))));
      start = end === -1 ? chunk.length : end + 1;
    }
    const { buffer, byteOffset, length } = chunk;
    for (let at; (at = newline(start)) !== -1; start = at + 1) {
      const end = at > start && chunk[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
      lines.push(this.#whole(new Uint8Array(buffer, byteOffset + start, end - start)));
    }
    if (start < length) lines.push(...this.#hold(chunk.subarray(start)));
    return lines;
  }

  /** A complete line without its terminator. */
  #whole(line: Uint8Array): Line {
    if (line.length <= this.wholeLineLimit) return line;
    const long = new LongLine(line, this.#pull);
    long.complete();
    return long;
  }

  /** Ends the incomplete line. Gives it, unless it is a long one, which was given before. */
  #finish(tail: Uint8Array): Line[] {
    if (this.#long === undefined) {
      this.#held.append(tail);
      this.#given = this.#held;
      const held = this.#takeHeld();
      return [this.#whole(held.at(-1) === CARRIAGE_RETURN ? held.subarray(0, -1) : held)];
    }
    this.#continueLong(this.#long, tail); // holds back the carriage return of the terminator
    this.#endsWithReturn = false;
    this.#long.complete();
    this.#long = undefined;
    return [];
  }

  /** Continues the incomplete line. Gives it if it becomes a long one. */
  #continue(tail: Uint8Array): LongLine[] {
    if (this.#long === undefined) return this.#hold(tail);
    this.#continueLong(this.#long, tail);
    return [];
  }

  #continueLong(long: LongLine, tail: Uint8Array): void {
    if (tail.length === 0) return;
    if (this.#endsWithReturn) long.push(LONE_RETURN);
    this.#endsWithReturn = tail.at(-1) === CARRIAGE_RETURN;
    long.push(this.#endsWithReturn ? tail.subarray(0, -1) : tail);
  }

  /** Holds the beginning of a line. Gives the line if it is a long one. */
  #hold(tail: Uint8Array): LongLine[] {
    // One byte more than the limit may be the carriage return of a line that just fits.
    const isLong = this.#held.length + tail.length > this.wholeLineLimit + 1;
    const isMore = isLong && this.#held.length > 0; // so that the buffer does not grow once more
    if (this.#held.length === 0 && tail.length > SHORT) this.#held = takeBuffer();
    if (!isMore) this.#held.append(tail);
    if (!isLong) return [];
    const held = this.#takeHeld();
    this.#endsWithReturn = held.at(-1) === CARRIAGE_RETURN;
    this.#long = new LongLine(this.#endsWithReturn ? held.subarray(0, -1) : held, this.#pull);
    if (isMore) this.#continueLong(this.#long, tail);
    return [this.#long];
  }

  #takeHeld(): Uint8Array {
    const held = this.#held.view();
    this.#held = new ByteBuffer(); // the old buffer belongs to the line
    return held;
  }
}

/**
 * Decodes lines that were read together in one step, so that a device reads a message in half the
 * time. There is a text for each line, or none at all for few lines. It is `undefined` for a line that
 * has to be decoded by itself: one that arrived in another buffer than the last line, or in pieces,
 * and for all of them if one is not ASCII. A page does not load the code for that: it reads few
 * messages.
 */
export function decodeLines(lines: readonly Line[]): readonly (string | undefined)[] {
  if (!IS_DENO || lines.length < MIN_TOGETHER) return NO_TEXTS;
  const last = lines.at(-1);
  if (!(last instanceof Uint8Array)) return NO_TEXTS;
  const texts: (string | undefined)[] = new Array(lines.length).fill(undefined);
  const { buffer } = last;
  const isSeparate = (line: Line) => !(line instanceof Uint8Array) || line.buffer !== buffer;
  const from = lines.findLastIndex(isSeparate) + 1;
  const together = lines.slice(from) as Uint8Array[];
  const start = together[0].byteOffset;
  const size = last.byteOffset + last.length - start;
  const text = decodeAscii(new Uint8Array(buffer, start, size));
  if (text === undefined) return texts;
  for (const [index, { byteOffset, length }] of together.entries()) {
    const at = byteOffset - start;
    texts[from + index] = text.slice(at, at + length);
  }
  return texts;
}
