/**
 * A list of objects as a table: the first rows, and more when they are asked for.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import { CopyButton } from "./copy_button.ts";
import { csvOf } from "./csv.ts";
import { type Element, html } from "./html.ts";
import { jsonText } from "./json_text.ts";
import { numberText } from "./number_text.ts";
import { cellOf, type Table, tableRows } from "./table.ts";

/** The rows that are shown first, and with each step. */
const STEP = 100;
/** The most rows that are shown; the CSV has all. */
const MAX_ROWS = 2_000;
/** The most characters of a cell. */
const MAX_CELL = 200;

/** A list of objects as a table. */
export function ObjectTable({ table }: { table: Table }): Element {
  const count = useSignal(STEP);
  const { columns, rows, omitted } = table;
  const shown = rows.slice(0, count.value);
  const more = Math.min(STEP * 5, rows.length - shown.length, MAX_ROWS - shown.length);
  return html`
    <div class="object-table">
      <div class="table-scroll" tabindex="0" role="region" aria-label="Table">
        <table>
          <thead>
            <tr>${columns.map((column) =>
              html`<th key=${column} scope="col">${cut(column)}</th>`
            )}</tr>
          </thead>
          <tbody>${shown.map((row, index) =>
            html`<tr key=${index}>${
              columns.map((column) => {
                const value = cellOf(row, column);
                return html`<td key=${column} class=${typeof value}>${cellText(value)}</td>`;
              })
            }</tr>`
          )}</tbody>
        </table>
      </div>
      <p class="note">${shown.length < rows.length
        ? `The first ${shown.length} of ${rows.length} rows. `
        : `${rows.length} rows. `}${omitted > 0 ? `${omitted} more keys are in the JSON. ` : ""}
          ${more > 0 &&
            html`<button type="button" class="small" onClick=${() =>
              count.value += more}>Show ${more} more</button>`}
          <${CopyButton} label="Copy CSV" text=${() => csvOf(tableRows(table))} />
        </p>
    </div>
  `;
}

/** A cell as a short text. */
function cellText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return cut(value);
  const { text, isCut } = jsonText(value, MAX_CELL);
  return isCut ? `${text}…` : text;
}

function cut(text: string): string {
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
}
