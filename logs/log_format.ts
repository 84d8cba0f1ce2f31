/**
 * Formats a record of the log: as text for people, or as JSON for programs that collect logs.
 *
 * @module
 */

import {
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getTextFormatter,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { shownMessage, wireMessage } from "../errors.ts";
import { NOT_PRINTABLE, printable } from "../base/printable.ts";
import { LONGEST_LOG_TEXT, LONGEST_LOG_VALUE } from "../limits.ts";

/** How records are written: as lines of text, or as one object of JSON on each line. */
export type LogFormat = "text" | "json";

/** Every format. */
export const LOG_FORMATS: readonly LogFormat[] = ["text", "json"];

/** The common options of LogTape's two text formatters. */
const TEXT = {
  timestamp: "date-time-timezone",
  level: "FULL",
  category: ".",
  value: "bare", // a string without quotes and on one line, so that no name can forge a record
} as const;

/**
 * A function that formats a record, with the newline at its end. A text of the record that is longer
 * than `LONGEST_LOG_TEXT` is cut: it may be the name or the error of a peer. Control characters, and
 * those that change the direction of writing, are escaped, so that no text can look like another
 * record, or like another text.
 */
export function logFormatter(format: LogFormat, isColored = false): TextFormatter {
  if (format === "json") return (record) => escape(formatJson(bounded(record)), asJson);
  const formatter = isColored ? getAnsiColorFormatter(TEXT) : getTextFormatter(TEXT);
  return (record) => escape(formatter(withTrace(bounded(record))), printable);
}

/** The record with the trace to which it belongs at the end of its message. */
function withTrace(record: LogRecord): LogRecord {
  const { message, properties: { trace_id } } = record;
  if (trace_id === undefined) return record;
  return { ...record, message: [...message.slice(0, -1), `${message.at(-1)} (trace ${trace_id})`] };
}

/** The message of a record alone, on one line. */
export function messageText(record: LogRecord): string {
  return bounded(record).message.map((part) => printable(show(part))).join("");
}

/** The record with values that are not longer than the log allows, each on one line. */
function bounded(record: LogRecord): LogRecord {
  const { message, properties } = record;
  return {
    ...record,
    message: message.map((part, index) => {
      if (index % 2 === 0) return part; // a text of the program, between two values
      return isPlain(part) ? inspect(part) : shorten(part);
    }),
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, shorten(value)]),
    ),
  };
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Error);
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") return cut(value, LONGEST_LOG_TEXT);
  if (value instanceof Error) {
    // The stack of an error repeats its message, which may have lines that look like records.
    const isShown = value.message.length <= LONGEST_LOG_TEXT && !/\p{C}/u.test(value.message) &&
      inspect(value).length <= LONGEST_LOG_VALUE;
    return isShown ? value : cut(shownMessage(value), LONGEST_LOG_TEXT);
  }
  if (!isPlain(value)) return value;
  const text = inspect(value);
  return text.length <= LONGEST_LOG_VALUE ? value : text;
}

/** An object on one line, which is cut. */
function inspect(value: unknown): string {
  const options = { breakLength: Infinity, compact: true, strAbbreviateSize: LONGEST_LOG_TEXT };
  return cut(Deno.inspect(value, options), LONGEST_LOG_VALUE + 1);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}... (${text.length} characters)`;
}

/** Escapes characters of a formatted record, except for its own line ends, tabs and colours. */
function escape(record: string, escaped: (character: string) => string): string {
  // deno-lint-ignore no-control-regex -- it is the escape character of a colour
  return record.split(/(\x1b\[[\d;]*m|[\n\t])/)
    .map((part, index) => index % 2 === 1 ? part : part.replaceAll(NOT_PRINTABLE, escaped)).join(
      "",
    );
}

/** A character as JSON escapes it. */
function asJson(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

const formatLine = getJsonLinesFormatter();

/** A record as one line, also when JSON cannot hold its properties. */
function formatJson(record: LogRecord): string {
  const { category, level, timestamp, rawMessage, properties } = record;
  // In a message, LogTape would put strings in quotes, and write an error as `{}`.
  const message = [record.message.map(show).join("")];
  const shown = { category, level, timestamp, rawMessage, message };
  try {
    return formatLine({ ...shown, properties });
  } catch (error) {
    return formatLine({ ...shown, properties: { unreadable: wireMessage(error) } });
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Error ? shownMessage(value) : Deno.inspect(value);
}
