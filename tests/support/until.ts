/** Waits with a time-out, for a condition without an event, or for a promise. */

import { delay } from "@std/async/delay";

/**
 * Checks a condition every millisecond until it holds.
 *
 * @param what Names the condition in the error.
 * @param condition Returns a truthy value when it holds.
 * @param ms The time-out in milliseconds, enough for a busy computer.
 * @returns The value of the condition.
 * @throws {Error} When the condition does not hold in time.
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | Promise<T>,
  ms = 60_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() >= end) {
      throw new Error(`Not within ${ms} ms: ${typeof what === "string" ? what : what()}`);
    }
    await delay(1);
  }
}

/**
 * Waits for a promise with a time-out.
 *
 * @param what Names the missing event in the error.
 * @param ms The time-out in milliseconds, enough for a process that starts under load.
 * @throws {Error} When the promise does not settle in time.
 */
export async function inTime<T>(what: string, promise: Promise<T>, ms = 60_000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Not within ${ms} ms: ${what}`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
