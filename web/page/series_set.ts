/**
 * The lines of a source of readings: a stream, the notifications of a service, or a reading that is
 * polled. A value that is a number is one line, an object or a short array of numbers is several.
 *
 * @module
 */

import { itemsOf, numberOf, withoutDimension } from "./items.ts";
import { isObject } from "../../wire/message.ts";
import { type Range, TimeSeries } from "./time_series.ts";

/** The most lines of one source. */
export const MAX_LINES = 16;
/** The longest array whose items are lines of their own. */
const LONGEST_ARRAY = 8;
/** How deep numbers are looked for. */
const DEEPEST = 2;

/** What is known of the values: their unit and their limits. */
export interface LineAbout {
  readonly unit?: string;
  readonly warning?: Range;
  readonly alarm?: Range;
}

/** A value of any kind, and when it was taken in milliseconds since 1970. */
export interface LatestValue {
  time: number;
  value: unknown;
}

/** The lines of a source. */
export class SeriesSet {
  readonly #series = new Map<string, TimeSeries>();
  readonly #listeners = new Set<() => void>();
  readonly #capacity: number | undefined;
  #list: readonly TimeSeries[] = [];
  #latest: LatestValue | undefined;
  /** Whether the latest value has been drawn in lines, all of it. */
  #isPlotted = false;
  #omitted = new Set<string>();
  /** The line that had the last value, which mostly has the next one too. */
  #last: { label: string; about: LineAbout | undefined; series: TimeSeries } | undefined;

  /** @param capacity How many readings each line keeps. */
  constructor(capacity?: number) {
    this.#capacity = capacity;
  }

  /** The lines; another array when there is another one. */
  get series(): readonly TimeSeries[] {
    return this.#list;
  }

  /** The latest value, of whatever kind. */
  get latest(): LatestValue | undefined {
    return this.#latest;
  }

  /** Whether the lines show all that the latest value is. */
  get isPlotted(): boolean {
    return this.#isPlotted;
  }

  /** How many numbers have no line, as there are too many. */
  get omitted(): number {
    return this.#omitted.size;
  }

  /**
   * Adds a value.
   *
   * @param label What it is called.
   * @param time When it was taken, in milliseconds since 1970.
   */
  add(label: string, time: number, value: unknown, about?: LineAbout): void {
    this.#latest = { time, value };
    this.#isPlotted = this.#append(label, time, value, about, 0);
    for (const listener of this.#listeners) listener();
  }

  /** From now on nothing is known until the next value. */
  gap(time: number): void {
    for (const series of this.#list) series.gap(time);
    for (const listener of this.#listeners) listener();
  }

  /** Calls a function with each change, until the function that is returned is called. */
  readonly listen = (listener: () => void): () => void => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Adds the numbers of a value. Returns whether it has nothing else. */
  #append(
    label: string,
    time: number,
    given: unknown,
    about: LineAbout | undefined,
    depth: number,
  ): boolean {
    const value = withoutDimension(given);
    if (typeof value === "number" || typeof value === "boolean") {
      const series = this.#seriesOf(label, about);
      series?.append(time, Number(value));
      return series !== undefined;
    }
    if (value === null) { // a reading that failed
      this.#find(label, about)?.gap(time);
      return this.#find(label, about) !== undefined;
    }
    if (depth === DEEPEST) return false;
    const items = itemsOf(value);
    if (items !== undefined) {
      if (items.length > LONGEST_ARRAY) return false;
      const numbers = Array.from({ length: items.length }, (_, index) => numberOf(items.at(index)));
      if (!numbers.every((item) => item !== undefined)) return false;
      return numbers.map((item, index) =>
        this.#append(`${label}[${index}]`, time, item, about, depth + 1)
      ).every(Boolean);
    }
    if (!isObject(value)) return false;
    const members = Object.entries(value).map(([key, item]) =>
      this.#append(label === "" ? key : `${label}.${key}`, time, item, about, depth + 1)
    );
    return members.length > 0 && members.every(Boolean);
  }

  #find(label: string, about: LineAbout | undefined): TimeSeries | undefined {
    return this.#series.get(keyOf(label, about));
  }

  #seriesOf(label: string, about: LineAbout | undefined): TimeSeries | undefined {
    if (this.#last?.label === label && this.#last.about === about) return this.#last.series;
    let series = this.#find(label, about);
    if (series === undefined) {
      if (this.#series.size === MAX_LINES) {
        if (this.#omitted.size < 1000) this.#omitted.add(keyOf(label, about));
        return undefined;
      }
      const { unit, warning, alarm } = about ?? {};
      series = new TimeSeries({
        label,
        ...(unit !== undefined && { unit }),
        ...(warning && { warning }),
        ...(alarm && { alarm }),
        ...(this.#capacity !== undefined && { capacity: this.#capacity }),
      });
      this.#series.set(keyOf(label, about), series);
      this.#list = [...this.#series.values()];
    }
    this.#last = { label, about, series };
    return series;
  }
}

/** A value in another unit is another line. */
function keyOf(label: string, about: LineAbout | undefined): string {
  return JSON.stringify([label, about?.unit ?? "", about?.warning, about?.alarm]);
}
