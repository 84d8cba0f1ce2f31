/**
 * Waits for a promise with a time-out or until a deadline.
 *
 * @module
 */

import { LONGEST_TIME } from "../limits.ts";

/**
 * The time that is left until a deadline, in milliseconds; `undefined` for no limit.
 *
 * @param deadline In milliseconds of `performance.now()`.
 */
export function remaining(deadline: number | undefined): number | undefined {
  return deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
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
  if (timeout === undefined || timeout > LONGEST_TIME) return await promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<void>((resolve) => timer = setTimeout(resolve, timeout));
  try {
    return await Promise.race([promise, expired.then(otherwise)]);
  } finally {
    clearTimeout(timer);
  }
}
