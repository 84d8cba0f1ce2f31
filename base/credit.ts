/**
 * Credit: how much a receiver has room for, and how a sender waits for more. The values of a stream
 * and the pieces of a large value each have one.
 *
 * @module
 */

/** What a sender may still send. */
export class Credit {
  #count: number;
  #isClosed = false;
  /** Settles when the credit changes; made when a sender waits for it. */
  #changed: PromiseWithResolvers<void> | undefined;

  constructor(count: number) {
    this.#count = count;
  }

  /** The receiver has room for so many more. */
  add(count: number): void {
    this.#count = Math.min(this.#count + count, Number.MAX_SAFE_INTEGER);
    this.#wake();
  }

  /** Nothing more is to be sent: a sender that waits continues. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Waits until one more may be sent, and takes its credit. Returns at once when it is closed. */
  async take(): Promise<void> {
    while (this.#count <= 0 && !this.#isClosed) {
      this.#changed ??= Promise.withResolvers();
      await this.#changed.promise;
    }
    this.#count--;
  }

  #wake(): void {
    this.#changed?.resolve();
    this.#changed = undefined;
  }
}
