/**
 * Buffers of bytes that grow with their use: one that collects bytes, and the one that a socket is
 * read into. `wire/line.ts` collects the parts of a line in a `ByteBuffer`, `net/outbox.ts` the
 * lines that are to be written.
 *
 * @module
 */

import { IS_DENO } from "./runtime.ts";

/** The smallest capacity of a `ByteBuffer` that is not empty, in bytes. */
const MIN_CAPACITY = 1024;
/** A buffer with a larger capacity than this is released when it is cleared, in bytes. */
const MAX_KEPT_CAPACITY = 1024 * 1024;
/**
 * From this capacity on a buffer that returns memory has pages of its own, in bytes. A buffer that
 * is only dropped stays in the process, until the garbage collector comes and often after it: of 60
 * queues of 8 to 16 MB, 1.3 GB. (Deno 2.9)
 */
const PAGED = 128 * 1024;
/** Such a buffer grows by a part of its size, in place up to so many times its first size. */
const GROWTH = 1.25;
const IN_PLACE = 8;
/** Longer text, in characters, is encoded in place as far as it is ASCII: more would reserve too much. */
const MAX_IN_PLACE = 64 * 1024;

/** The size of a buffer for the first read from a socket, in bytes: idle peers cost little. */
export const MIN_READ_SIZE = 4 * 1024;

const encoder = new TextEncoder();

/** A buffer that bytes are appended to, and that is read and cleared as a whole. */
export class ByteBuffer {
  readonly #returnsMemory: boolean;
  #bytes = new Uint8Array(0);
  #length = 0;
  /** The latest view, which is given again if it has the same size: messages often have. */
  #view = this.#bytes;

  /**
   * @param returnsMemory Whether it returns the memory that it does not need any more to the system at
   * once, in Deno: browsers, Node 22 and Bun neither encode text into memory that can be resized nor
   * send it. Its views are not for code that reads many bytes one by one: V8 makes that slower once it
   * has read two kinds of arrays. Default: false.
   */
  constructor(returnsMemory = false) {
    this.#returnsMemory = returnsMemory && IS_DENO;
  }

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
    if (text.length > MAX_IN_PLACE) return this.#appendLong(text);
    this.#reserve(text.length * 3); // the most that UTF-8 needs for one UTF-16 unit
    this.#encode(text);
  }

  /** Appends a text of which most, and often all, is ASCII. */
  #appendLong(text: string): void {
    this.#reserve(text.length);
    const read = this.#encode(text);
    if (read < text.length) this.append(encoder.encode(text.slice(read)));
  }

  /** Encodes as much of the text as there is room for. Returns how many UTF-16 units that is. */
  #encode(text: string): number {
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length));
    this.#length += written;
    return read;
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
    if (this.#bytes.length > MAX_KEPT_CAPACITY) this.release();
  }

  /** Removes the content, and frees the memory. */
  release(): void {
    this.#length = 0;
    const { buffer } = this.#bytes;
    this.#bytes = this.#view = new Uint8Array(0); // a view would keep the memory
    if (buffer.resizable) buffer.resize(0);
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    if (IS_DENO && this.#returnsMemory && needed > PAGED) {
      this.#bytes = this.#view = grownInPages(this.#bytes, this.#length, needed);
      return;
    }
    const grown = new Uint8Array(Math.max(MIN_CAPACITY, needed, this.#bytes.length * 2));
    grown.set(this.view());
    this.#bytes = this.#view = grown;
  }
}

/** The first `length` bytes, in memory for `needed` of them that can be given back at once. */
function grownInPages(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
  needed: number,
): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const size = Math.ceil(needed * GROWTH);
  if (buffer.resizable && size <= buffer.maxByteLength) {
    buffer.resize(size);
    return new Uint8Array(buffer, 0, size);
  }
  const paged = new ArrayBuffer(size, { maxByteLength: size * IN_PLACE });
  const grown = new Uint8Array(paged, 0, size);
  grown.set(bytes.subarray(0, length));
  if (buffer.resizable) buffer.resize(0);
  return grown;
}

/** The smallest use of a buffer after which it is kept for others, in bytes. */
const MIN_KEPT_LENGTH = 8 * 1024;
/** How many of them are kept in a process: a program that had many connections gives the memory back. */
const MOST_KEPT = 4;

const kept: ByteBuffer[] = [];

/**
 * An empty buffer for many bytes: one that another use has left, if there is one. Growing a new one for
 * each piece of a large value takes a sixth of the time to forward it.
 */
export function takeBuffer(): ByteBuffer {
  return kept.pop() ?? new ByteBuffer();
}

/** Keeps a buffer for the next use, if it has been grown. Its views are not valid any more. */
export function recycle(buffer: ByteBuffer): void {
  if (buffer.length < MIN_KEPT_LENGTH || kept.length >= MOST_KEPT) return;
  buffer.clear();
  kept.push(buffer);
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
