/// <reference lib="dom" />
/**
 * Readings as they come: a plot for each unit, with pause and zoom, and a table of the current values.
 * The table is the text alternative of the plot, for screen readers.
 *
 * @module
 */

import { Component } from "preact";
import { signal } from "@preact/signals";
import { isoTime } from "../../base/time_text.ts";
import { type Listen, throttle } from "./changes.ts";
import { CopyButton } from "./copy_button.ts";
import { csvOf } from "./csv.ts";
import { type Children, type Element, html } from "./html.ts";
import { limitState } from "./limit_state.ts";
import { instantText, numberText, roundedText, withUnit } from "./number_text.ts";
import { lineColor } from "./plot_colors.ts";
import { PlotPane } from "./plot_pane.ts";
import { PlotView, type Shown } from "./plot_view.ts";
import type { TimeSeries } from "./time_series.ts";

/** How much time is shown, in milliseconds, and what the choice is called. */
const SPANS: readonly (readonly [number, string])[] = [
  [10_000, "10 s"],
  [60_000, "1 min"],
  [600_000, "10 min"],
  [3_600_000, "1 h"],
  [Infinity, "everything"],
];
const FIRST_SPAN = 60_000;
const HEIGHT = 220;
/** The most readings of all lines that are copied. */
const MAX_COPIED = 1_000_000;

/** What a live plot shows. */
export interface LivePlotProps {
  series: readonly TimeSeries[];
  /** Whether it does not follow the newest readings. Default: false; the reader may choose. */
  paused?: boolean;
  /** Whether no more readings come. Default: false. */
  ended?: boolean;
}

/** Readings as they come. */
export class LivePlot extends Component<LivePlotProps> {
  readonly #view = new PlotView(FIRST_SPAN);
  /** Changes with what is shown, but not with the readings. */
  readonly #changes = new Set<() => void>();
  /** The lines that the reader has switched off. */
  readonly #hidden = signal<ReadonlySet<TimeSeries>>(new Set());
  readonly #cursor = signal<number | undefined>(undefined);
  readonly #isPaused = signal(false);
  /** Grows when the texts have to be made again. */
  readonly #version = signal(0);
  readonly #name = `plot ${nextNumber++}`;
  #forget: (() => void) | undefined;
  #listened: readonly TimeSeries[] | undefined;
  #listen: Listen = () => () => {};

  override componentDidMount(): void {
    this.#follow();
    if (this.props.paused === true) this.#do(() => this.#view.pause(this.props.series, Date.now()));
  }

  override componentDidUpdate(before: LivePlotProps): void {
    this.#follow();
    const { paused, series } = this.props;
    if (paused === undefined || paused === before.paused) return;
    this.#do(() => paused ? this.#view.pause(series, Date.now()) : this.#view.resume());
  }

  override componentWillUnmount(): void {
    this.#forget?.();
  }

  render(): Element {
    const { series, ended = false } = this.props;
    this.#view.isEnded = ended;
    void this.#version.value;
    if (this.#listened !== series) this.#listen = this.#listenTo(series);
    const units = Map.groupBy(series, ({ unit }) => unit);
    return html`<div class="live-plot">
      ${this.#toolbar()}
      ${[...units].map(([unit, lines]) => this.#pane(unit, lines))}
    </div>`;
  }

  /** Shows the texts again when there are readings, but not for each of them. */
  #follow(): void {
    if (this.#listened === this.props.series) return;
    this.#listened = this.props.series;
    this.#forget?.();
    this.#forget = throttle(this.#listen, () => this.#renew());
  }

  #listenTo(series: readonly TimeSeries[]): Listen {
    return (changed) => {
      const all = series.map((one) => one.listen(changed));
      this.#changes.add(changed);
      return () => {
        all.forEach((forget) => forget());
        this.#changes.delete(changed);
      };
    };
  }

  /** Changes what is shown. */
  #do(change: () => void): void {
    change();
    this.#isPaused.value = this.#view.isPaused;
    this.#renew();
    for (const changed of this.#changes) changed();
  }

  #renew(): void {
    this.#version.value = this.#version.peek() + 1;
  }

  #toolbar(): Element {
    const { series } = this.props;
    const isPaused = this.#isPaused.value;
    const button = (label: string, text: string, change: () => void) =>
      html`
        <button type="button" class="small" aria-label=${label} title=${label}
          onClick=${() => this.#do(change)}>${text}</button>
      `;
    const now = Date.now();
    return html`<div class="plot-tools" role="group" aria-label="Plot">
      <button type="button" class="small" onClick=${() =>
      this.#do(() => isPaused ? this.#view.resume() : this.#view.pause(series, Date.now()))}>
        ${isPaused ? "Resume" : "Pause"}</button>
      <label>Last <select onChange=${(event: Event) =>
      this.#do(() => {
        this.#view.span = SPANS[(event.target as HTMLSelectElement).selectedIndex][0];
        this.#view.resume();
      })}>
        ${
      SPANS.map(([span, text]) =>
        html`<option selected=${span === this.#view.span}>${text}</option>`
      )
    }</select></label>
      ${button("Zoom in", "+", () => this.#view.zoom(series, now))}
      ${button("Zoom out", "−", () => this.#view.zoom(series, now, true))}
      ${button("Earlier", "←", () => this.#view.move(series, now))}
      ${button("Later", "→", () => this.#view.move(series, now, true))}
      <${CopyButton} label="Copy CSV" text=${() => this.#csv()} />
    </div>`;
  }

  #pane(unit: string, lines: readonly TimeSeries[]): Element {
    const all = this.props.series;
    const seen = lines.filter((one) => !this.#hidden.value.has(one));
    const content = () => {
      const shown = this.#view.shown(all, Date.now());
      const drawn = this.#view.series(all);
      return {
        shown,
        lines: seen.map((one) => {
          const { label, warning, alarm } = one;
          const place = all.indexOf(one);
          return { label, warning, alarm, samples: drawn[place] ?? one, color: place };
        }),
      };
    };
    const description = `Plot of ${lines.map((one) => describe(one)).join("; ")}`;
    return html`<div key=${unit} class="plot-of-unit">
      <${PlotPane} isTime=${true} unit=${unit} height=${HEIGHT} cursor=${this.#name}
        content=${content} listen=${this.#listen} description=${description}
        onZoom=${(shown: Shown) => this.#do(() => this.#view.show(all, Date.now(), shown))}
        onCursor=${(at: number | undefined) => this.#cursor.value = at} />
      ${this.#legend(lines)}
    </div>`;
  }

  #legend(lines: readonly TimeSeries[]): Element {
    const at = this.#cursor.value;
    const drawn = this.#view.series(this.props.series);
    const cursor = at === undefined ? "At the cursor" : `At ${instantText(at).slice(11)}`;
    const columns = ["Now", "Lowest", "Highest", cursor];
    // The roles say again what the elements are: on a narrow screen they are no table to the eye.
    return html`
      <div class="table-scroll">
        <table class="plot-legend" role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th scope="col" role="columnheader">Line</th>
              ${columns.map((name) =>
                html`<th scope="col" role="columnheader" class="number">${name}</th>`
              )}
            </tr>
          </thead>
          <tbody role="rowgroup">${lines.map((one) => {
            const place = this.props.series.indexOf(one);
            const { latest, unit, lowest, highest } = one;
            const state = limitState(latest?.value, one);
            return html`
              <tr key=${place} role="row" class=${one.isInterrupted ? "stale" : state}>
                <th scope="row" role="rowheader">${this.#switch(one, place)}</th>
                <${Cell} name="Now" value=${latest?.value} unit=${unit}>${stateNote(one)}<//>
                <${Cell} name="Lowest" value=${lowest === Infinity ? undefined : lowest} />
                <${Cell} name="Highest" value=${highest === -Infinity ? undefined : highest} />
                <${Cell} name=${cursor}
                  value=${at === undefined ? undefined : valueNear(drawn[place] ?? one, at)} />
              </tr>
            `;
          })}</tbody>
        </table>
      </div>
            ${lines.map((one) => notes(one))}
    `;
  }

  /** Shows or hides a line. */
  #switch(one: TimeSeries, place: number): Element {
    const isShown = !this.#hidden.value.has(one);
    const toggle = () => {
      const hidden = new Set(this.#hidden.value);
      if (!hidden.delete(one)) hidden.add(one);
      this.#do(() => this.#hidden.value = hidden);
    };
    const setColor = (element: HTMLElement | null) =>
      element?.style.setProperty("background", lineColor(place));
    return html`<button type="button" class="plot-line" aria-pressed=${isShown} onClick=${toggle}>
      <span class="plot-swatch" ref=${setColor}></span>${one.label}</button>`;
  }

  /** What is shown, as a table of times and values. */
  #csv(): string {
    const series = this.#view.series(this.props.series);
    const [start, end] = this.#view.shown(this.props.series, Date.now());
    return csvOf(readingRows(series, start, end));
  }
}

/** The names of plots are numbered, so that only the panes of one share their cursor. */
let nextNumber = 0;

/** The readings of several lines, one a row. */
function* readingRows(
  series: readonly TimeSeries[],
  start: number,
  end: number,
): Generator<readonly unknown[]> {
  yield ["time", "line", "value", "unit"];
  let left = MAX_COPIED;
  for (const one of series) {
    for (let index = one.indexAt(start); index < one.length && left > 0; index++) {
      const time = one.timeAt(index);
      if (time > end) break;
      left--;
      const value = one.valueAt(index);
      const isGap = Number.isNaN(value);
      yield [isoTime(time), one.label, isGap ? undefined : value, one.unit];
    }
  }
}

/** A line in words. */
function describe({ label, unit, latest, lowest, highest }: TimeSeries): string {
  if (latest === undefined) return `${label}: no readings yet`;
  const range = lowest === Infinity
    ? ""
    : `, lowest ${withUnit(numberText(lowest), unit)}, highest ${
      withUnit(numberText(highest), unit)
    }`;
  return `${label}: now ${withUnit(numberText(latest.value), unit)}${range}`;
}

/** What is to be said of the last reading beside its value. */
function stateNote(one: TimeSeries): Element | null {
  const { latest } = one;
  if (latest === undefined) return null;
  if (one.isInterrupted) {
    return html`<span class="state">until ${instantText(latest.time).slice(11)}</span>`;
  }
  const state = limitState(latest.value, one);
  if (state === "normal") return null;
  return html`<strong class="state">${state === "alarm" ? "Alarm" : "Warning"}</strong>`;
}

function notes({ label, rejected, setBack }: TimeSeries): Element | null {
  if (rejected === 0 && setBack === 0) return null;
  return html`<p class="note">${label}: ${
    setBack > 0
      ? `its clock was set back, ${setBack} readings with later times are not shown. `
      : ""
  }${rejected > 0 ? `${rejected} readings had no valid time and are not shown.` : ""}</p>`;
}

/** The value at the cursor: that of the reading before it. */
function valueNear(one: TimeSeries, time: number): number | undefined {
  const index = one.indexAt(time);
  const place = index < one.length && one.timeAt(index) === time ? index : index - 1;
  const value = place < 0 ? NaN : one.valueAt(place);
  return Number.isNaN(value) ? undefined : value;
}

/** A number in the table, with all its digits as its title. */
function Cell(
  { name, value, unit = "", children }: {
    name: string;
    value: number | undefined;
    unit?: string;
    children?: Children;
  },
): Element {
  return html`
    <td role="cell" class="number" data-name=${name}
      title=${value}>${children} <span>${value === undefined
        ? "–"
        : roundedText(value)}</span>${unit === "" ? "" : ` ${unit}`}</td>
  `;
}
