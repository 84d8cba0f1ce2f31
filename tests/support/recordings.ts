/** What a file of a recorder has, by the name of the source. */

import { RecordingFile } from "../../record/recording_file.ts";

/** What is recorded of one source, of any unit and arguments. */
export interface Recorded {
  readings: { value: unknown; time: number }[];
  /** The `end` of one that lasts is `Infinity`. */
  gaps: { start: number; end: number; reason: string }[];
}

/** Reads a file, also while it is written. */
export function readRecording(file: string): Map<string, Recorded> {
  const recorded = new Map<string, Recorded>();
  using recording = new RecordingFile(file);
  const all = { start: -Infinity, end: Infinity };
  for (const { id, service, attribute } of recording.sources()) {
    const name = `${service}.${attribute}`;
    const one = recorded.get(name) ?? { readings: [], gaps: [] };
    for (const { value, time } of recording.readings(id, all)) one.readings.push({ value, time });
    for (const { start, end = Infinity, reason } of recording.gaps(id, all)) {
      one.gaps.push({ start, end, reason });
    }
    recorded.set(name, one);
  }
  return recorded;
}
