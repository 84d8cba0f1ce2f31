/**
 * The clock of a recorder: the time of the day, which people and programs set, and a time that only
 * goes on, by which it polls. A simulation passes one that is faster.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** What the time is, in milliseconds. */
export interface Times {
  /** The time since 1970. It jumps when somebody sets the clock. */
  now(): number;
  /** A time that never jumps, from any start. */
  monotonic(): number;
}

/** A clock that one can wait for. */
export interface Clock extends Times {
  /**
   * Waits.
   *
   * @throws The reason of `signal`, if that is aborted.
   */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The clock of this computer. */
export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) => delay(Math.max(milliseconds, 0), { signal }),
};

/** By how much the time of the day has to differ, in milliseconds, for a jump. */
const JUMP = 1_000;

/**
 * Finds jumps of the time of the day. A clock that is adjusted little by little does not jump. One
 * that was asleep with its computer does.
 */
export class JumpDetector {
  readonly #clock: Clock;
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  /**
   * By how many milliseconds the clock was set forward since the last call, or back if that is
   * negative; 0 if it was not.
   */
  check(): number {
    const offset = this.#clock.now() - this.#clock.monotonic();
    const jump = offset - this.#offset;
    this.#offset = offset;
    return Math.abs(jump) >= JUMP ? jump : 0;
  }
}
