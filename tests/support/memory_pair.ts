/** Two transports that are connected with each other in memory. */

import type { Transport } from "../../net/transport.ts";

/** Two ends that are connected with each other. */
export interface Pair extends AsyncDisposable {
  near: Transport;
  far: Transport;
}

/** A pipe: what is written at one end is read at the other. Holds `capacity` bytes. */
class Pipe {
  #bytes: number[] = [];
  #ended = false;
  #changed = Promise.withResolvers<void>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#bytes.length === 0) {
      if (this.#ended) return null;
      await this.#changed.promise;
    }
    const taken = this.#bytes.splice(0, buffer.length);
    buffer.set(taken);
    this.#change();
    return taken.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#bytes.length >= this.#capacity) {
      if (this.#ended) throw new Deno.errors.BrokenPipe();
      await this.#changed.promise;
    }
    if (this.#ended) throw new Deno.errors.BrokenPipe();
    const part = bytes.subarray(0, this.#capacity - this.#bytes.length);
    this.#bytes.push(...part);
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
