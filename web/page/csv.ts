/**
 * Tables as CSV (RFC 4180), for spreadsheets and programs.
 *
 * @module
 */

import { encodeValue } from "../../wire/json.ts";

/** Rows as CSV, each ended by CRLF. */
export function csvOf(rows: Iterable<readonly unknown[]>): string {
  const lines: string[] = [];
  for (const row of rows) lines.push(`${row.map(field).join(",")}\r\n`);
  return lines.join("");
}

/** A spreadsheet would calculate a text that begins like this, whoever has sent it. */
const FORMULA = /^[=+\-@\t\r]/;

function field(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : encodeValue(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
