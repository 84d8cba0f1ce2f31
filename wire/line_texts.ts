/**
 * Lines to texts, for a device, which reads all that it is sent.
 *
 * @module
 */

import type { Line } from "./line.ts";

/** With fewer lines than this it is not worth while. */
const FEW = 3;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The texts of lines that were read together, decoded together, with which a message is read in half
 * the time. `undefined` for each that has to be decoded by itself: what is not ASCII, and what has
 * come in another buffer than the last line, or in pieces.
 */
export function textsOf(lines: readonly Line[]): (string | undefined)[] {
  const texts: (string | undefined)[] = new Array(lines.length).fill(undefined);
  const last = lines.at(-1);
  if (lines.length < FEW || !(last instanceof Uint8Array)) return texts;
  const { buffer } = last;
  const isApart = (line: Line) => !(line instanceof Uint8Array) || line.buffer !== buffer;
  const from = lines.findLastIndex(isApart) + 1;
  const together = lines.slice(from) as Uint8Array[];
  const start = together[0].byteOffset;
  const size = last.byteOffset + last.length - start;
  let text: string;
  try {
    text = decoder.decode(new Uint8Array(buffer, start, size));
  } catch {
    return texts; // each is refused by itself
  }
  if (text.length !== size) return texts; // not ASCII: a byte is no character
  for (const [index, { byteOffset, length }] of together.entries()) {
    const at = byteOffset - start;
    texts[from + index] = text.slice(at, at + length);
  }
  return texts;
}
