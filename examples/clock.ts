/**
 * A clock that can run faster than real time, so that a simulated hour takes seconds.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** The time of a simulation. */
export interface Clock {
  /** The time since the first call of `now()`, in simulated milliseconds. */
  now(): number;
  /** Waits for so many simulated milliseconds. */
  delay(milliseconds: number): Promise<void>;
}

/** A clock that runs `speed` times as fast as real time. */
export function makeClock(speed = 1): Clock {
  let start: number | undefined;
  return {
    now: () => (performance.now() - (start ??= performance.now())) * speed,
    delay: (milliseconds) => delay(milliseconds / speed),
  };
}
