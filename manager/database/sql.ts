/**
 * Runs statements on the SQLite database, and makes each failure a `ConfigurationError`.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";

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
