/**
 * A budget: a number of bytes that all of those that share it may hold at once, e.g. all connections
 * of a Manager. Numbers only: what is done when there is no share left is decided by the modules that
 * take one, and so is whether each of them may have only a fair share.
 *
 * @module
 */

/** A number of bytes that may be held at once. */
export class Budget {
  /** How many bytes may be held at once. */
  readonly limit: number;
  #held = 0;

  /** @param limit How many bytes may be held at once. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many bytes are held. */
  get held(): number {
    return this.#held;
  }

  /** Takes a share. False if less than that is left; then nothing is taken. */
  tryTake(bytes: number): boolean {
    if (bytes > this.limit - this.#held) return false;
    this.#held += bytes;
    return true;
  }

  /**
   * Takes a fair share: a holder may have no more bytes than are left for the others. So one alone
   * may have half of the budget, the next one half of the rest, and there is always something left.
   *
   * @param has How many bytes the holder has already.
   */
  tryTakeFairly(bytes: number, has: number): boolean {
    return this.leavesAsMuch(has + bytes, bytes) && this.tryTake(bytes);
  }

  /**
   * Whether as many bytes are left as one holder has.
   *
   * @param more How many of those are still to be taken. Default: none.
   */
  leavesAsMuch(bytes: number, more = 0): boolean {
    return bytes <= this.limit - this.#held - more;
  }

  /** Gives back bytes that were taken. */
  give(bytes: number): void {
    if (bytes > this.#held) {
      throw new RangeError(`Cannot give back ${bytes} bytes: only ${this.#held} are held`);
    }
    this.#held -= bytes;
  }
}
