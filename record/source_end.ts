/**
 * Where the record of a source ends, in a target that has no tables to look it up.
 *
 * @module
 */

import type { LineGap } from "./line_format.ts";
import type { RecordedEnd } from "./reading.ts";

/** Where the record of a source ended, or ends now. */
export class SourceEnd {
  /** When its last reading was taken. */
  time: number | undefined;
  /** When its last reading was received. */
  received: number | undefined;
  /** The gap that lasts. */
  gap: LineGap | undefined;

  /** For a target, which knows the source by its number. */
  of(source: number): RecordedEnd {
    const { time, received, gap } = this;
    return {
      ...(time === undefined ? {} : { time, received }),
      ...(gap && { gap: { source, ...gap } }),
    };
  }

  /** It has a reading. */
  addReading({ time, received }: { readonly time: number; readonly received: number }): void {
    if (!(time < this.time!)) this.time = time;
    this.received = received;
  }

  /** It has a gap, or the one that lasted has ended. */
  addGap(gap: LineGap): void {
    if (gap.end === undefined) this.gap = gap;
    else if (gap.start === this.gap?.start) this.gap = undefined;
  }
}
