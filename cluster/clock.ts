/**
 * Time and timers as the nodes of a network need them. Tests pass a clock that they move.
 *
 * @module
 */

/** Time that never goes back, and timers. */
export interface Clock {
  /** The time since some moment, in milliseconds. */
  now(): number;
  /**
   * Calls a function later, once.
   *
   * @param time In milliseconds.
   * @returns Prevents the call.
   */
  later(callback: () => void, time: number): () => void;
}

/** The clock of the system. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  later(callback, time) {
    const timer = setTimeout(callback, time);
    return () => clearTimeout(timer);
  },
};
