/**
 * A recording as CSV (RFC 4180, with `\n` at the end of a line), for spreadsheets. CSV has no types: a
 * text is written as it is, and an array or an object as JSON. Times are in UTC, in the form of ISO
 * 8601.
 *
 * @module
 */

import { parse } from "@std/csv/parse";
import { csvCell } from "../base/csv_cell.ts";
import type { StoredReading } from "./batch.ts";
import type { LineFormat, LineGap, RecordedLine } from "./line_format.ts";
import type { SourceDescription } from "./reading.ts";
import { mapSource } from "./source_numbers.ts";

const COLUMNS = [
  "time",
  "received",
  "service",
  "attribute",
  "arguments",
  "unit",
  "value",
  "gap",
  "until",
];

/** The form of every time. A time that was cut does not have it. */
const TIME = /^[+-]?\d+-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/**
 * Rows of CSV. A gap has `gap` and, when it has ended, `until`; a reading has the others. `until` is the
 * last column, so that a row that was cut is never taken for a whole one.
 */
export class CsvRows implements LineFormat {
  readonly header: string = `${COLUMNS.join(",")}\n`;
  readonly start: string = this.header;
  /** The cells that are the same for all readings of a source. */
  readonly #middles = new WeakMap<SourceDescription, string>();

  /** @inheritdoc */
  reading(source: SourceDescription, { time, received, value, json }: StoredReading): string {
    const its = json === null ? `${value}` : cell(textOf(json));
    return `${isoTime(time)},${isoTime(received)},${this.#middle(source)},${its},,\n`;
  }

  /** @inheritdoc */
  gap(source: SourceDescription, { start, end, reason }: LineGap): string {
    const until = end === undefined ? "" : isoTime(end);
    return `${isoTime(start)},,${this.#middle(source)},,${cell(oneLine(reason))},${until}\n`;
  }

  /** Its texts are on one line, in UTF-8. */
  written(source: SourceDescription): SourceDescription {
    return mapSource(source, (text) => oneLine(text).toWellFormed());
  }

  /** @inheritdoc */
  parse(line: string): RecordedLine | undefined {
    const cells = cellsOf(line);
    if (cells?.length !== COLUMNS.length) return undefined;
    const [taken, receipt, service, attribute, words, unit, _value, gap, until] = cells
      .map(plainText);
    const times = [taken, receipt, until];
    if (times.some((text) => text !== "" && !TIME.test(text))) return undefined;
    const source = { service, attribute, arguments: words, unit };
    const [start, received, end] = times.map((text) => text === "" ? undefined : Date.parse(text));
    if (start === undefined) return undefined;
    if (received !== undefined) return { source, reading: { time: start, received } };
    return { source, gap: { start, ...(end === undefined ? {} : { end }), reason: gap } };
  }

  #middle(source: SourceDescription): string {
    let middle = this.#middles.get(source);
    if (middle === undefined) {
      const { service, attribute, arguments: words, unit } = this.written(source);
      const cells = [service, attribute, words, unit].map(cell);
      this.#middles.set(source, middle = cells.join(","));
    }
    return middle;
  }
}

/** The text of a value that is no number: a text as it is, if a row can hold it. */
function textOf(json: string): string {
  if (!json.startsWith('"')) return json;
  const text = JSON.parse(json);
  return oneLine(text) === text ? text : json;
}

/** Text without line breaks, at which a program may divide a row. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029]+/g, " ");
}

/** What a spreadsheet would run as a formula, also after the marks of {@linkcode cell}. */
const FORMULA = /^'*[=+\-@\t]/;

/** A text of a Service must not be run as a formula: it has a mark before it. A number needs none. */
function cell(text: string): string {
  const plain = FORMULA.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return csvCell(plain);
}

/** The text of a cell, without its mark. */
function plainText(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
}

function cellsOf(line: string): string[] | undefined {
  try {
    return parse(line)[0];
  } catch {
    return undefined;
  }
}

/** A time with microseconds, e.g. `"2026-01-31T09:00:00.123456Z"`. */
function isoTime(time: number): string {
  const milliseconds = Math.floor(time);
  const micros = Math.floor((time - milliseconds) * 1_000);
  const text = new Date(milliseconds).toISOString();
  return `${text.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}
