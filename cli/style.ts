/**
 * Colour and the like, on a terminal alone, and never where `NO_COLOR` is set.
 *
 * @module
 */

import process from "node:process";
import { styleText } from "node:util";

/** A text in bold, for the standard output. */
export function bold(text: string): string {
  return styled("bold", text, process.stdout);
}

/** A text that stands back, for the standard error. */
export function faint(text: string): string {
  return styled("dim", text, process.stderr);
}

/** A text that says what went wrong, for the standard error. */
export function alarming(text: string): string {
  return styled("red", text, process.stderr);
}

function styled(
  format: "bold" | "dim" | "red",
  text: string,
  stream: typeof process.stdout | typeof process.stderr,
): string {
  return styleText(format, text, { stream });
}
