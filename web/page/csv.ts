/**
 * Tables as CSV (RFC 4180), for spreadsheets and programs.
 *
 * @module
 */

import { csvCell, textCell } from "../../base/csv_cell.ts";
import { encodeValue } from "../../wire/json.ts";

/** Rows as CSV, each ended by CRLF. */
export function csvOf(rows: Iterable<readonly unknown[]>): string {
  const lines: string[] = [];
  for (const row of rows) lines.push(`${row.map(field).join(",")}\r\n`);
  return lines.join("");
}

function field(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? textCell(value) : csvCell(encodeValue(value));
}
