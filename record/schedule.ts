/**
 * The ticks of a source that is polled. They are at whole intervals from the first one, so that they
 * do not drift with the time that each call takes, and none waits behind another.
 *
 * @module
 */

/** A tick. */
export interface Tick {
  /** When it is due, by the clock of the schedule. It may be over. */
  readonly at: number;
  /** How many ticks before it have passed unused since the last one. */
  readonly missed: number;
}

/** The ticks of one source. */
export class Schedule {
  readonly #start: number;
  readonly #interval: number;
  #last = -1;

  /**
   * @param start When the first tick is due.
   * @param interval The time between two ticks, in the unit of the clock.
   */
  constructor(start: number, interval: number) {
    this.#start = start;
    this.#interval = interval;
  }

  /**
   * The next tick. One that is due and over is late, and used, unless the one after it is due as well.
   *
   * @param now The time, by the clock of the schedule.
   */
  next(now: number): Tick {
    const due = Math.floor((now - this.#start) / this.#interval);
    const number = Math.max(this.#last + 1, due);
    const missed = number - this.#last - 1;
    this.#last = number;
    return { at: this.#start + number * this.#interval, missed };
  }
}
