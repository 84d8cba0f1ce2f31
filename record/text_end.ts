/**
 * The end of a file of lines that is continued: which of its bytes are whole lines, and where the
 * record of each source ended.
 *
 * @module
 */

import type { LineFormat } from "./line_format.ts";
import type { SourceDescription } from "./reading.ts";
import { SourceEnd } from "./source_end.ts";
import { sourceKey, sourceOfKey } from "./source_numbers.ts";

/**
 * How much of the end of a file is read for the ends of its sources, in bytes. A source without a line
 * in it ended with the last line of the file at the latest.
 */
const TAIL = 1024 * 1024;

const NEWLINE = 0x0a;

/** Which bytes of a file are kept, and what is missing after them. */
export interface WholeLines {
  readonly size: number;
  /** The header of a new file, or the newline that the last line does not have. */
  readonly pending: string;
}

/**
 * The whole lines of a file. A last line without a newline is one if it says something: an editor may
 * have removed it.
 *
 * @throws {Error} When the file does not start as a recording does.
 */
export function wholeSize(file: Deno.FsFile, format: LineFormat): WholeLines {
  const { size } = file.statSync();
  const start = new TextEncoder().encode(format.start);
  const found = readAt(file, 0, Math.min(size, start.length));
  if (!found.every((byte, index) => byte === start[index])) {
    throw new Error("it has other content, or other columns. Use another name");
  }
  if (size < start.length) return { size: 0, pending: format.header };
  const end = endOfLines(file, size);
  if (end === size) return { size, pending: "" };
  const last = format.parse(new TextDecoder().decode(readAt(file, end, size - end)));
  // The row of a gap that has ended looks like that of one that lasts, where it is cut.
  const isWhole = last?.reading !== undefined || last?.gap?.end !== undefined;
  if (isWhole) return { size, pending: "\n" };
  return { size: end, pending: end === 0 ? format.header : "" };
}

/** The position after the last newline of a file. */
function endOfLines(file: Deno.FsFile, size: number): number {
  for (let end = size; end > 0; end = Math.max(0, end - TAIL)) {
    const start = Math.max(0, end - TAIL);
    const last = readAt(file, start, end - start).lastIndexOf(NEWLINE);
    if (last !== -1) return start + last + 1;
  }
  return 0;
}

/** Where the sources of a file ended. */
export interface TextEnds {
  /** Those that have a line at the end of the file. */
  readonly sources: readonly SourceDescription[];
  /** The end of a source, a new object each time. */
  of(source: SourceDescription): SourceEnd;
}

/**
 * Reads where the sources of a file ended.
 *
 * @param size How many bytes of it are whole lines.
 */
export function readEnds(
  file: Deno.FsFile,
  size: number,
  format: LineFormat,
): TextEnds {
  const start = Math.max(0, size - TAIL);
  const lines = new TextDecoder().decode(readAt(file, start, size - start)).split("\n");
  if (start > 0) lines.shift(); // it may be a part of one
  const ends = new Map<string, SourceEnd>();
  const others = new SourceEnd();
  for (const line of lines) {
    const said = format.parse(line);
    if (said === undefined) continue;
    const key = sourceKey(said.source);
    const end = ends.get(key) ?? new SourceEnd();
    ends.set(key, end);
    if (said.reading !== undefined) end.addReading(said.reading);
    if (said.gap !== undefined) end.addGap(said.gap);
    if (said.reading !== undefined && start > 0) others.addReading(said.reading);
  }
  return {
    sources: Array.from(ends.keys(), sourceOfKey),
    of: (source) =>
      Object.assign(new SourceEnd(), ends.get(sourceKey(format.written(source))) ?? others),
  };
}

function readAt(file: Deno.FsFile, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(position, Deno.SeekMode.Start);
  for (let read = 0; read < length;) {
    const count = file.readSync(bytes.subarray(read));
    if (count === null) return bytes.subarray(0, read);
    read += count;
  }
  return bytes;
}
