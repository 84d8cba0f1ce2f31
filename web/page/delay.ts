/**
 * In the place of `@std/async/delay` in the bundle for browsers, as far as the Client uses it.
 *
 * @module
 */

import { startTimer } from "../../base/timer.ts";

/**
 * Waits.
 *
 * @param time In milliseconds. More than 24 days are no end.
 * @throws The reason of `signal`, if that is aborted.
 */
export function delay(time: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = startTimer(end, time);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end);
  });
}
