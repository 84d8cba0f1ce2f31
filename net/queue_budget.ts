/**
 * What waits to be written to all peers of a Manager together: it has a limit, and the slowest
 * consumers are disconnected when it is reached. The limits of each queue alone are in `outbox.ts`.
 *
 * @module
 */

import { Budget } from "../base/budget.ts";

/** A queue that takes from the budget what waits in it. */
export interface BudgetedQueue {
  /** How many bytes wait to be written. */
  readonly queued: number;
  /** When bytes of it were last written, or when it last was short: `performance.now()`. */
  readonly progress: number;
  /** Disconnects its peer, and gives back what the queue has taken. */
  evict(limit: number): void;
}

/** The bytes that may wait for all peers together. */
export class QueueBudget {
  readonly #budget: Budget;
  /** The queues that have taken bytes. */
  readonly #queues = new Set<BudgetedQueue>();

  /** @param limit How many bytes may wait. */
  constructor(limit: number) {
    this.#budget = new Budget(limit);
  }

  /** How many bytes the queues have taken. */
  get held(): number {
    return this.#budget.held;
  }

  /**
   * Takes bytes for a queue. If there are not enough, the peer that has read nothing for the longest
   * time is disconnected, and then the next one.
   *
   * @returns Whether they were taken. Not if that peer is the one of this queue.
   */
  take(queue: BudgetedQueue, bytes: number): boolean {
    this.#queues.add(queue);
    while (!this.#budget.tryTake(bytes)) {
      const slowest = this.#slowest();
      this.#queues.delete(slowest);
      slowest.evict(this.#budget.limit);
      if (slowest === queue) return false;
    }
    return true;
  }

  /** Gives back bytes of a queue. */
  give(bytes: number): void {
    this.#budget.give(bytes);
  }

  /** Forgets a queue that has given back all that it had taken. */
  forget(queue: BudgetedQueue): void {
    this.#queues.delete(queue);
  }

  /** Of several that have read nothing for as long, the one for which most waits. */
  #slowest(): BudgetedQueue {
    return [...this.#queues].reduce((slowest, queue) =>
      queue.progress < slowest.progress ||
        (queue.progress === slowest.progress && queue.queued > slowest.queued)
        ? queue
        : slowest
    );
  }
}
