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
import { wireMessage } from "../errors.ts";
import { LONGEST_LOG_TEXT } from "../limits.ts";

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
 * than `LONGEST_LOG_TEXT` is cut: it may be the name or the error of a peer.
 */
export function logFormatter(format: LogFormat, isColored = false): TextFormatter {
  const formatter = format === "json"
    ? formatJson
    : isColored
    ? getAnsiColorFormatter(TEXT)
    : getTextFormatter(TEXT);
  return (record) => formatter(bounded(record));
}

function bounded(record: LogRecord): LogRecord {
  const { message, properties } = record;
  if (!message.some(isLong) && !Object.values(properties).some(isLong)) return record;
  return {
    ...record,
    message: message.map(shorten),
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, shorten(value)]),
    ),
  };
}

function isLong(value: unknown): boolean {
  const text = value instanceof Error ? value.message : value;
  return typeof text === "string" && text.length > LONGEST_LOG_TEXT;
}

function shorten(value: unknown): unknown {
  if (!isLong(value)) return value;
  const text = value instanceof Error ? wireMessage(value) : String(value);
  return `${text.slice(0, LONGEST_LOG_TEXT)}... (${text.length} characters)`;
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
  return value instanceof Error ? wireMessage(value) : Deno.inspect(value);
}
