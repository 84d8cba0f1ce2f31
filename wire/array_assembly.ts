/**
 * Puts the bytes of arrays together that arrive in binary pieces: those of one array after the other,
 * each directly in the memory of the array. What a sender says of a size takes no memory: it is taken
 * as the bytes arrive.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { bytesOfBase64, readBase64 } from "./base64.ts";
import type { BinaryPiece } from "./message.ts";

/** The largest binary piece, in bytes: 256 KiB in base64. */
export const BINARY_PIECE_SIZE = 192 * 1024;

/** How much memory the first bytes of an array get, in bytes, and those after them. */
const FIRST = 2 * 1024 * 1024;
/** An array of which so many bytes have arrived gets all of its memory, which the system gives later. */
const TRUSTED = 16 * 1024 * 1024;

/** What takes the arrays: that of the value that they are in is `array_reader.ts`. */
export interface ArrayTaker {
  /**
   * The first piece of a part has come.
   *
   * @param size The size of the part in bytes, as the piece has it.
   * @throws {ValueError} When there is no such part.
   */
  beginPart(part: number, size: number): void;
  /** Bytes of a part have come, from one to another. With the last ones its memory is that of all. */
  addBytes(part: number, bytes: Uint8Array<ArrayBuffer>, from: number, to: number): void;
}

/** The arrays of one value. */
export class ArrayAssembly {
  /** Whether a piece of an array has come: no piece of JSON follows. */
  hasPieces = false;
  readonly #taker: ArrayTaker;
  /** The number of the array that is next, or is not complete. */
  #part = 0;
  /** The array that is not complete. */
  #bytes = new Uint8Array(0);
  #size = 0;
  #received = 0;

  constructor(taker: ArrayTaker) {
    this.#taker = taker;
  }

  /**
   * Adds a piece.
   *
   * @param most How many bytes may follow, those of the piece among them.
   * @returns How many bytes it has.
   * @throws {ValueError} When it is no piece that may come next.
   */
  add({ part, data, size }: BinaryPiece, most: number): number {
    if (this.#size === 0) this.#begin(part, size, most);
    else if (part !== this.#part || size !== undefined) {
      throw new ValueError(
        `A piece of part ${part} of a value came before part ` +
          `${this.#part} was complete`,
      );
    }
    const length = bytesOfBase64(data) ?? 0;
    if (length <= 0 || length > BINARY_PIECE_SIZE) {
      throw new ValueError(`A piece of an array must be base64 of 1 to ${BINARY_PIECE_SIZE} bytes`);
    }
    const end = this.#received + length;
    if (end > this.#size) {
      throw new ValueError(`Part ${part} of ${this.#size} bytes has more pieces than that`);
    }
    this.#reserve(end);
    if (!readBase64(data, this.#bytes.subarray(this.#received, end))) {
      throw new ValueError(`A piece of part ${part} of a value is not base64`);
    }
    this.#taker.addBytes(part, this.#bytes, this.#received, end);
    this.#received = end;
    if (end === this.#size) {
      this.#part++;
      this.#size = this.#received = 0;
      this.#bytes = new Uint8Array(0);
    }
    return length;
  }

  /** @throws {ValueError} When one is not complete. */
  end(): void {
    if (this.#size === 0) return;
    throw new ValueError(`Part ${this.#part} of a value is not complete`);
  }

  #begin(part: number, size: number | undefined, most: number): void {
    if (part !== this.#part) {
      throw new ValueError(`Part ${part} of a value came in the place of ${this.#part}`);
    }
    if (size === undefined || size > most) {
      throw new ValueError(
        `Part ${part} of a value has ${size ?? "no"} bytes, and ${most} may follow`,
      );
    }
    this.#taker.beginPart(part, size);
    this.#size = size;
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const wanted = needed <= FIRST ? FIRST : needed <= TRUSTED ? TRUSTED : this.#size;
    // No transfer to the larger size: it would write zeros, and so take all of the memory at once.
    const larger = new Uint8Array(Math.min(wanted, this.#size));
    larger.set(this.#bytes);
    this.#bytes.buffer.transfer(0); // given back at once, and not by a garbage collection
    this.#bytes = larger;
  }
}
