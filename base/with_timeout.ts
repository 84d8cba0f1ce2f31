/**
 * Waits for a promise with a time-out or until a deadline, and checks the time-outs of users.
 *
 * @module
 */

import { atCaller } from "./caller.ts";
import { startTimer, type Timer } from "./timer.ts";

/**
 * The time that is left until a deadline, in milliseconds; `undefined` for no limit.
 *
 * @param deadline In milliseconds of `performance.now()`.
 */
export function remaining(deadline: number | undefined): number | undefined {
  return deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
}

/**
 * Checks a time-out that a user gives.
 *
 * @param action What is not done, as an error says it, e.g. `"Cannot call"`, or a function that gives
 * it when it is needed.
 * @param timeout In milliseconds; `undefined` for no limit.
 * @param allowsZero Whether 0 is allowed, for not waiting at all. Default: `false`.
 * @throws {RangeError} If the time-out is negative, `NaN`, or 0 where that is not allowed.
 */
export function checkTimeout(
  action: string | (() => string),
  timeout: number | undefined,
  allowsZero: boolean = false,
): void {
  if (timeout === undefined || timeout > 0 || (allowsZero && timeout === 0)) return;
  const allowed = allowsZero ? "0 or a positive number" : "a positive number";
  const failed = typeof action === "string" ? action : action();
  throw atCaller(
    new RangeError(`${failed}: timeout must be ${allowed} of milliseconds, got ${timeout}`),
  );
}

/**
 * Waits for a promise.
 *
 * @param timeout The longest wait, in milliseconds; `undefined` for no limit.
 * @param otherwise Gives the result, or throws, when the time is over.
 */
export async function withTimeout<R, O>(
  promise: Promise<R>,
  timeout: number | undefined,
  otherwise: () => O,
): Promise<R | O> {
  if (timeout === undefined) return await promise;
  let timer: Timer;
  const expired = new Promise<void>((resolve) => timer = startTimer(resolve, timeout));
  try {
    return await Promise.race([promise, expired.then(otherwise)]);
  } finally {
    clearTimeout(timer);
  }
}
