/**
 * What commands print: tables, results, and text that comes from a peer.
 *
 * A peer chooses its name and everything that it sends. Control characters in such text are escaped
 * before they reach a terminal, so that it cannot move the cursor or change the screen.
 *
 * @module
 */

import { printable, printableLines } from "../base/printable.ts";
import { ValueError } from "../errors.ts";
import { encodeValue } from "../wire/json.ts";
import { SUMMARIES } from "./array_summary.ts";
import { encodeForTerminal } from "../wire/printable_json.ts";

/** Lines of a table with headings. Columns of numbers are aligned to the right, others to the left. */
export function table(headings: readonly string[], rows: readonly string[][]): string[] {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const columns = headings.map((_, column) => ({
    width: lines.reduce((width, row) => Math.max(width, row[column].length), 0),
    isNumeric: column > 0 && lines.slice(1).every((row) => /^\d/.test(row[column])),
  }));
  return lines.map((row) =>
    row.map((cell, column) => {
      const { width, isNumeric } = columns[column];
      return isNumeric ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}

/**
 * A result as text: a string as it is, any other value as JSON, but for long arrays of numbers, of
 * which only a summary is shown.
 *
 * @param isJson Whether all of it is JSON, strings and arrays too.
 * @param isTerminal Whether it is printed on a terminal: then control characters are escaped.
 * @throws {ValueError} When it is too long for that.
 */
export function formatResult(value: unknown, isJson: boolean, isTerminal: boolean): string {
  if (typeof value === "string" && !isJson) {
    return isTerminal ? printableLines(value) : withoutLoneSurrogates(value);
  }
  const arrays = isJson ? undefined : SUMMARIES;
  try {
    return isTerminal ? encodeForTerminal(value, arrays) : encodeValue(value, "value", arrays);
  } catch (cause) {
    // E.g. a text that is longer than the runtime can hold, or an array of too many lists.
    throw new ValueError(`Cannot show the value: ${(cause as Error).message}`, { cause });
  }
}

/** Text that UTF-8 can hold: a lone surrogate is shown as its escape, not as a replacement character. */
function withoutLoneSurrogates(text: string): string {
  if (text.isWellFormed()) return text;
  return text.replaceAll(/\p{Cs}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}
