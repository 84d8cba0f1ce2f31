/**
 * Bytes that arrive by themselves, for a reader that asks for them: what a WebSocket lacks to be the
 * stream of a connection, in a browser and in the gateway.
 *
 * @module
 */

/** How the stream has ended; `undefined` while it goes on. */
type End = { state: "ended" } | { state: "failed"; cause: Error };

/** Gives received bytes to one read at a time. */
export class ByteReader {
  readonly #received: Uint8Array[] = [];
  #end: End | undefined;
  #pending:
    | { buffer: Uint8Array; settle: (size: number | null | Promise<never>) => void }
    | undefined;

  /** Whether bytes wait for a read. */
  get hasMore(): boolean {
    return this.#received.length > 0;
  }

  /** Whether a read waits for bytes. */
  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Bytes have arrived. They must not change. After the end they are dropped. */
  push(bytes: Uint8Array): void {
    if (this.#end !== undefined || bytes.length === 0) return;
    this.#received.push(bytes);
    this.#settle();
  }

  /** No more will arrive, for the first reason that is given. What has arrived is still read. */
  end(end: End): void {
    this.#end ??= end;
    this.#settle();
  }

  /** As in `Transport`. One read at a time. */
  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((settle) => {
      this.#pending = { buffer, settle };
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#pending === undefined) return;
    const { buffer, settle } = this.#pending;
    if (this.#received.length > 0) settle(this.#take(buffer));
    else if (this.#end?.state === "ended") settle(null);
    else if (this.#end?.state === "failed") settle(Promise.reject(this.#end.cause));
    else return;
    this.#pending = undefined;
  }

  /** Moves received bytes into a buffer. Returns how many. */
  #take(buffer: Uint8Array): number {
    let size = 0;
    while (this.#received.length > 0 && size < buffer.length) {
      const bytes = this.#received[0];
      const part = bytes.subarray(0, buffer.length - size);
      buffer.set(part, size);
      size += part.length;
      if (part.length < bytes.length) this.#received[0] = bytes.subarray(part.length);
      else this.#received.shift();
    }
    return size;
  }
}
