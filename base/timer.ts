/**
 * Timers for any time: one that is longer than the runtime can wait, `Infinity` too, means no limit.
 * `setTimeout` itself would go off at once. (`delay` of `@std/async` waits for any time.)
 *
 * @module
 */

import { LONGEST_TIME } from "../limits.ts";

/** A timer for `clearTimeout`; `undefined` for no limit. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/**
 * Calls a function later; never if the time is longer than 24 days.
 *
 * @param time In milliseconds.
 */
export function startTimer(callback: () => void, time: number): Timer {
  return time > LONGEST_TIME ? undefined : setTimeout(callback, Math.max(time, 0));
}

/**
 * Waits for a promise.
 *
 * @param timeout The longest wait, in milliseconds.
 * @throws {DOMException} With the name `TimeoutError`, when the time is over.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function deadline<T>(
  promise: Promise<T>,
  timeout: number,
  { signal }: { signal?: AbortSignal } = {},
): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const timer = startTimer(
    () => reject(new DOMException("Signal timed out.", "TimeoutError")),
    timeout,
  );
  const abort = () => reject(signal!.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
