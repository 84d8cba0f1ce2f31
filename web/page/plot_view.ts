/**
 * What part of the time a live plot shows: it follows the newest reading, or it is paused and shows
 * what there was, any part of it. To zoom pauses, so that what one looks at does not move away.
 *
 * Readings that are fewer than the time has room for have the whole width: while they come it grows in
 * steps, so that the axis is at rest in between.
 *
 * @module
 */

import type { TimeSeries } from "./time_series.ts";

/** The shortest time that is shown, in milliseconds. */
const SHORTEST_SPAN = 1;
/** How much one step enlarges. */
const ZOOM = 2;
/** What part of the width one step moves by. */
const STEP = 0.25;

/** The steps in which the time grows that is shown, as parts of a power of ten. */
const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The part of the axis that is shown, in milliseconds since 1970. */
export type Shown = readonly [start: number, end: number];

/** What a live plot shows. */
export class PlotView {
  /** How much time is shown while it follows the newest reading; `Infinity` for all that there is. */
  span: number;
  /** Whether no more readings come. */
  isEnded = false;
  /** What is shown while it is paused; the readings are copies, which the newest do not push out. */
  #frozen: { series: readonly TimeSeries[]; shown: Shown } | undefined;

  constructor(span: number) {
    this.span = span;
  }

  get isPaused(): boolean {
    return this.#frozen !== undefined;
  }

  /** The readings to show. */
  series(live: readonly TimeSeries[]): readonly TimeSeries[] {
    return this.#frozen?.series ?? live;
  }

  /**
   * The time to show.
   *
   * @param now The time at the right where there is no reading.
   */
  shown(live: readonly TimeSeries[], now: number): Shown {
    return this.#frozen?.shown ?? this.#newest(live, now);
  }

  /** Shows what is shown now, and no more. */
  pause(live: readonly TimeSeries[], now: number): void {
    if (this.#frozen !== undefined) return;
    const shown = this.#newest(live, now);
    this.#frozen = { series: live.map((one) => one.snapshot()), shown };
  }

  /** Follows the newest reading. */
  resume(): void {
    this.#frozen = undefined;
  }

  /** Shows a part of the time. */
  show(live: readonly TimeSeries[], now: number, [start, end]: Shown): void {
    if (!(end > start)) return;
    this.pause(live, now);
    const middle = (start + end) / 2;
    const half = Math.max(end - start, SHORTEST_SPAN) / 2;
    this.#frozen = { series: this.#frozen!.series, shown: [middle - half, middle + half] };
  }

  /** Shows less time, or with `out` more. */
  zoom(live: readonly TimeSeries[], now: number, out = false): void {
    const [start, end] = this.shown(live, now);
    const middle = (start + end) / 2;
    const half = (end - start) / 2 * (out ? ZOOM : 1 / ZOOM);
    this.show(live, now, [middle - half, middle + half]);
  }

  /** Moves to an earlier time, or with `later` to a later one. */
  move(live: readonly TimeSeries[], now: number, later = false): void {
    const [start, end] = this.shown(live, now);
    const step = (end - start) * STEP * (later ? 1 : -1);
    this.show(live, now, [start + step, end + step]);
  }

  /** The time up to the newest reading. */
  #newest(live: readonly TimeSeries[], now: number): Shown {
    const filled = live.filter(({ length }) => length > 0);
    const end = filled.length === 0
      ? now
      : Math.max(...filled.map((one) => one.timeAt(one.length - 1)));
    const first = Math.min(end, ...filled.map((one) => one.timeAt(0)));
    if (this.span === Infinity) return [Math.min(end - SHORTEST_SPAN, first), end];
    if (first === end || first <= end - this.span) return [end - this.span, end];
    const time = Math.max(end - first, SHORTEST_SPAN);
    return [first, first + (this.isEnded ? time : Math.min(roundedUp(time), this.span))];
  }
}

/** The next step of the time that is shown. */
function roundedUp(time: number): number {
  const power = 10 ** Math.floor(Math.log10(time));
  return power * (STEPS.find((step) => step * power >= time) ?? 10);
}
