/**
 * How far a recording is, as one line.
 *
 * @module
 */

import type { Recorder } from "../record/recorder.ts";

/** What a line is made of. */
export type RecorderStatus = Pick<Recorder, "samples" | "gaps" | "size" | "blocked" | "missing">;

/** The time over which the rate is measured, in milliseconds. */
const RATE_TIME = 10_000;

/** Describes a recording, and how fast it is. */
export class RecordStatus {
  readonly #recorder: RecorderStatus;
  readonly #now: () => number;
  /** The number of samples at earlier times, the oldest first. */
  #earlier: { time: number; samples: number }[] = [];

  /** @param now The time in milliseconds, from any start. */
  constructor(recorder: RecorderStatus, now: () => number = () => performance.now()) {
    this.#recorder = recorder;
    this.#now = now;
  }

  /** E.g. `1,234 samples, 20/s, 2 gaps, 1.2 MB, waiting for DMM`. */
  line(): string {
    const { blocked, missing } = this.#recorder;
    const parts = [this.summary(`, ${this.#rate()}`)];
    if (missing.length > 0) parts.push(`waiting for ${missing.join(", ")}`);
    if (blocked !== undefined) {
      parts.push(`${blocked.message} (${count(blocked.waiting, "reading")} held)`);
    }
    return parts.join(", ");
  }

  /** E.g. `1,234 samples, 2 gaps, 1.2 MB`. */
  summary(rate = ""): string {
    const { samples, gaps, size } = this.#recorder;
    return `${count(samples, "sample")}${rate}, ${count(gaps, "gap")}, ${sizeText(size)}`;
  }

  #rate(): string {
    const time = this.#now();
    const { samples } = this.#recorder;
    this.#earlier.push({ time, samples });
    const isOld = () => this.#earlier.length > 1 && time - this.#earlier[1].time >= RATE_TIME;
    while (isOld()) this.#earlier.shift();
    const [first] = this.#earlier;
    const rate = time === first.time ? 0 : (samples - first.samples) / (time - first.time) * 1_000;
    return `${rate >= 10 ? grouped(Math.round(rate)) : rate.toFixed(1)}/s`;
  }
}

function count(number: number, unit: string): string {
  return `${grouped(number)} ${unit}${number === 1 ? "" : "s"}`;
}

function grouped(number: number): string {
  return number.toLocaleString("en");
}

function sizeText(bytes: number): string {
  const [unit, factor] = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(bytes / Number(factor)).toFixed(1)} ${unit}`;
}
