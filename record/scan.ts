/**
 * Reads rows of SQLite one after the other, as many as there are.
 *
 * `iterate()` of `node:sqlite` ends without an error where the file is damaged (Deno 2.9): whoever reads
 * would take the rows before that place for all of them. `get()` and `all()` throw. So where rows are few,
 * `all()` reads them; where they may be millions, {@linkcode scan} does.
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
