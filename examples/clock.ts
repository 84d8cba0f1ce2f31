/**
 * Time that may run faster than it does, so that a simulated hour need not take one.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** What simulated things know of time. */
export interface Clock {
  /** How long it has been running, in milliseconds of its own. */
  now(): number;
  /** Waits for that many milliseconds of its own. */
  delay(milliseconds: number): Promise<void>;
}

/** A clock that runs `speed` times as fast as time does, from when it is looked at first. */
export function makeClock(speed = 1): Clock {
  let start: number | undefined;
  return {
    now: () => (performance.now() - (start ??= performance.now())) * speed,
    delay: (milliseconds) => delay(milliseconds / speed),
  };
}
