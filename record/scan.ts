/**
 * Reads rows of SQLite one after the other, as many as there are.
 *
 * In a damaged file, `iterate()` of `node:sqlite` ends at the damage and throws nothing (Deno 2.9). Its
 * rows look like all rows. `get()` and `all()` throw. `all()` reads statements with few rows, and
 * {@linkcode scan} those that may have millions.
 *
 * @module
 */

import type { SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";

/** A row of a table. */
export type Row = Record<string, SQLOutputValue>;

/**
 * The rows of a statement. Where they end, the next one is asked for once more: it may have been written
 * meanwhile.
 *
 * @param statement Selects the rows after a place, in the order of their places.
 * @param after The parameters of the statement for the place of a row; `undefined` for the beginning.
 * @throws The error of SQLite when the file is damaged.
 */
export function* scan(
  statement: StatementSync,
  after: (last: Row | undefined) => SQLInputValue[],
): Generator<Row, void> {
  let last: Row | undefined;
  do {
    for (const row of statement.iterate(...after(last))) yield last = row;
  } while (statement.get(...after(last)) !== undefined);
}
