/**
 * A record of the log as text for people, or as JSON for programs that collect logs.
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

/** A way to write a record. */
export type LogFormat = "text" | "json";

/** All of them. */
export const LOG_FORMATS: readonly LogFormat[] = ["text", "json"];

/** What of the options of LogTape's two text formatters is the same. */
const TEXT = {
  timestamp: "date-time-timezone",
  level: "FULL",
  category: ".",
  value: "bare", // a string without quotes, and on one line: nobody's name can forge a record
} as const;

/** Makes a function that writes a record, with the end of its line. */
export function logFormatter(format: LogFormat, isColored = false): TextFormatter {
  if (format === "json") return formatJson;
  return isColored ? getAnsiColorFormatter(TEXT) : getTextFormatter(TEXT);
}

const formatLine = getJsonLinesFormatter();

/** One line, whatever the properties are. */
function formatJson(record: LogRecord): string {
  const { category, level, timestamp, rawMessage, properties } = record;
  // LogTape puts the strings of a message in quotes, and shows an error as `{}` there.
  const message = [record.message.map(show).join("")];
  const told = { category, level, timestamp, rawMessage, message };
  try {
    return formatLine({ ...told, properties });
  } catch (error) {
    return formatLine({ ...told, properties: { unreadable: wireMessage(error) } });
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Error ? wireMessage(value) : Deno.inspect(value);
}
