/**
 * How many values of a stream may be on their way: enough that a fast stream does not wait for each
 * reply of its reader, and few enough that a generator does not run far ahead of one who stops.
 *
 * @module
 */

/** How many values may have been sent and not been read. A fast stream may have more. */
export const WINDOW = 32;
/** How many values of a fast stream may have been sent and not been read. */
export const LARGEST_WINDOW = 512;
/** A fast stream may be ahead by what was read in this time, in milliseconds. */
const AHEAD = 200;

/** The values that a Service may send before they are read. */
export class StreamWindow {
  readonly #now: () => number;
  #size = WINDOW;
  #room = WINDOW;
  /** What was read since the last credit, and since when that is. */
  #read = 0;
  #since: number;
  #hasWaited = false;

  /** @param now The time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** How many values may have been sent and not been read, now. */
  get room(): number {
    return this.#room;
  }

  /**
   * A value was read.
   *
   * @param hasWaited Whether the reader had to wait for it.
   * @returns How many more values may be sent.
   */
  read(hasWaited: boolean): number {
    this.#read++;
    this.#room--;
    this.#hasWaited ||= hasWaited;
    if (this.#room > this.#size / 2) return 0;
    this.#adapt();
    const more = Math.max(0, this.#size - this.#room);
    this.#room += more;
    return more;
  }

  /** The window follows the speed of the reader, if it is the window that makes the reader wait. */
  #adapt(): void {
    const now = this.#now();
    const ahead = this.#read / Math.max(now - this.#since, Number.EPSILON) * AHEAD;
    const most = this.#hasWaited ? this.#size * 2 : this.#size;
    this.#size = Math.round(Math.max(WINDOW, Math.min(ahead, most, LARGEST_WINDOW)));
    this.#read = 0;
    this.#since = now;
    this.#hasWaited = false;
  }
}
