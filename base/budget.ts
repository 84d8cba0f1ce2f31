/**
 * A budget: a number of bytes that all of those that share it may hold at once, e.g. all connections
 * of a Manager. Numbers only: what is done when there is no share left is decided by the modules that
 * take one, and so is whether each of them may have only a fair share.
 *
 * The fair share: a holder may have no more bytes than are left for the others, and a group of holders
 * no more than three times that. So one alone may have half of the budget, the next one half of the
 * rest; and however many holders a group has, a quarter is left for others.
 *
 * @module
 */

/** How many times what is left for others a group of holders may have. */
const GROUP = 3;

/** One that holds bytes of a budget, or a group of them, which holds what all of them hold. */
export class Holder {
  /** The group that it belongs to, if it does. */
  readonly group: Holder | undefined;
  readonly #times: number;
  #held = 0;

  private constructor(times: number, group?: Holder) {
    this.#times = times;
    this.group = group;
  }

  /** A group. */
  static group(): Holder {
    return new Holder(GROUP);
  }

  /** @param group The group that it belongs to. Default: none. */
  static one(group?: Holder): Holder {
    return new Holder(1, group);
  }

  /** How many bytes it holds. */
  get held(): number {
    return this.#held;
  }

  /** Counts bytes that it holds from now on, or that it does not hold any more if it is negative. */
  count(bytes: number): void {
    this.#held += bytes;
  }

  /** Whether it may hold so many bytes more if so many are left for others then. */
  mayHold(more: number, left: number): boolean {
    return this.#held + more <= this.#times * left;
  }

  /** It, and its group. */
  *withGroup(): IterableIterator<Holder> {
    yield this;
    if (this.group !== undefined) yield this.group;
  }
}

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

  /** How many bytes are left. */
  get left(): number {
    return this.limit - this.#held;
  }

  /** Takes a fair share, and counts it for the holder and its group. False if that is too much. */
  tryTakeFairly(bytes: number, holder: Holder): boolean {
    const holders = [...holder.withGroup()];
    if (holders.some((one) => !one.mayHold(bytes, this.left - bytes))) return false;
    if (!this.tryTake(bytes)) return false;
    for (const one of holders) one.count(bytes);
    return true;
  }

  /** Gives back a fair share. */
  giveBackOf(holder: Holder, bytes: number): void {
    this.give(bytes);
    for (const one of holder.withGroup()) one.count(-bytes);
  }

  /** Gives back bytes that were taken. */
  give(bytes: number): void {
    if (bytes > this.#held) {
      throw new RangeError(`Cannot give back ${bytes} bytes: only ${this.#held} are held`);
    }
    this.#held -= bytes;
  }
}
