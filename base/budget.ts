/**
 * A budget: a number of bytes that all of those that share it may hold at once, e.g. all connections
 * of a Manager. A number only: what is done when there is no share left is decided by the modules
 * that take one.
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

  /** Gives back bytes that were taken. */
  give(bytes: number): void {
    if (bytes > this.#held) {
      throw new RangeError(`Cannot give back ${bytes} bytes: only ${this.#held} are held`);
    }
    this.#held -= bytes;
  }
}
