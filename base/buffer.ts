/**
 * Buffers of bytes that grow with their use: one that collects bytes, and the one that a socket is
 * read into. `wire/line.ts` collects the parts of a line in a `ByteBuffer`, `net/outbox.ts` the
 * lines that are to be written.
 *
 * @module
 */

/** The smallest capacity of a `ByteBuffer` that is not empty, in bytes. */
const MIN_CAPACITY = 1024;
/** A buffer with a larger capacity than this is released when it is cleared, in bytes. */
const MAX_KEPT_CAPACITY = 1024 * 1024;
/** Longer text is encoded apart, in characters: encoded in place it would reserve too much. */
const MAX_IN_PLACE = 64 * 1024;

/** The size of a buffer for the first read from a socket, in bytes: idle peers cost little. */
export const MIN_READ_SIZE = 4 * 1024;

const encoder = new TextEncoder();

/** A buffer that bytes are appended to, and that is read and cleared as a whole. */
export class ByteBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;
  /** The latest view, which is given again if it has the same size: messages often have. */
  #view = this.#bytes;

  /** The number of bytes that the buffer holds. */
  get length(): number {
    return this.#length;
  }

  /** Appends a copy of the bytes, or of the first `count` of them. */
  append(bytes: Uint8Array, count = bytes.length): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length); // all of them: a view of `count` bytes takes longer to make
    this.#length += count;
  }

  /** Appends the text as UTF-8. */
  appendText(text: string): void {
    if (text.length > MAX_IN_PLACE) return this.append(encoder.encode(text));
    this.#reserve(text.length * 3); // the most that UTF-8 needs for one UTF-16 unit
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** The content, as a view that is valid until the buffer changes. */
  view(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#bytes;
    if (this.#view.length !== this.#length || this.#view.buffer !== buffer) {
      this.#view = new Uint8Array(buffer, 0, this.#length);
    }
    return this.#view;
  }

  /** Removes the content. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_CAPACITY) this.#bytes = new Uint8Array(0);
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(MIN_CAPACITY, needed, this.#bytes.length * 2));
    grown.set(this.view());
    this.#bytes = grown;
  }
}

/**
 * The buffer for the next read from a socket: the same one, or one of twice the size after a read
 * that filled it.
 *
 * @param size How many bytes the last read gave.
 * @param largest The size up to which buffers grow, in bytes.
 */
export function nextReadBuffer(
  buffer: Uint8Array<ArrayBuffer>,
  size: number,
  largest: number,
): Uint8Array<ArrayBuffer> {
  return size === buffer.length && size < largest ? new Uint8Array(size * 2) : buffer;
}
