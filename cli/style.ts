/**
 * Bold, dim and red text. A style is applied only on a terminal, and never where NO_COLOR is set.
 *
 * @module
 */

import process from "node:process";
import type { Writable } from "node:stream";
import { styleText } from "node:util";

/** Bold text, for the standard output. */
export function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

/** Dim text, for the standard error or another stream. */
export function dim(text: string, stream: Writable = process.stderr): string {
  return styleText("dim", text, { stream });
}

/** Red text, for an error on the standard error. */
export function red(text: string): string {
  return styleText("red", text, { stream: process.stderr });
}
