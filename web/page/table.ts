/**
 * A list of objects as a table.
 *
 * @module
 */

import { isObject } from "../../wire/message.ts";
import { isNumbers } from "../../wire/serializable.ts";

/** The most columns; what an object has more is in its JSON. */
const MAX_COLUMNS = 50;
/** The keys of so many rows are looked at. */
const SAMPLE = 1000;

/** A table; its cells are made when they are shown. */
export interface Table {
  columns: readonly string[];
  rows: readonly Readonly<Record<string, unknown>>[];
  /** How many keys have no column. */
  omitted: number;
}

/** The table of a list of objects; `undefined` for anything else. */
export function tableOf(items: readonly unknown[]): Table | undefined {
  if (items.length === 0 || !items.every(isRow)) return undefined;
  const keys = new Set(items.slice(0, SAMPLE).flatMap((row) => Object.keys(row)));
  if (keys.size === 0) return undefined;
  const columns = [...keys].slice(0, MAX_COLUMNS);
  return { columns, rows: items, omitted: keys.size - columns.length };
}

function isRow(item: unknown): item is Readonly<Record<string, unknown>> {
  return isObject(item) && !isNumbers(item);
}

/** What an object has under a key, not what all objects have. */
export function cellOf(row: Readonly<Record<string, unknown>>, column: string): unknown {
  return Object.hasOwn(row, column) ? row[column] : undefined;
}

/** All rows, with the names of the columns before them. */
export function* tableRows({ columns, rows }: Table): Generator<readonly unknown[]> {
  yield columns;
  for (const row of rows) yield columns.map((column) => cellOf(row, column));
}
