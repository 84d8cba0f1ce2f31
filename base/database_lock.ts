/**
 * Waits for a database that another program has locked. It knows the error of SQLite by its text, and
 * loads no SQLite itself: what a Manager decides also runs without a database.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ConfigurationError } from "../errors.ts";

/** How long a request waits for another program that has locked the database, in milliseconds. */
const LOCK_PATIENCE = 5_000;
/** How often it tries, in milliseconds. */
const RETRY_DELAY = 20;

/**
 * Does something with the database, and does it again while another program has locked it. The event
 * loop goes on in the meantime. A statement or a transaction that fails has changed nothing.
 *
 * @param patience How long to try, in milliseconds. Default: 5000.
 * @throws {ConfigurationError} If the database is locked for longer.
 */
export async function retryWhileLocked<T>(
  action: () => T | Promise<T>,
  patience: number = LOCK_PATIENCE,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!isLocked(error) || performance.now() >= deadline) throw error;
    }
    await delay(RETRY_DELAY);
  }
}

/** Whether another program has locked the database. Deno gives no number of the error, only its text. */
function isLocked(error: unknown): boolean {
  return error instanceof ConfigurationError && error.cause instanceof Error &&
    /^database( table)? is locked/.test(error.cause.message);
}
