/** A recorder of this process, with a target in memory that can be made unavailable. */

import { delay } from "@std/async/delay";
import type { Client } from "../../mod.ts";
import type { Clock } from "../../record/clock.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "../../record/reading.ts";
import { type ConfiguredSource, Recorder, type RecorderOptions } from "../../record/recorder.ts";
import { parseSource } from "../../record/source.ts";
import { type Target, TargetUnavailable } from "../../record/target.ts";
import { until } from "./until.ts";

/** What is recorded, in memory. A batch is written as a whole, or not at all. */
export class MemoryTarget implements Target {
  readonly descriptions: SourceDescription[] = [];
  readonly readings: Reading[] = [];
  readonly batches: number[] = [];
  isClosed = false;
  /** The error of each attempt to write. */
  error: Error | undefined;
  readonly #gaps = new Map<string, Gap>();

  source(description: SourceDescription): number {
    if (this.error !== undefined) throw this.error;
    const key = JSON.stringify(description);
    const known = this.descriptions.findIndex((source) => JSON.stringify(source) === key);
    return known === -1 ? this.descriptions.push({ ...description }) : known + 1;
  }

  sources(): SourceDescription[] {
    if (this.error !== undefined) throw this.error;
    return this.descriptions;
  }

  end(source: number): RecordedEnd {
    const last = this.readings.findLast((reading) => reading.source === source);
    const gap = this.gaps.find((gap) => gap.source === source && gap.end === undefined);
    return {
      ...(last && { time: last.time, received: last.received }),
      ...(gap && { gap }),
    };
  }

  write(readings: readonly Reading[], gaps: readonly Gap[]): void {
    if (this.error !== undefined) throw this.error;
    this.batches.push(readings.length);
    this.readings.push(...readings);
    for (const gap of gaps) this.#gaps.set(`${gap.source} ${gap.start}`, gap);
  }

  get size(): number {
    return this.readings.length;
  }

  close(): void {
    this.isClosed = true;
  }

  /** All gaps, in the order in which they have begun. */
  get gaps(): Gap[] {
    return [...this.#gaps.values()];
  }

  /** Makes it unavailable, as a full disk does, or available again. */
  block(reason: string | undefined): void {
    this.error = reason === undefined ? undefined : new TargetUnavailable(reason);
  }

  /** The values of a source, e.g. `"DMM.voltage"`, of any unit and arguments. */
  values(name: string): unknown[] {
    return this.readingsOf(name).map(({ value }) => value);
  }

  /** The readings of a source. */
  readingsOf(name: string): Reading[] {
    const numbers = this.#numbersOf(name);
    return this.readings.filter(({ source }) => numbers.includes(source));
  }

  /** The gaps of a source. */
  gapsOf(name: string): Gap[] {
    const numbers = this.#numbersOf(name);
    return this.gaps.filter(({ source }) => numbers.includes(source));
  }

  /** The reasons of the gaps of a source, but that it is too slow, as any is on a busy computer. */
  reasons(name: string): string[] {
    return this.gapsOf(name).map(({ reason }) => reason).filter((reason) => !isSlow(reason));
  }

  #numbersOf(name: string): number[] {
    return this.descriptions.flatMap(({ service, attribute }, index) =>
      `${service}.${attribute}` === name ? [index + 1] : []
    );
  }
}

function isSlow(text: string): boolean {
  return text.includes("too slow: ");
}

/** A recorder that runs until it is disposed of. */
export class RunningRecorder implements AsyncDisposable {
  readonly target: MemoryTarget;
  readonly recorder: Recorder;
  /** What it has said, but that a source is too slow, as any is on a busy computer. */
  readonly notes: string[] = [];
  /** That a source is too slow. */
  readonly slowNotes: string[] = [];
  readonly ended: Promise<number>;
  readonly #ending = new AbortController();

  /** @param sources Sources as they are typed. */
  constructor(
    client: Client,
    sources: readonly (string | ConfiguredSource)[],
    options: RecorderOptions & { target?: MemoryTarget } = {},
  ) {
    this.target = options.target ?? new MemoryTarget();
    this.recorder = new Recorder(
      client,
      this.target,
      sources.map((source) => typeof source === "string" ? parseSource(source) : source),
      { onNote: (text) => (isSlow(text) ? this.slowNotes : this.notes).push(text), ...options },
    );
    this.ended = this.recorder.run(this.#ending.signal);
    this.ended.catch(() => {}); // a test that wants it awaits it
  }

  /** Waits for a condition of what was recorded. */
  async until(what: string, condition: (target: MemoryTarget) => unknown): Promise<void> {
    await until(
      () =>
        `${what}: ${Deno.inspect([this.target.gaps, this.notes, this.target.readings.slice(-5)])}`,
      () => Boolean(condition(this.target)),
    );
  }

  /** Ends it, as Ctrl+C does. */
  end(): Promise<number> {
    this.#ending.abort(new Error("the test has ended the recorder"));
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => {});
  }
}

/** A clock that runs faster than that of this computer, and that can be set. */
export class FastClock implements Clock {
  /** By how much it was set forward, in milliseconds. */
  offset = 0;
  readonly #factor: number;
  readonly #start: number;
  readonly #base: number;

  /**
   * @param factor How much faster it is.
   * @param start The time at which it begins, in milliseconds since 1970.
   * @param base The time of this computer at which it begins.
   */
  constructor(factor: number, start = Date.now(), base = Date.now()) {
    this.#factor = factor;
    this.#start = start;
    this.#base = performance.now() + base - Date.now();
  }

  readonly now = (): number => Math.round(this.#start + this.offset + this.monotonic());
  readonly monotonic = (): number => (performance.now() - this.#base) * this.#factor;
  readonly sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    delay(Math.max(milliseconds, 0) / this.#factor, { signal });
}
