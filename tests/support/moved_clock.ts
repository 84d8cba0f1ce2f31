/** A clock that a test moves: its timers go off when their time has come, in order. */

import type { Clock } from "../../cluster/clock.ts";

interface MovedTimer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. */
export class MovedClock implements Clock {
  #time = 0;
  readonly #timers = new Set<MovedTimer>();

  now(): number {
    return this.#time;
  }

  later(callback: () => void, time: number): () => void {
    const timer = { at: this.#time + time, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /**
   * Moves the clock.
   *
   * @param time In milliseconds.
   * @param settle Called after each timer: what it has caused happens before the next one.
   */
  async advance(time: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#time + time;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at).at(0);
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#time = Math.max(this.#time, due.at);
      due.callback();
      await settle();
    }
    this.#time = end;
  }

  /** Moves the clock as it moves for a program that is stopped: timers are late, and go off then. */
  stop(time: number): void {
    this.#time += time;
  }
}
