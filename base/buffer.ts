/**
 * A buffer of bytes that grows as needed and is used again once it is emptied.
 * Lines are put together in one (`line.ts`) and wait in one to be written (`connection.ts`).
 *
 * @module
 */

const SMALLEST = 1024;
/** A buffer that has grown beyond this is given back to the runtime when it is emptied. */
const LARGEST_KEPT = 1024 * 1024;
/** Text shorter than this is encoded in place; longer text would reserve too much. */
const IN_PLACE = 64 * 1024;

const encoder = new TextEncoder();

/** Bytes, appended at the end and taken all at once. */
export class ByteBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of the bytes, or of as many of them as are wanted. */
  append(bytes: Uint8Array, count = bytes.length): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length); // all of them: a view of some takes longer to make
    this.#length += count;
  }

  /** Adds the text as UTF-8. */
  appendText(text: string): void {
    if (text.length > IN_PLACE) return this.append(encoder.encode(text));
    this.#reserve(text.length * 3); // the most that UTF-8 needs for one UTF-16 unit
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** What it holds: a view that is valid until the buffer is next changed. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Empties it. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > LARGEST_KEPT) this.#bytes = new Uint8Array(0);
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(SMALLEST, needed, this.#bytes.length * 2));
    grown.set(this.view());
    this.#bytes = grown;
  }
}
