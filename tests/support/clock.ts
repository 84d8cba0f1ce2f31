/** A fake clock, for code whose time and delays are passed in. */

/** A clock in which each delay passes at once. */
export class Clock {
  /** The time, in milliseconds. */
  time: number;
  /** The delays in milliseconds, in order. */
  readonly waits: number[] = [];

  constructor(time = 0) {
    this.time = time;
  }

  readonly now = (): number => this.time;

  readonly delay = (milliseconds: number): Promise<void> => {
    this.waits.push(milliseconds);
    this.time += milliseconds;
    return Promise.resolve();
  };
}

/** A clock that stands still: no delay takes any time. */
export const NO_TIME = { now: () => 0, delay: () => Promise.resolve() };
