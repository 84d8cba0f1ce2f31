/**
 * How far a recording is, as one line.
 *
 * @module
 */

import { readableNumber, readableSize } from "../base/readable.ts";
import type { Recorder } from "../record/recorder.ts";

/** What a line is made of. */
export type RecorderStatus = Pick<Recorder, "readings" | "gaps" | "size" | "blocked" | "missing">;

/** The time over which the rate is measured, in milliseconds. */
const RATE_TIME = 10_000;

/** Describes a recording, and how fast it is. */
export class RecordStatus {
  readonly #recorder: RecorderStatus;
  readonly #now: () => number;
  /** The number of readings at earlier times, the oldest first. */
  #earlier: { time: number; readings: number }[] = [];

  /** @param now The time in milliseconds, from any start. */
  constructor(recorder: RecorderStatus, now: () => number = () => performance.now()) {
    this.#recorder = recorder;
    this.#now = now;
  }

  /** E.g. `1,234 readings, 20/s, 2 gaps, 1.2 MiB, waiting for DMM`. */
  line(): string {
    const { blocked, missing } = this.#recorder;
    const parts = [this.summary(`, ${this.#rate()}`)];
    if (missing.length > 0) parts.push(`waiting for ${missing.join(", ")}`);
    if (blocked !== undefined) {
      parts.push(`${blocked.message} (${count(blocked.waiting, "reading")} held)`);
    }
    return parts.join(", ");
  }

  /** E.g. `1,234 readings, 2 gaps, 1.2 MiB`. */
  summary(rate = ""): string {
    const { readings, gaps, size } = this.#recorder;
    return `${count(readings, "reading")}${rate}, ${count(gaps, "gap")}, ${readableSize(size)}`;
  }

  #rate(): string {
    const time = this.#now();
    const { readings } = this.#recorder;
    this.#earlier.push({ time, readings });
    const isOld = () => this.#earlier.length > 1 && time - this.#earlier[1].time >= RATE_TIME;
    while (isOld()) this.#earlier.shift();
    const [first] = this.#earlier;
    const rate = time === first.time
      ? 0
      : (readings - first.readings) / (time - first.time) * 1_000;
    return `${readableNumber(rate >= 10 ? Math.round(rate) : rate)}/s`;
  }
}

function count(number: number, unit: string): string {
  return `${readableNumber(number)} ${unit}${number === 1 ? "" : "s"}`;
}
