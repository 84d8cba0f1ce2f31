/**
 * Runs a few actions at a time. Those that wait run in their order, the preferred ones first.
 *
 * @module
 */

/** Limits how many actions run at once. */
export class PriorityGate {
  readonly #size: number;
  #running = 0;
  readonly #preferred: (() => void)[] = [];
  readonly #others: (() => void)[] = [];

  /** @param size How many actions may run at once. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Runs an action when it is its turn. Gives its result, or its error. */
  async run<T>(isPreferred: boolean, action: () => T | Promise<T>): Promise<T> {
    if (this.#running < this.#size) this.#running++;
    else {
      // The one that ends passes its place on.
      await new Promise<void>((resolve) => {
        (isPreferred ? this.#preferred : this.#others).push(resolve);
      });
    }
    try {
      return await action();
    } finally {
      const next = this.#preferred.shift() ?? this.#others.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
