/**
 * JSON that can be shown at a terminal: a peer chooses what it sends.
 *
 * @module
 */

import { NOT_PRINTABLE } from "../base/printable.ts";
import { encodeValue } from "./json.ts";

/** A value as JSON, with its control characters escaped. */
export function encodeForTerminal(value: unknown): string {
  return encodeValue(value).replaceAll(
    NOT_PRINTABLE,
    (characters) =>
      characters.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}
