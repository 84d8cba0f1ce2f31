/**
 * Runs statements on the SQLite database, and makes each failure a `ConfigurationError`.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";

/** How long a request waits for another program that has locked the database, in milliseconds. */
const LOCK_PATIENCE = 5_000;
/** How often it tries, in milliseconds. */
const RETRY_DELAY = 20;

/** A row of a result, by column name. */
export type Row = Record<string, SQLOutputValue>;

/**
 * The rows that a statement selects.
 *
 * @throws {ConfigurationError} If the database is locked or damaged.
 */
export function all(database: DatabaseSync, sql: string, ...values: SQLInputValue[]): Row[] {
  return attempt(() => database.prepare(sql).all(...values));
}

/**
 * Runs a statement, and gives the number of rows that it has changed.
 *
 * @throws {ConfigurationError} If the database is locked or damaged, or cannot be written.
 */
export function run(database: DatabaseSync, sql: string, ...values: SQLInputValue[]): number {
  return attempt(() => Number(database.prepare(sql).run(...values).changes));
}

/**
 * Runs an action as one transaction: if it throws, nothing is changed.
 *
 * @throws {ConfigurationError} If the database is locked or cannot be written.
 */
export function transaction(database: DatabaseSync, action: () => void): void {
  attempt(() => database.exec("BEGIN IMMEDIATE"));
  try {
    action();
    attempt(() => database.exec("COMMIT"));
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Does something with the database.
 *
 * @throws {ConfigurationError} In the place of an error of SQLite.
 */
export function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new ConfigurationError(`Cannot use the database: ${(cause as Error).message}`, { cause });
  }
}

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
