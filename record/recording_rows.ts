/**
 * A recording in SQLite as the rows of CSV that a recorder writes to a `.csv` file.
 *
 * @module
 */

import { storedBatch } from "./batch.ts";
import { CsvRows } from "./csv_format.ts";
import type { Gap, Reading } from "./reading.ts";
import {
  type RecordedSource,
  type RecordingFile,
  type Span,
  UnreadableValue,
} from "./recording_file.ts";
import { textValue } from "./stored_value.ts";

/** How long the text of one piece is at least, in UTF-16 code units. */
const PIECE = 64 * 1024;

/**
 * The readings and gaps of sources in a span, in the order of their times for each source, in pieces of
 * whole rows, the header first.
 */
export function* recordingRows(
  recording: RecordingFile,
  sources: readonly RecordedSource[],
  span: Span,
): Generator<string> {
  const format = new CsvRows();
  let piece = format.start;
  for (const source of sources) {
    const items = inOrder(recording.readings(source.id, span), recording.gaps(source.id, span));
    for (const item of items) {
      if ("received" in item && item.value instanceof UnreadableValue) {
        const { time: start, received, value: { reason } } = item;
        piece += format.gap(source, { start, end: Math.max(received, start + 1), reason });
      } else if ("received" in item) {
        const { readings: stored, gaps } = storedBatch([item], [], textValue);
        for (const reading of stored) piece += format.reading(source, reading);
        for (const gap of gaps) piece += format.gap(source, gap); // as text it is too long
      } else piece += format.gap(source, item);
      if (piece.length < PIECE) continue;
      yield piece;
      piece = "";
    }
  }
  yield piece;
}

/** Readings and gaps, each in their order, as one sequence. A gap is before a reading of its time. */
function* inOrder(
  readings: Generator<Reading>,
  gaps: Generator<Gap>,
): Generator<Reading | Gap> {
  let gap = gaps.next();
  for (const reading of readings) {
    for (; !gap.done && gap.value.start <= reading.time; gap = gaps.next()) yield gap.value;
    yield reading;
  }
  for (; !gap.done; gap = gaps.next()) yield gap.value;
}
