/**
 * Writes what the series record: all of one turn of the event loop in one batch. While the target
 * cannot be written, it holds a bounded number of readings and tries again.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { estimateSize } from "../wire/json_writer.ts";
import { RECORD_LIMITS } from "../limits.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";
import { type Target, TargetUnavailable } from "./target.ts";

/** A reading of a series. */
export type SeriesReading = Omit<Reading, "source">;
/** A gap of a series. */
export type SeriesGap = Omit<Gap, "source">;

/** What is told about each reading and each row of a gap. */
export interface WriterEvents {
  /** Called with each reading that was received, also with one that a deadband leaves out. */
  onReading?(description: SourceDescription, reading: SeriesReading): void;
  /** Called with each gap that begins, and again when it ends. */
  onGap?(description: SourceDescription, gap: SeriesGap): void;
  /** Called when the target cannot be written, and when it can again, with `undefined`. */
  onBlocked?(error: TargetUnavailable | undefined): void;
}

/** The limits of what waits. */
export type WriterLimits = Pick<typeof RECORD_LIMITS, "queued" | "queuedSize" | "batch">;

/** The pauses between attempts to write, in milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;

/** The estimated size of a number with its times. */
const SCALAR = 32;

/** One row, or the row of a reading and the gaps that it ends, which are written together. */
interface Item {
  readonly description: SourceDescription;
  readonly reading: SeriesReading | undefined;
  readonly gaps: readonly SeriesGap[];
  readonly size: number;
}

/** Calls a function in the next turn of the event loop. */
const { setImmediate, clearImmediate } = globalThis as unknown as {
  setImmediate(callback: () => void): unknown;
  clearImmediate(immediate: unknown): void;
};

/** Writes to one target. */
export class Writer {
  readonly #target: Target;
  readonly #events: WriterEvents;
  readonly #limits: { [Name in keyof WriterLimits]: number };
  readonly #numbers = new Map<SourceDescription, number>();
  #items: Item[] = [];
  /** The size of all items. */
  #size = 0;
  #immediate: unknown;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE;
  #blocked: TargetUnavailable | undefined;
  readonly #failed = Promise.withResolvers<never>();
  #room = Promise.withResolvers<void>();
  #readings = 0;
  #gaps = 0;

  constructor(
    target: Target,
    events: WriterEvents = {},
    limits: { [Name in keyof WriterLimits]: number } = RECORD_LIMITS,
  ) {
    this.#target = target;
    this.#events = events;
    this.#limits = limits;
    this.#failed.promise.catch(() => {}); // it may fail while nobody waits
  }

  /** Rejects if the target fails for good. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Why the target cannot be written; `undefined` if it can. */
  get blocked(): TargetUnavailable | undefined {
    return this.#blocked;
  }

  /** How many readings were written. */
  get readings(): number {
    return this.#readings;
  }

  /** Counts a gap that has begun between readings. */
  countGap(): void {
    this.#gaps++;
  }

  /** How many gaps were counted. */
  get gaps(): number {
    return this.#gaps;
  }

  /** How many readings and gaps wait. */
  get waiting(): number {
    return this.#items.length;
  }

  /** How many bytes the target has. */
  get size(): number {
    return this.#target.size;
  }

  /** Whether so much waits that no reading is accepted. */
  get isFull(): boolean {
    return this.#blocked !== undefined &&
      (this.#items.length >= this.#limits.queued || this.#size >= this.#limits.queuedSize);
  }

  /**
   * Settles when readings are accepted.
   *
   * @throws The reason of the signal, if that is aborted.
   */
  async room(signal: AbortSignal): Promise<void> {
    while (this.isFull) await abortable(this.#room.promise, signal);
  }

  /**
   * Where the record of a source ended, which is in the target from now on; `undefined` if the target
   * cannot be written now.
   *
   * @param since When the recorder has begun to look for its readings.
   */
  endOf(description: SourceDescription, since: number): RecordedEnd | undefined {
    return this.#attempt(() => this.#target.end(this.#target.source(description, since)));
  }

  /** The sources that the target has; `undefined` if it cannot be read now. */
  sources(): readonly SourceDescription[] | undefined {
    return this.#attempt(() => this.#target.sources());
  }

  #attempt<T>(action: () => T): T | undefined {
    if (this.#blocked !== undefined) return undefined;
    try {
      return action();
    } catch (error) {
      if (!(error instanceof TargetUnavailable)) throw error;
      this.#wait(error);
      return undefined;
    }
  }

  /** Records a reading, if there is one, and gaps. */
  add(
    description: SourceDescription,
    reading: SeriesReading | undefined,
    gaps: readonly SeriesGap[],
  ): void {
    const size = reading === undefined
      ? SCALAR
      : SCALAR + (typeof reading.value === "number" ? 0 : this.#sizeOf(reading.value));
    this.#items.push({ description, reading, gaps, size });
    this.#size += size;
    for (const gap of gaps) this.#events.onGap?.(description, gap);
    if (reading !== undefined) this.#events.onReading?.(description, reading);
    if (this.#blocked === undefined) this.#immediate ??= setImmediate(this.#write);
  }

  /** A reading that is not recorded, since it differs too little from the one before it. */
  skip(description: SourceDescription, reading: SeriesReading): void {
    this.#events.onReading?.(description, reading);
  }

  /**
   * Writes all that waits.
   *
   * @param grace How long to try if the target cannot be written, in milliseconds.
   * @returns How many readings and gaps could not be written.
   */
  async finish(grace: number): Promise<number> {
    const end = performance.now() + grace;
    while (this.#items.length > 0) {
      this.#write();
      if (this.#blocked === undefined) continue;
      const left = end - performance.now();
      if (left <= 0) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, FIRST_PAUSE)));
    }
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
    return this.#items.length;
  }

  readonly #write = (): void => {
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
    this.#immediate = undefined;
    const batch = this.#items.slice(0, this.#limits.batch);
    try {
      this.#writeBatch(batch);
    } catch (error) {
      if (error instanceof TargetUnavailable) return this.#wait(error);
      this.#items = [];
      return this.#failed.reject(error);
    }
    this.#items = batch.length === this.#items.length ? [] : this.#items.slice(batch.length);
    for (const { reading, size } of batch) {
      if (reading !== undefined) this.#readings++;
      this.#size -= size;
    }
    this.#pause = FIRST_PAUSE;
    if (this.#items.length > 0) this.#immediate = setImmediate(this.#write);
    if (this.#blocked === undefined) return;
    this.#blocked = undefined;
    this.#events.onBlocked?.(undefined);
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  };

  #writeBatch(batch: readonly Item[]): void {
    const readings: Reading[] = [];
    const gaps: Gap[] = [];
    for (const { description, reading, gaps: ended } of batch) {
      const source = this.#numberOf(description);
      if (reading !== undefined) readings.push({ source, ...reading });
      for (const gap of ended) gaps.push({ source, ...gap });
    }
    this.#target.write(readings, gaps);
  }

  #wait(error: TargetUnavailable): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    if (this.#blocked === undefined) {
      this.#blocked = error;
      this.#events.onBlocked?.(error);
    }
    this.#retry = setTimeout(this.#write, this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #numberOf(description: SourceDescription): number {
    const known = this.#numbers.get(description);
    if (known !== undefined) return known;
    const number = this.#target.source(description);
    this.#numbers.set(description, number);
    return number;
  }

  #sizeOf(value: unknown): number {
    return estimateSize(value, this.#limits.queuedSize);
  }
}
