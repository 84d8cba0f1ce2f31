/** A clock whose time is the test's own: for code that is given the time and its delays. */

/** A clock that goes on by what is waited for, at once. */
export class Clock {
  /** The time, in milliseconds. */
  time: number;
  /** What was waited for, one after the other. */
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

/** A clock that stands still: nothing takes any time. */
export const NO_TIME = { now: () => 0, delay: () => Promise.resolve() };
