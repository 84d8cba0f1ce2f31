/** Waiting with a deadline: for a condition that no event reports, or for a promise. */

import { delay } from "@std/async/delay";

/**
 * Looks every millisecond whether a condition holds.
 *
 * @param what Names the condition in the error.
 * @param condition Gives something truthy when it holds.
 * @param ms How long it may take, in milliseconds: enough for a computer that is busy.
 * @returns What the condition gave.
 * @throws {Error} When the condition does not hold in time.
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | Promise<T>,
  ms = 20_000,
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
 * The value of a promise, which has to settle in time.
 *
 * @param what Names in the error what did not happen.
 * @param ms How long it may take, in milliseconds: a process may start while others do.
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
