/**
 * JSON that can be shown at a terminal: a peer chooses what it sends.
 *
 * @module
 */

import { NOT_PRINTABLE } from "../base/printable.ts";
import { type ArrayWriter, encodeValue } from "./json.ts";

/**
 * A value as JSON, with its control characters escaped.
 *
 * @param arrays Writes arrays of numbers. Default: they are lists.
 */
export function encodeForTerminal(value: unknown, arrays?: ArrayWriter): string {
  return encodeValue(value, "value", arrays).replaceAll(
    NOT_PRINTABLE,
    (characters) =>
      characters.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}
