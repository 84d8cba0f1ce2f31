/**
 * How a recording is written as lines of text. `text_target.ts` writes them to a file.
 *
 * @module
 */

import type { StoredReading } from "./batch.ts";
import type { Gap, SourceDescription } from "./reading.ts";

/** A gap without the number of its source, which lines do not have. */
export type LineGap = Omit<Gap, "source">;

/** What a line says. */
export interface RecordedLine {
  readonly source: SourceDescription;
  /** The times of a reading. */
  readonly reading?: { readonly time: number; readonly received: number };
  readonly gap?: LineGap;
}

/** A format of lines. Every line ends with a newline, and has no other. */
export interface LineFormat {
  /** The first line; empty if there is none. */
  readonly header: string;
  /** What every recording of the format starts with. */
  readonly start: string;
  /** The line of a reading. */
  reading(source: SourceDescription, reading: StoredReading): string;
  /** The line of a gap. One that lasts has another line when it ends, which begins at the same time. */
  gap(source: SourceDescription, gap: LineGap): string;
  /** The source as {@linkcode LineFormat.parse} gives it: a line may not have each of its characters. */
  written(source: SourceDescription): SourceDescription;
  /** Reads a line, without its newline; `undefined` for a part of one, or anything else. */
  parse(line: string): RecordedLine | undefined;
}
