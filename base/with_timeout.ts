/**
 * Waits for something, and no longer than it may take.
 *
 * @module
 */

import { LONGEST_TIME } from "../limits.ts";

/** What is left until a deadline, both in milliseconds; `undefined` is no limit. */
export function remaining(deadline: number | undefined): number | undefined {
  return deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
}

/** The promise, or what `otherwise` gives when the time is over, in milliseconds. */
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
