/** Transports without a network: a connected pair, and a scripted one. */

import type { Transport } from "../../net/transport.ts";

/** Two connected transports. */
export interface Pair extends AsyncDisposable {
  near: Transport;
  far: Transport;
}

/** A pipe: what is written at one end is read at the other. Holds `capacity` bytes. */
class Pipe {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #changed = Promise.withResolvers<void>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#size === 0) {
      if (this.#ended) return null;
      await this.#changed.promise;
    }
    let taken = 0;
    while (taken < buffer.length && this.#pieces.length > 0) {
      const piece = this.#pieces[0].subarray(0, buffer.length - taken);
      buffer.set(piece, taken);
      taken += piece.length;
      if (piece.length === this.#pieces[0].length) this.#pieces.shift();
      else this.#pieces[0] = this.#pieces[0].subarray(piece.length);
    }
    this.#size -= taken;
    this.#change();
    return taken;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#size >= this.#capacity) {
      if (this.#ended) throw new Deno.errors.BrokenPipe();
      await this.#changed.promise;
    }
    if (this.#ended) throw new Deno.errors.BrokenPipe();
    const part = bytes.slice(0, this.#capacity - this.#size);
    this.#pieces.push(part);
    this.#size += part.length;
    this.#change();
    return part.length;
  }

  end(): void {
    this.#ended = true;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** A pair of transports without a network. */
export function memoryPair(capacity = 64 * 1024): Pair {
  const there = new Pipe(capacity);
  const back = new Pipe(capacity);
  const close = () => {
    there.end();
    back.end();
  };
  const end = (out: Pipe, into: Pipe): Transport => ({
    read: (buffer) => into.read(buffer),
    write: (bytes) => out.write(bytes),
    close,
  });
  return {
    near: end(there, back),
    far: end(back, there),
    [Symbol.asyncDispose]: () => Promise.resolve(close()),
  };
}

/** A transport that reads scripted pieces and records the written bytes. */
export class MemoryTransport implements Transport {
  /** The written bytes, one item a write. */
  readonly written: Uint8Array[] = [];
  readonly #pieces: Uint8Array[];
  readonly #staysOpen: boolean;
  readonly #writeAtMost: number;

  /**
   * @param pieces The bytes to read, one piece a read.
   * @param staysOpen Whether reads after the last piece stay pending; otherwise they return `null`.
   * @param writeAtMost The most bytes that one write accepts.
   */
  constructor(
    pieces: readonly Uint8Array[] = [],
    { staysOpen = false, writeAtMost = Infinity } = {},
  ) {
    this.#pieces = [...pieces];
    this.#staysOpen = staysOpen;
    this.#writeAtMost = writeAtMost;
  }

  /** The written bytes as text. */
  get text(): string {
    return this.written.map((bytes) => new TextDecoder().decode(bytes)).join("");
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const piece = this.#pieces.shift();
    if (piece === undefined) return this.#staysOpen ? new Promise(() => {}) : Promise.resolve(null);
    const taken = piece.subarray(0, buffer.length);
    buffer.set(taken);
    if (taken.length < piece.length) this.#pieces.unshift(piece.subarray(taken.length));
    return Promise.resolve(taken.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.slice(0, this.#writeAtMost);
    this.written.push(taken);
    return Promise.resolve(taken.length);
  }

  close(): void {}
}
