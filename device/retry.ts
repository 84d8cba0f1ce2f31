/**
 * Trying again, with pauses that grow.
 *
 * @module
 */

import { retry as untypedRetry } from "@std/async/retry";

/** How a device comes back. */
export interface ReconnectOptions {
  /** How long to wait after the first attempt that fails, in milliseconds. Default: 100. */
  firstDelay?: number;
  /** The longest that the time between attempts, which doubles, gets, in milliseconds. Default: 30,000. */
  longestDelay?: number;
  /** How many attempts may fail before it is given up. Default: no limit. */
  attempts?: number;
  /**
   * How many requests of a Client may wait for the connection, or for a link, to come back. One more
   * fails. Default: 10,000.
   */
  maxWaiting?: number;
  /** Wait for the Manager the first time too, instead of failing at once. Default: false. */
  waitOnFirstConnect?: boolean;
}

/** The same with every default filled in. */
export type ResolvedReconnect = Required<ReconnectOptions>;

/** The package that `retry` comes from ships no types. */
const standardRetry = untypedRetry as <T>(
  action: () => Promise<T>,
  options: {
    minTimeout: number;
    maxTimeout: number;
    maxAttempts: number;
    jitter: number;
    isRetriable: (error: unknown) => boolean;
    signal: AbortSignal;
  },
) => Promise<T>;

/**
 * How much of each delay is left to chance, so that all who have lost a Manager do not come back in
 * the same moment.
 */
const JITTER = 0.5;

/**
 * Tries until it succeeds.
 *
 * @param isWorthwhile Whether another attempt may succeed after an error.
 * @throws The error that is not worth another attempt, or of the last one; the reason of the signal
 * when that is aborted.
 */
export async function retry<T>(
  action: () => Promise<T>,
  { firstDelay, longestDelay, attempts }: ResolvedReconnect,
  signal: AbortSignal,
  isRetriable: (error: unknown) => boolean,
): Promise<T> {
  let last: unknown;
  try {
    return await standardRetry(action, {
      minTimeout: firstDelay,
      maxTimeout: longestDelay,
      maxAttempts: attempts,
      jitter: JITTER,
      signal,
      isRetriable: (error) => {
        last = error;
        return !signal.aborted && isRetriable(error);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw last ?? error;
  }
}

/** How long to pause after so many failures on end, in milliseconds. */
export function pauseAfter(
  failures: number,
  { firstDelay, longestDelay }: ResolvedReconnect,
): number {
  const longest = Math.min(firstDelay * 2 ** (failures - 1), longestDelay);
  return longest * (1 - JITTER * Math.random());
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a number is out of its range.
 */
export function resolveReconnect(
  {
    firstDelay = 100,
    longestDelay = 30_000,
    attempts = Number.MAX_SAFE_INTEGER,
    maxWaiting = 10_000,
    waitOnFirstConnect = false,
  }: ReconnectOptions,
): ResolvedReconnect {
  if (!(firstDelay >= 0 && longestDelay > 0 && firstDelay <= longestDelay)) {
    throw new RangeError(
      `Cannot reconnect: firstDelay must be from 0 to longestDelay (milliseconds), got ` +
        `${firstDelay} and ${longestDelay}`,
    );
  }
  for (const [name, value] of Object.entries({ attempts, maxWaiting })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(`Cannot reconnect: ${name} must be a positive integer, got ${value}`);
  }
  return { firstDelay, longestDelay, attempts, maxWaiting, waitOnFirstConnect };
}
