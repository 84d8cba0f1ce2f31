/**
 * The texts of a large value that is written, held until it is sent. The first ones are held as they
 * are; more are held as bytes, outside of the heap of V8, which has a limit of its own. All values of
 * the process together may have only so many of these: a value for which there is no room is written
 * again when it is sent.
 *
 * @module
 */

import { Budget } from "../base/budget.ts";

const MiB = 1024 * 1024;

/** How much of a value is held as texts, in bytes of UTF-8. */
export const HELD_AS_TEXT = 8 * MiB;
/** How many bytes of all values together are held beside that. */
export const HELD_AS_BYTES = 512 * MiB;
/** The bytes of a value are held in chunks of this size. */
const CHUNK = MiB;

/** What all values of the process hold: texts beside their first ones, and copies of arrays. */
const heldBytes = new Budget(HELD_AS_BYTES);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes of several texts. */
interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each text ends. */
  readonly ends: number[];
}

/** Texts that are held. */
export class HeldTexts implements Iterable<string> {
  readonly #texts: string[];
  #size: number;
  readonly #chunks: Chunk[] = [];
  /** How many bytes it has taken from the budget. */
  #share = 0;

  /**
   * @param texts The first ones.
   * @param size Their size, in bytes of UTF-8.
   */
  constructor(texts: readonly string[], size: number) {
    this.#texts = [...texts];
    this.#size = size;
  }

  /** How many bytes all values of the process hold beside their first texts. */
  static get heldAsBytes(): number {
    return heldBytes.held;
  }

  /**
   * Adds a text. False if there is no room for it.
   *
   * @param size Its size, in bytes of UTF-8.
   */
  tryAdd(text: string, size: number): boolean {
    if (this.#chunks.length === 0 && this.#size + size <= HELD_AS_TEXT) {
      this.#texts.push(text);
      this.#size += size;
      return true;
    }
    const chunk = this.#roomFor(size);
    if (chunk === undefined) return false;
    const { bytes, ends } = chunk;
    const start = ends.at(-1) ?? 0;
    ends.push(start + encoder.encodeInto(text, bytes.subarray(start)).written);
    return true;
  }

  /** Drops all texts, and gives back what it has taken. */
  release(): void {
    for (const { bytes } of this.#chunks) bytes.buffer.transfer(0); // not when V8 collects garbage
    this.#texts.length = this.#chunks.length = 0;
    heldBytes.give(this.#share);
    this.#share = 0;
  }

  *[Symbol.iterator](): IterableIterator<string> {
    yield* this.#texts;
    for (const { bytes, ends } of this.#chunks) {
      let start = 0;
      for (const end of ends) {
        yield decoder.decode(bytes.subarray(start, end));
        start = end;
      }
    }
  }

  /** The chunk for a text of that size. */
  #roomFor(size: number): Chunk | undefined {
    const last = this.#chunks.at(-1);
    if (last !== undefined && (last.ends.at(-1) ?? 0) + size <= last.bytes.length) return last;
    const length = Math.max(CHUNK, size);
    if (!heldBytes.tryTake(length)) return undefined;
    this.#share += length;
    const chunk: Chunk = { bytes: new Uint8Array(length), ends: [] };
    this.#chunks.push(chunk);
    return chunk;
  }
}

/** Takes memory for copies of arrays. False if there is no room for them. */
export function tryTakeCopies(bytes: number): boolean {
  return heldBytes.tryTake(bytes);
}

/** Gives it back. */
export function giveBackCopies(bytes: number): void {
  heldBytes.give(bytes);
}
