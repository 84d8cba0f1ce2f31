/**
 * Draws values over time as SVG, with axes and labels. `d3-scale` places the ticks and writes their
 * labels.
 *
 * @module
 */

// @ts-types="npm:@types/d3-scale@^4.0.9"
import { scaleLinear, scaleUtc } from "d3-scale";

/** A value at a time. */
export interface Point {
  time: Date;
  value: number;
}

/** The texts of a plot. */
export interface PlotLabels {
  title: string;
  /** The quantity of the values, with its unit. */
  values: string;
}

// Small enough that its texts can still be read on the screen of a telephone.
const WIDTH = 600;
const HEIGHT = 420;
const MARGIN = { top: 52, right: 24, bottom: 72, left: 144 };
/** The colours for a reader who prefers a dark screen. */
const DARK = `@media (prefers-color-scheme: dark) {
rect { fill: #1a2028 } text { fill: #dfe5ec } polyline { stroke: #7db8f5 }
.grid { stroke: #343d48 } .axis { stroke: #9aa7b6 }
}`;
/** The margin above and below the values, as a part of their range. */
const PADDING = 0.06;

/**
 * The SVG as text. Times are in UTC.
 *
 * @throws {RangeError} If there is nothing to draw.
 */
export function plot(points: readonly Point[], labels: PlotLabels): string {
  if (points.length === 0) throw new RangeError("Cannot draw a plot: there are no values");
  const [left, right, top, bottom] = [
    MARGIN.left,
    WIDTH - MARGIN.right,
    MARGIN.top,
    HEIGHT - MARGIN.bottom,
  ];
  const [first, last] = extent(points.map(({ time }) => time.getTime()));
  const [lowest, highest] = extent(points.map(({ value }) => value));
  // A value that never changes is drawn in the middle.
  const padding = (highest - lowest) * PADDING || Math.abs(highest) * 1e-6 || 1;
  const x = scaleUtc([first, Math.max(last, first + 1)], [left, right]);
  const y = scaleLinear([lowest - padding, highest + padding], [bottom, top]);

  const xTicks = x.ticks(5).map((tick) => ({ at: x(tick), text: formatTime(tick, last - first) }));
  const writeValue = y.tickFormat(6);
  const yTicks = y.ticks(6).map((tick) => ({ at: y(tick), text: writeValue(tick) }));
  const line = points
    .map(({ time, value }) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`)
    .join(" ");
  const caption = `${formatDay(first)} (UTC)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" \
font-family="system-ui, sans-serif" font-size="17" fill="#333" role="img">
<title>${escape(labels.title)}</title>
<style>${DARK}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="16" y="32" font-size="18" font-weight="600">${escape(labels.title)}</text>
<g class="grid" stroke="#e4e4e4">
${xTicks.map(({ at }) => stroke(at, top, at, bottom)).join("\n")}
${yTicks.map(({ at }) => stroke(left, at, right, at)).join("\n")}
</g>
<g class="axis" stroke="#333">
${stroke(left, bottom, right, bottom)}
${stroke(left, top, left, bottom)}
${xTicks.map(({ at }) => stroke(at, bottom, at, bottom + 5)).join("\n")}
${yTicks.map(({ at }) => stroke(left - 5, at, left, at)).join("\n")}
</g>
<g text-anchor="middle">
${xTicks.map(({ at, text }) => label(at, bottom + 26, text)).join("\n")}
${label((left + right) / 2, HEIGHT - 16, caption)}
</g>
<g text-anchor="end">
${yTicks.map(({ at, text }) => label(left - 10, at + 6, text)).join("\n")}
</g>
<text transform="translate(22 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${
    escape(labels.values)
  }</text>
<polyline points="${line}" fill="none" stroke="#0b65c2" stroke-width="1.5" \
stroke-linejoin="round"/>
</svg>
`;
}

/** The smallest and the largest value. `Math.min(...values)` fails for very many values. */
function extent(values: readonly number[]): [number, number] {
  return values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

/** The label of a time: no finer than the span of the plot needs. */
function formatTime(time: Date, span: number): string {
  const text = time.toISOString();
  if (span > 2 * 86_400_000) return text.slice(5, 16).replace("T", " ");
  return span > 10 * 60_000 ? text.slice(11, 16) : text.slice(11, 19);
}

function formatDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function stroke(x1: number, y1: number, x2: number, y2: number): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => Number(value.toFixed(1)));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}"/>`;
}

function label(x: number, y: number, text: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escape(text)}</text>`;
}

/** Escapes text for XML, which cannot have control characters, not even escaped ones. */
function escape(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
