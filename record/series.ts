/**
 * A series: the readings of one source with one unit, and the gaps between them. It decides which
 * readings are recorded, and where a gap begins and ends. `writer.ts` writes both.
 *
 * A gap begins at the last reading before it and ends at the first one after it, both by the clock of
 * the source. So a reading that was lost lies inside, however late the loss was noticed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { formatDuration } from "../base/units.ts";
import { LONGEST_LOG_TEXT } from "../limits.ts";
import { encodeValue } from "../wire/json.ts";
import type { NdArray, NumberArray } from "../wire/nd_array.ts";
import { isNumbers } from "../wire/serializable.ts";
import { printable } from "../base/printable.ts";
import type { Clock } from "./clock.ts";
import type { RecordedEnd, SourceDescription } from "./reading.ts";
import { storedArray } from "./stored_value.ts";
import type { SeriesGap, Writer } from "./writer.ts";

/** Why there are no readings. */
export type Cause =
  | "no reading yet"
  | "recorder stopped"
  | "service gone"
  | "Manager gone"
  | "call failed"
  | "stream ended"
  | "too slow"
  | "file not written"
  | "unit changed"
  | "clock set forward"
  | "clock set back";

/** Which readings of a source are recorded. */
export interface Selection {
  /** A number is recorded if it differs from the last recorded one by more than this. */
  readonly deadband?: number;
  /** A value is recorded if it differs from the last recorded one. */
  readonly onChange?: boolean;
}

/** A gap that lasts. */
interface OpenGap {
  readonly start: number;
  readonly cause: Cause | undefined;
  readonly reason: string;
}

/** One series. */
export class Series {
  readonly description: SourceDescription;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #selection: Selection;
  /** When the last reading was taken; `undefined` before the first. */
  #lastTime: number | undefined;
  /** The value that was recorded last, or what stands for it where it is no number; `undefined` for none. */
  #recorded: number | string | undefined;
  #gap: OpenGap | undefined;
  /** Why the source is not there; `undefined` while it is. */
  #down: { readonly cause: Cause; readonly detail: string } | undefined;

  /**
   * @param end Where the record of the source ended in the file.
   * @param since When the recorder has begun to look for readings of a source that is new in the file.
   */
  constructor(
    description: SourceDescription,
    { writer, clock, selection, end, since }: {
      writer: Writer;
      clock: Clock;
      selection: Selection;
      end: RecordedEnd;
      since: number;
    },
  ) {
    this.description = description;
    this.#writer = writer;
    this.#clock = clock;
    this.#selection = selection;
    this.#lastTime = end.time ?? end.received;
    if (end.gap !== undefined) this.#gap = { ...end.gap, cause: undefined };
    else if (this.#lastTime !== undefined) this.#begin(this.#lastTime, "recorder stopped");
    else this.#begin(Math.min(since, end.since ?? since), "no reading yet");
  }

  /** When the last reading was taken; `undefined` before the first. */
  get lastTime(): number | undefined {
    return this.#lastTime;
  }

  /** Whether there are no readings. */
  get isInGap(): boolean {
    return this.#gap !== undefined;
  }

  /**
   * The source is not there: a gap opens, and goes on after a reading that was under way and arrives
   * late.
   */
  down(cause: Cause, detail: string): void {
    this.#down = { cause, detail };
    this.open(cause, detail);
  }

  /** The source is there again. A gap ends with its first reading. */
  up(): void {
    this.#down = undefined;
  }

  /**
   * A reading. While the file cannot be written and too much waits for it, the reading is dropped, and
   * lies in a gap.
   *
   * @param time When it was taken, in milliseconds since 1970; `undefined` if the source does not say.
   */
  add(value: unknown, time: number | undefined): void {
    if (this.#writer.isFull) return this.open("file not written", this.#writer.blocked?.message);
    const received = this.#clock.now();
    const taken = time ?? received;
    const gaps = this.#end(taken);
    this.#lastTime = taken;
    const reading = { time: taken, received, value };
    if (gaps.length === 0 && !this.#isSelected(value)) {
      this.#writer.skip(this.description, reading);
    } else {
      if (this.#selects) this.#recorded = comparable(value);
      this.#writer.add(this.description, reading, gaps);
    }
    if (this.#down !== undefined) this.#begin(taken, this.#down.cause, this.#down.detail);
  }

  /**
   * Opens a gap. One that is open for the same cause goes on; for another cause it ends, and the next
   * one begins.
   */
  open(cause: Cause, detail?: string): void {
    const gap = this.#gap;
    if (gap === undefined) {
      this.#writer.countGap();
      return this.#begin(this.#lastTime ?? this.#clock.now(), cause, detail);
    }
    // A source that is too slow gives no better reason than that it gives nothing at all.
    if (gap.cause === cause || cause === "too slow" || this.#writer.isFull) return;
    const end = this.#clock.now();
    if (end < gap.start) return; // the clock of the source is ahead
    // One that has just begun is replaced: a row belongs to a source and a start.
    if (end > gap.start) {
      const row = { start: gap.start, end, reason: gap.reason };
      this.#writer.add(this.description, undefined, [row]);
    }
    this.#begin(end, cause, detail);
  }

  /** The clock of this computer was set, forward or back, by so many milliseconds. */
  clockJumped(by: number): void {
    if (this.#gap !== undefined) return;
    const cause = by > 0 ? "clock set forward" : "clock set back";
    this.open(cause, formatDuration(Math.round(Math.abs(by) / 1_000) * 1_000));
  }

  #begin(start: number, cause: Cause, detail?: string): void {
    const text = detail === undefined ? cause : `${cause}: ${printable(detail)}`;
    const reason = text.length > LONGEST_LOG_TEXT ? `${text.slice(0, LONGEST_LOG_TEXT)}…` : text;
    this.#gap = { start, cause, reason };
    this.#writer.add(this.description, undefined, [{ start, reason }]);
  }

  /** Ends the gap at a reading. */
  #end(time: number): SeriesGap[] {
    const gap = this.#gap;
    if (gap === undefined) return [];
    this.#gap = undefined;
    const { start, cause, reason } = gap;
    if (time >= start) return [{ start, end: time, reason }];
    const whole = { start, end: start, reason };
    // The clock of the source is behind, or was set back: what was lost may lie there too.
    return cause === "clock set back" ? [whole] : [whole, { start: time, end: start, reason }];
  }

  get #selects(): boolean {
    const { deadband, onChange = false } = this.#selection;
    return deadband !== undefined || onChange;
  }

  #isSelected(value: unknown): boolean {
    if (!this.#selects) return true;
    const { deadband } = this.#selection;
    const last = this.#recorded;
    if (typeof value === "number" && typeof last === "number" && deadband !== undefined) {
      return !(Math.abs(value - last) <= deadband) && !Object.is(value, last);
    }
    const compared = comparable(value);
    return compared === undefined || !Object.is(compared, last);
  }
}

/**
 * A value as it is compared with another: a number, a digest of an array, or the JSON of another;
 * `undefined` for what JSON cannot hold, of which the target says so.
 */
function comparable(value: unknown): number | string | undefined {
  if (typeof value === "number") return value;
  try {
    return isNumbers(value) ? digestOf(value) : encodeValue(value);
  } catch {
    return undefined;
  }
}

/** What stands for an array, so that not all of it is held until the next one. */
function digestOf(array: NumberArray | NdArray): string {
  const { dtype, shape, data } = storedArray(array);
  return `${dtype} ${shape} ${createHash("sha256").update(data).digest("base64")}`;
}
