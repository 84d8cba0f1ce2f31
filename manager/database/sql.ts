/**
 * Statements on a SQLite database, whose failures are errors of ours.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";

/** A row of a result, by the names of the columns. */
export type Row = Record<string, SQLOutputValue>;

/**
 * The rows that a statement gives.
 *
 * @throws {ConfigurationError} If the database is locked, or is not what it should be.
 */
export function all(database: DatabaseSync, sql: string, ...values: SQLInputValue[]): Row[] {
  return attempt(() => database.prepare(sql).all(...values));
}

/**
 * How many rows a statement has changed.
 *
 * @throws {ConfigurationError} If the database is locked, cannot be written, or is not what it
 * should be.
 */
export function run(database: DatabaseSync, sql: string, ...values: SQLInputValue[]): number {
  return attempt(() => Number(database.prepare(sql).run(...values).changes));
}

/**
 * Does several things to a database, or none of them.
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

function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new ConfigurationError(`Cannot use the database: ${(cause as Error).message}`, { cause });
  }
}
