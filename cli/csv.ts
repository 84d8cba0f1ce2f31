/**
 * Writes notifications as CSV (RFC 4180, with `\n` at the end of a line), for spreadsheets.
 *
 * @module
 */

import { csvCell, textCell } from "../base/csv_cell.ts";
import { argumentName } from "../wire/argument_name.ts";
import type { JsonObject } from "../wire/message.ts";
import { formatResult } from "./output.ts";

/** Writes notifications as rows. It remembers the columns. */
export class NotificationTable {
  readonly #isTerminal: boolean;
  /** The last line of headings. */
  #headings = "";

  /** @param isTerminal Whether it is shown at a terminal: then control characters are escaped. */
  constructor(isTerminal: boolean) {
    this.#isTerminal = isTerminal;
  }

  /**
   * Writes a notification: a row, below new headings if it has other columns than the one before it,
   * so that no value is lost and none gets into the column of another.
   */
  write(time: Date, args: readonly unknown[], kwargs: Readonly<JsonObject>): string {
    const names = [...args.map((_, index) => argumentName(index)), ...Object.keys(kwargs)];
    const headings = this.#row(["time", ...names]);
    const row = this.#row([time.toISOString(), ...args, ...Object.values(kwargs)]);
    if (headings === this.#headings) return row;
    this.#headings = headings;
    return headings + row;
  }

  #row(values: readonly unknown[]): string {
    return `${values.map((value) => valueCell(value, this.#isTerminal)).join(",")}\n`;
  }
}

/**
 * A value as a cell.
 *
 * @param isTerminal Whether it is shown at a terminal: then control characters are escaped.
 */
export function valueCell(value: unknown, isTerminal: boolean): string {
  if (value === null) return "";
  const text = formatResult(value, typeof value !== "string", isTerminal); // all of an array
  return typeof value === "string" ? textCell(text) : csvCell(text);
}
