/**
 * Reads one value again and again, on a schedule that does not drift. A reading that is not answered
 * yet is not requested again; what was missed is not made up for.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import { type LineAbout, SeriesSet } from "./series_set.ts";

/** A value, and when it was taken in milliseconds since 1970, if the service says it. */
export interface Reading {
  value: unknown;
  time: number | undefined;
}

/** What is known of a reading now. */
export type ReadingState =
  /** It was requested, or will be. */
  | { readonly state: "waiting" }
  /** The last request has given a value. */
  | { readonly state: "read" }
  /** The last request has failed. */
  | { readonly state: "failed"; readonly reason: string; readonly since: number }
  /** The service, or the Manager, is away. */
  | { readonly state: "gone"; readonly since: number }
  /** A person has stopped it. */
  | { readonly state: "stopped" };

/** What a poller depends on. */
export interface PollerOptions {
  /** What the line is called. */
  label: string;
  /** The time from one request to the next, in milliseconds. */
  every: number;
  /** Requests a value. */
  read: () => Promise<Reading>;
  /** What the service says of the value. */
  about: () => LineAbout | undefined;
  /** What to tell of an error. */
  explain: (error: unknown) => string;
  clock?: PollerClock;
}

/** The time, and timers. */
export interface PollerClock {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Calls a function later, unless the function that is returned is called. */
  after: (milliseconds: number, call: () => void) => () => void;
}

const CLOCK: PollerClock = {
  now: Date.now,
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** How many readings are kept: a day of one a second. */
const CAPACITY = 86_400;
/** A value is old when so many readings are missing. */
const MISSED = 3;
/** But not before so many milliseconds have passed. */
const PATIENCE = 3_000;

/** Reads one value again and again. Stop it in the end. */
export class ReadingPoller {
  readonly values: SeriesSet = new SeriesSet(CAPACITY);
  readonly #options: PollerOptions;
  readonly #clock: PollerClock;
  readonly #state = signal<ReadingState>({ state: "stopped" });
  #every: number;
  #isStarted = false;
  #isPresent = false;
  /** Numbers the requests: the answer to one of before a change does not count. */
  #generation = 0;
  #isPending = false;
  /** When the last value has arrived. */
  #received: number | undefined;
  #start = 0;
  #cancel: () => void = () => {};

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#every = options.every;
    this.#clock = options.clock ?? CLOCK;
  }

  /** What is known of the reading. */
  get state(): ReadonlySignal<ReadingState> {
    return this.#state;
  }

  /** The time from one request to the next, in milliseconds. */
  get every(): number {
    return this.#every;
  }
  set every(milliseconds: number) {
    this.#every = milliseconds;
    if (this.#isStarted && this.#isPresent) this.#begin();
  }

  /** How old the last value is, in milliseconds; `undefined` if there is none. */
  age(now: number = this.#clock.now()): number | undefined {
    const { latest } = this.values;
    if (latest === undefined || this.#received === undefined) return undefined;
    return Math.max(0, now - this.#received, now - latest.time);
  }

  /** Whether the last value is not what the service would give now, as far as anybody knows. */
  isStale(now: number = this.#clock.now()): boolean {
    if (this.#state.value.state !== "read" || this.#received === undefined) return true;
    return now - this.#received > Math.max(MISSED * this.#every, this.#every + PATIENCE);
  }

  /** Begins to read, once the service is present. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#state.value = { state: "waiting" };
    if (this.#isPresent) this.#begin();
    else if (this.#received !== undefined) this.#leave();
  }

  /** Reads no more. */
  stop(): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#halt();
    this.#state.value = { state: "stopped" };
  }

  /** The service is there, or it is not any more. */
  setPresent(isPresent: boolean): void {
    if (isPresent === this.#isPresent) return;
    this.#isPresent = isPresent;
    if (!this.#isStarted) return;
    if (isPresent) this.#begin();
    else this.#leave();
  }

  #leave(): void {
    this.#halt();
    this.#state.value = { state: "gone", since: this.#clock.now() };
  }

  /** Requests no more, and the line has a gap. */
  #halt(): void {
    this.#cancel();
    this.#generation++;
    this.#isPending = false;
    this.values.gap(this.#clock.now());
  }

  #begin(): void {
    this.#cancel();
    this.#start = this.#clock.now();
    if (this.#state.value.state === "gone") this.#state.value = { state: "waiting" };
    this.#read();
  }

  #schedule(): void {
    const passed = Math.max(0, this.#clock.now() - this.#start);
    const next = (Math.floor(passed / this.#every) + 1) * this.#every - passed;
    this.#cancel = this.#clock.after(next, () => this.#read());
  }

  async #read(): Promise<void> {
    this.#schedule();
    if (this.#isPending) return;
    this.#isPending = true;
    const generation = this.#generation;
    const result = await this.#options.read().then(
      (reading) => ({ reading }),
      (error: unknown) => ({ error }),
    );
    if (generation !== this.#generation) return;
    this.#isPending = false;
    const now = this.#clock.now();
    if ("reading" in result) {
      const { value, time = now } = result.reading;
      this.#received = now;
      this.values.add(this.#options.label, time, value, this.#options.about());
      this.#state.value = { state: "read" };
      return;
    }
    const before = this.#state.value;
    const since = before.state === "failed" ? before.since : now;
    this.#state.value = { state: "failed", reason: this.#options.explain(result.error), since };
    this.values.gap(now);
  }
}
