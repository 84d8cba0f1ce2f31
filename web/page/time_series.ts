/**
 * Readings over time for a plot: a ring buffer that grows up to its capacity, and drops the oldest
 * readings then. `decimation.ts` reads it for each frame; to append costs no more than two writes.
 *
 * The times never decrease, so that a time can be searched for. A gap is a value of `NaN`.
 *
 * @module
 */

/** How many readings a series keeps at most, unless it is told: 16 bytes each. */
const DEFAULT_CAPACITY = 500_000;
/** The readings that a new series has room for. */
const FIRST_CAPACITY = 1024;
/**
 * How much earlier than the reading before it one may be, in milliseconds, to be drawn at the same
 * time as that one. If it is earlier still, the clock of its source was set back.
 */
const LARGEST_DISORDER = 1000;
/** The largest time that JavaScript has, in milliseconds. */
const LARGEST_TIME = 8.64e15;

/** Two limits; `-Infinity` or `Infinity` for none. */
export type Range = readonly [low: number, high: number];

/** What a line of a plot is. */
export interface SeriesOptions {
  /** What the legend calls it. */
  label: string;
  /** The unit of its values. Default: none. */
  unit?: string;
  /** The lowest and the highest value without a warning. */
  warning?: Range;
  /** The lowest and the highest value without an alarm. */
  alarm?: Range;
  /** How many readings are kept. Default: 500,000. */
  capacity?: number;
}

/** A value, and when it was taken in milliseconds since 1970. */
export interface TimedValue {
  time: number;
  value: number;
}

/** The readings of one line. */
export class TimeSeries {
  readonly label: string;
  readonly unit: string;
  readonly warning: Range | undefined;
  readonly alarm: Range | undefined;
  readonly capacity: number;
  readonly #listeners = new Set<() => void>();
  #times: Float64Array;
  #values: Float64Array;
  /** Where the oldest reading is. */
  #start = 0;
  #length = 0;
  #latest: TimedValue | undefined;
  #lowest = Infinity;
  #highest = -Infinity;
  #rejected = 0;
  #setBack = 0;

  constructor({ label, unit = "", warning, alarm, capacity = DEFAULT_CAPACITY }: SeriesOptions) {
    if (!(capacity >= 2)) throw new RangeError(`Cannot keep ${capacity} readings`);
    this.label = label;
    this.unit = unit;
    this.warning = warning;
    this.alarm = alarm;
    this.capacity = Math.floor(capacity);
    this.#times = new Float64Array(Math.min(FIRST_CAPACITY, this.capacity));
    this.#values = new Float64Array(this.#times.length);
  }

  /** How many readings and gaps are kept. */
  get length(): number {
    return this.#length;
  }

  /** The last reading; it stays when a gap follows. */
  get latest(): TimedValue | undefined {
    return this.#latest;
  }

  /** Whether nothing is known since the last reading. */
  get isInterrupted(): boolean {
    return this.#length > 0 && this.#latest !== undefined && Number.isFinite(this.#latest.value) &&
      Number.isNaN(this.valueAt(this.#length - 1));
  }

  /** The lowest finite value that there was; `Infinity` for none. */
  get lowest(): number {
    return this.#lowest;
  }

  /** The highest finite value that there was; `-Infinity` for none. */
  get highest(): number {
    return this.#highest;
  }

  /** How many readings had no time that there is. */
  get rejected(): number {
    return this.#rejected;
  }

  /** How many readings were dropped since the clock of their source was set back. */
  get setBack(): number {
    return this.#setBack;
  }

  /** The time of a reading, 0 for the oldest one. */
  timeAt(index: number): number {
    return this.#times[this.#place(index)];
  }

  /** The value of a reading; `NaN` for a gap. */
  valueAt(index: number): number {
    return this.#values[this.#place(index)];
  }

  /**
   * Adds a reading. One that is no finite number leaves a gap in the line.
   *
   * @param time When it was taken, in milliseconds since 1970.
   */
  append(time: number, value: number): void {
    if (!(Math.abs(time) <= LARGEST_TIME)) return void this.#rejected++;
    const isFinite = Number.isFinite(value);
    const at = this.#inOrder(time);
    this.#latest = { time: at, value };
    if (isFinite) {
      if (value < this.#lowest) this.#lowest = value;
      if (value > this.#highest) this.#highest = value;
    }
    this.#push(at, isFinite ? value : NaN);
  }

  /** From now on nothing is known until the next reading. */
  gap(time: number): void {
    if (!(Math.abs(time) <= LARGEST_TIME)) time = this.#latest?.time ?? 0;
    if (this.#length === 0 || Number.isNaN(this.valueAt(this.#length - 1))) return;
    // A computer whose clock is behind that of the source would cut readings off.
    this.#push(Math.max(time, this.timeAt(this.#length - 1)), NaN);
  }

  /** The index of the first reading at this time or later; `length` if there is none. */
  indexAt(time: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timeAt(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A copy that does not change any more. */
  snapshot(): TimeSeries {
    const copy = new TimeSeries({ ...this.#options(), capacity: this.capacity });
    copy.#times = this.#unrolled(this.#times, Math.max(this.#length, 1));
    copy.#values = this.#unrolled(this.#values, Math.max(this.#length, 1));
    copy.#length = this.#length;
    copy.#latest = this.#latest;
    copy.#lowest = this.#lowest;
    copy.#highest = this.#highest;
    copy.#rejected = this.#rejected;
    copy.#setBack = this.#setBack;
    return copy;
  }

  /** Calls a function with each change, until the function that is returned is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #options(): SeriesOptions {
    const { label, unit, warning, alarm } = this;
    return { label, unit, ...(warning && { warning }), ...(alarm && { alarm }) };
  }

  #place(index: number): number {
    const place = this.#start + index;
    return place < this.#times.length ? place : place - this.#times.length;
  }

  /** The time at which a reading is drawn. */
  #inOrder(time: number): number {
    if (this.#length === 0) return time;
    const last = this.timeAt(this.#length - 1);
    if (time >= last) return time;
    if (last - time <= LARGEST_DISORDER) return last;
    const kept = this.indexAt(time);
    this.#setBack += this.#length - kept;
    this.#length = kept;
    if (kept > 0) this.#push(time, NaN);
    return time;
  }

  #push(time: number, value: number): void {
    if (this.#length === this.#times.length) this.#makeRoom();
    const place = this.#place(this.#length);
    this.#times[place] = time;
    this.#values[place] = value;
    this.#length++;
    for (const listener of this.#listeners) listener();
  }

  /** Grows, or drops the oldest reading. */
  #makeRoom(): void {
    if (this.#times.length < this.capacity) {
      const size = Math.min(this.#times.length * 2, this.capacity);
      this.#times = this.#unrolled(this.#times, size);
      this.#values = this.#unrolled(this.#values, size);
      this.#start = 0;
    } else {
      this.#start = this.#place(1);
      this.#length--;
    }
  }

  /** The same numbers in the order of time, with room for `size`. */
  #unrolled(ring: Float64Array, size: number): Float64Array {
    const copy = new Float64Array(size);
    const end = Math.min(this.#start + this.#length, ring.length);
    copy.set(ring.subarray(this.#start, end));
    copy.set(ring.subarray(0, this.#length - (end - this.#start)), end - this.#start);
    return copy;
  }
}
