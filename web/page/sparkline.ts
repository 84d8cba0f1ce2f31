/**
 * A small line without axes: how a reading has changed.
 *
 * @module
 */

import { decimate } from "./decimation.ts";
import { type Element, html } from "./html.ts";
import type { TimeSeries } from "./time_series.ts";

const WIDTH = 200;
const HEIGHT = 40;
/** The line does not touch the border. */
const MARGIN = 2;

/** The last readings of a line. */
export function Sparkline({ series, span }: { series: TimeSeries; span: number }): Element | null {
  if (series.length === 0) return null;
  const end = series.timeAt(series.length - 1);
  const path = pathOf(series, Math.max(series.timeAt(0), end - span), end);
  return html`
    <svg class="sparkline" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none" aria-hidden="true">
      <path d=${path} />
    </svg>
  `;
}

/** The path of a line in SVG. A gap begins another part of it. */
export function pathOf(series: TimeSeries, start: number, end: number): string {
  if (!(end > start)) return "";
  const { times, lines: [line] } = decimate([series], start, end, WIDTH / 2);
  const values = line.filter((value) => typeof value === "number");
  if (values.length === 0) return "";
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const parts: string[] = [];
  let isDrawing = false;
  line.forEach((value, index) => {
    if (value === undefined) return;
    if (value === null) return void (isDrawing = false);
    const x = (times[index] - start) / (end - start) * WIDTH;
    const part = high > low ? (high - value) / (high - low) : 0.5;
    const y = MARGIN + part * (HEIGHT - 2 * MARGIN);
    parts.push(`${isDrawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
    isDrawing = true;
  });
  return parts.join("");
}
