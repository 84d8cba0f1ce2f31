/**
 * Bytes to lines. What arrives is cut at every newline, wherever the network has cut it before.
 *
 * What always holds, whatever the cuts:
 * - the lines are those of splitting the whole stream at `\n`, each without one `\r` at its end;
 * - a byte is searched for a newline once, and copied at most once if its line fits into one
 *   chunk, or else as often as a growing buffer copies (a constant);
 * - a line above the limit is reported once, as soon as it is above, and its rest is skipped;
 *   the lines after it are whole.
 *
 * @module
 */

import { ByteBuffer } from "./buffer.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line that was too long to be collected. */
export class OverlongLine {
  /** The first bytes of the line, enough to see who it is for. */
  readonly head: Uint8Array;
  /** The limit that it went over, in bytes. */
  readonly limit: number;

  constructor(head: Uint8Array, limit: number) {
    this.head = head;
    this.limit = limit;
  }
}

/** The bytes of a line without its terminator, or the notice that it was too long. */
export type Line = Uint8Array | OverlongLine;

/** How much of an overlong line is kept. */
const HEAD = 4096;

/** Cuts chunks of bytes into lines. */
export class LineSplitter {
  /** The longest line that is collected, in bytes, without its terminator. */
  maxLineSize: number;
  #held = new ByteBuffer();
  #skipping = false;

  constructor(maxLineSize: number) {
    this.maxLineSize = maxLineSize;
  }

  /** How many bytes of an unfinished line are held. */
  get held(): number {
    return this.#held.length;
  }

  /**
   * The lines that are complete with this chunk. They are views into the chunk where they can
   * be, so the chunk may be used again only when they have been dealt with.
   */
  split(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      if (this.#skipping) this.#skipping = false;
      else lines.push(this.#finish(chunk.subarray(start, end)));
    }
    if (!this.#skipping && start < chunk.length) {
      const overlong = this.#hold(chunk.subarray(start));
      if (overlong !== undefined) lines.push(overlong);
    }
    return lines;
  }

  #finish(tail: Uint8Array): Line {
    let line = tail;
    if (this.#held.length > 0) {
      this.#held.append(tail);
      line = this.#held.view();
      this.#held = new ByteBuffer(); // the view stays the line's own
    }
    if (line.at(-1) === CARRIAGE_RETURN) line = line.subarray(0, -1);
    return line.length > this.maxLineSize ? this.#overlong(line) : line;
  }

  #hold(tail: Uint8Array): OverlongLine | undefined {
    this.#held.append(tail);
    // One byte more than the limit may be the carriage return of a line that just fits.
    if (this.#held.length <= this.maxLineSize + 1) return undefined;
    const overlong = this.#overlong(this.#held.view());
    this.#held.clear();
    this.#skipping = true;
    return overlong;
  }

  #overlong(line: Uint8Array): OverlongLine {
    return new OverlongLine(line.slice(0, HEAD), this.maxLineSize);
  }
}
