/**
 * Retries an action, with exponential back-off and jitter. `connector.ts` decides after which errors.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/**
 * How a device reconnects.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect({ reconnect: { longestDelay: 5_000, maxWaiting: 100 } });
 * ```
 */
export interface ReconnectOptions {
  /**
   * The delay after the first failed attempt, in milliseconds. It doubles with each further one, and
   * up to half of each delay is left out at random. Default: 100.
   */
  firstDelay?: number;
  /** The longest delay between attempts, in milliseconds. Default: 30,000. */
  longestDelay?: number;
  /**
   * How many attempts may fail in a row before the connection has ended for good. Default: no limit.
   */
  attempts?: number;
  /**
   * How many requests of a Client may wait for the connection or a link to be restored. One more
   * fails at once. Default: 10,000. A Service has no such queue.
   */
  maxWaiting?: number;
  /** Retry the first connection too, instead of failing at once. Default: `false`. */
  waitOnFirstConnect?: boolean;
}

/** The options with every default filled in. */
export type ResolvedReconnect = Required<ReconnectOptions>;

/**
 * The part of each delay that is random, so that the devices of a Manager that was restarted do not
 * all reconnect in the same moment.
 */
const JITTER = 0.5;
/** How often the delay doubles. More would make it infinite, and 0 times infinity is no number. */
const MOST_DOUBLINGS = 100;

/**
 * Calls an action until it succeeds.
 *
 * @param isRetriable Whether another attempt may succeed after this error.
 * @throws The first error that is not retriable, or that of the last attempt; the reason of the
 * signal when that is aborted.
 */
export async function retry<T>(
  action: () => Promise<T>,
  options: ResolvedReconnect,
  signal: AbortSignal,
  isRetriable: (error: unknown) => boolean,
): Promise<T> {
  for (let failures = 1;; failures++) {
    signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetriable(error) || failures >= options.attempts) throw error;
    }
    await delay(pauseAfter(failures, options), { signal });
  }
}

/** The delay after so many failures in a row, in milliseconds. */
export function pauseAfter(
  failures: number,
  { firstDelay, longestDelay }: ResolvedReconnect,
): number {
  const doubled = firstDelay * 2 ** Math.min(failures - 1, MOST_DOUBLINGS);
  const longest = Math.min(doubled, longestDelay);
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
