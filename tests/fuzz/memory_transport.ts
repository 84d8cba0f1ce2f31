/** A socket whose peer says what it was given, and then leaves. */

import type { Transport } from "../../net/transport.ts";

/** A socket without a network. */
export class MemoryTransport implements Transport {
  /** What was written to it. */
  readonly written: Uint8Array[] = [];
  readonly #pieces: Uint8Array[];

  /** @param pieces What is read, a piece at a time. */
  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = [...pieces];
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const piece = this.#pieces.shift();
    if (piece === undefined) return Promise.resolve(null);
    const taken = piece.subarray(0, buffer.length);
    buffer.set(taken);
    if (taken.length < piece.length) this.#pieces.unshift(piece.subarray(taken.length));
    return Promise.resolve(taken.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.written.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  close(): void {}
}
