/**
 * Cells of CSV (RFC 4180) for spreadsheets. A recording is read again, so `record/csv_format.ts` has
 * marks of its own for formulas.
 *
 * @module
 */

/** What a spreadsheet takes for a formula, by how it begins. */
const FORMULA = /^[=+\-@\t\r]/;

/** A text that a peer has sent, as a cell: an apostrophe keeps a spreadsheet from running it. */
export function textCell(text: string): string {
  return csvCell(FORMULA.test(text) ? `'${text}` : text);
}

/** A number or JSON as a cell. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
