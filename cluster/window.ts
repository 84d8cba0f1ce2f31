/**
 * How much a receiver has room for: it tells the sender how many bytes it may send in all, a limit that
 * only grows. So a limit that is lost or comes twice does no harm.
 *
 * A window begins small, since it is there before a byte has come, and grows while it is used. All
 * windows of a kind share a budget.
 *
 * @module
 */

/** The sizes of windows, in bytes. */
export interface WindowSizes {
  /** The size of a new one, which both ends know. */
  initial: number;
  /** The size up to which one grows. */
  largest: number;
  /** The size up to which all together grow. Each has its initial size besides. */
  total: number;
}

/** What all windows of a kind share. */
export class WindowBudget {
  readonly #sizes: WindowSizes;
  #left: number;
  #count = 0;
  /** Changes with time: windows grow that are used up within it. */
  period = 0;

  constructor(sizes: WindowSizes) {
    this.#sizes = sizes;
    this.#left = sizes.total;
  }

  /** The size of a new window. */
  get initial(): number {
    return this.#sizes.initial;
  }

  /** A window is opened, of the initial size. */
  open(): void {
    this.#count++;
  }

  /** A window of a size is closed. */
  close(size: number): void {
    this.#count--;
    this.#left += size - this.initial;
  }

  /**
   * The next size of a window, of which `unused` bytes are promised to its sender.
   *
   * @param isBusy Whether it may grow.
   */
  resize(size: number, unused: number, isBusy: boolean): number {
    const { initial, largest, total } = this.#sizes;
    const share = Math.max(initial, Math.min(largest, Math.floor(total / this.#count)));
    const wanted = Math.max(Math.min(isBusy ? 2 * size : size, share), unused, initial);
    const change = Math.min(wanted - size, Math.max(this.#left, 0));
    this.#left -= change;
    return size + change;
  }
}

/** The window of one receiver. */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  #size: number;
  #limit: number;
  #received = 0;
  #consumed = 0;
  /** The period in which the limit was raised last. */
  #raised: number;

  constructor(budget: WindowBudget) {
    budget.open();
    this.#budget = budget;
    this.#size = this.#limit = budget.initial;
    this.#raised = budget.period;
  }

  /** How many bytes the sender may send in all. */
  get limit(): number {
    return this.#limit;
  }

  /** Bytes have come. False if there was no room for them. */
  receive(count: number): boolean {
    this.#received += count;
    return this.#received <= this.#limit;
  }

  /** There is room again for bytes that have come. True if the limit was raised: the sender is to know. */
  consume(count: number): boolean {
    this.#consumed += count;
    const unused = this.#limit - this.#consumed;
    if (unused > this.#size / 2) return false;
    const { period } = this.#budget;
    this.#size = this.#budget.resize(this.#size, Math.max(unused, 0), period - this.#raised <= 1);
    this.#raised = period;
    this.#limit = Math.max(this.#limit, this.#consumed + this.#size);
    return true;
  }

  /** Returns its share of the budget. Call it once. */
  close(): void {
    this.#budget.close(this.#size);
  }
}
