/**
 * Draws values over time as SVG: a panel for each series, with a time axis for all of them. A time
 * without readings is hatched, and no line crosses it. `ticks.ts` places the ticks.
 *
 * @module
 */

import { isoTime } from "../base/time_text.ts";
import { type AxisTick, timeTicks, valueTicks } from "./ticks.ts";

/** A value at a time, or those of a span of time. */
export interface PlotPoint {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** The value, or the mean. One that is not finite interrupts the line. */
  readonly value: number;
  /** The smallest value of the span. */
  readonly low?: number;
  /** The largest value of the span. */
  readonly high?: number;
}

/** A time without readings. */
export interface PlotGap {
  /** In milliseconds since 1970. */
  readonly start: number;
  /** `undefined` while it lasts. */
  readonly end?: number;
  readonly reason: string;
}

/** The values of one source. */
export interface PlotSeries {
  readonly label: string;
  readonly unit?: string;
  readonly points: readonly PlotPoint[];
  readonly gaps?: readonly PlotGap[];
  /** The lowest and the highest value without a warning. */
  readonly warning?: readonly [low: number, high: number];
  /** The lowest and the highest value without an alarm. */
  readonly alarm?: readonly [low: number, high: number];
}

/** What a plot shows. */
export interface PlotOptions {
  readonly title: string;
  /** The first time, in milliseconds since 1970. Default: that of the first point or gap. */
  readonly start?: number;
  /** The last time. Default: that of the last point or gap. */
  readonly end?: number;
}

// Small enough that its texts can still be read on the screen of a telephone.
const WIDTH = 600;
const [LEFT, RIGHT] = [124, WIDTH - 20];
const TITLE_HEIGHT = 44;
const HEADING_HEIGHT = 30;
const [PANEL_HEIGHT, ONLY_PANEL_HEIGHT] = [170, 260];
/** The distance from a panel to the heading of the next one. */
const SPACE = 16;
const AXIS_HEIGHT = 72;
/** The longest texts, in characters. */
const [LONGEST_TITLE, LONGEST_HEADING, LONGEST_TICK] = [60, 48, 10];
const FONT_SIZE = 17;
/** The margin above and below the values, as a part of their range. */
const PADDING = 0.06;
/** A limit is shown if the range of the panel is at most so many times that of its values then. */
const MOST_ENLARGED = 3;

/** The colours for a reader who prefers a dark screen. */
const DARK = `@media (prefers-color-scheme: dark) {
.paper { fill: #1a2028 } text { fill: #dfe5ec } .line { stroke: #7db8f5 }
.dot, .band { fill: #7db8f5 } .grid { stroke: #343d48 } .axis { stroke: #9aa7b6 }
.gap { stroke: #67727f } .warning { fill: #c99a1e } .alarm { fill: #e0605a }
}`;

/**
 * The SVG as text. Times are in UTC.
 *
 * @throws {RangeError} If there is no point and no gap, or the last time is not after the first one.
 */
export function plot(series: readonly PlotSeries[], options: PlotOptions): string {
  const [start, end] = spanOf(series, options);
  const panelHeight = series.length === 1 ? ONLY_PANEL_HEIGHT : PANEL_HEIGHT;
  const rowHeight = HEADING_HEIGHT + panelHeight + SPACE;
  const height = TITLE_HEIGHT + series.length * rowHeight - SPACE + AXIS_HEIGHT;
  const x = scale(start, end, LEFT, RIGHT);
  const ticks = timeTicks(start, end, end - start < 3_000 ? 3 : 5)
    .map((tick) => ({ ...tick, position: x(tick.at) }));
  const panels = series.map((one, index) => {
    const top = TITLE_HEIGHT + index * rowHeight + HEADING_HEIGHT;
    return panel(prepared(one, start, end), { x, ticks, top, bottom: top + panelHeight, index });
  });
  const bottom = height - AXIS_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" \
font-family="system-ui, sans-serif" font-size="${FONT_SIZE}" fill="#333" role="img">
<title>${escape(options.title)}</title>
<style>${DARK}</style>
<defs>
<pattern id="gap" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<line class="gap" y2="7" stroke="#b4bac1" stroke-width="2"/></pattern>
</defs>
<rect class="paper" width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="16" y="30" font-size="18" font-weight="600">${cut(options.title, LONGEST_TITLE)}</text>
${panels.join("\n")}
<g text-anchor="middle">
${
    ticks.map(({ position, label, context }) =>
      text(position, bottom + 24, label) +
      (context === undefined ? "" : text(position, bottom + 44, context))
    ).join("\n")
  }
</g>
<text x="${RIGHT}" y="${bottom + 64}" text-anchor="end">UTC</text>
</svg>
`;
}

/** The first and the last time of a plot. */
function spanOf(series: readonly PlotSeries[], options: PlotOptions): [number, number] {
  let [first, last] = [Infinity, -Infinity];
  for (const { points, gaps = [] } of series) {
    for (const { time } of points) [first, last] = [Math.min(first, time), Math.max(last, time)];
    for (const { start, end = start } of gaps) {
      [first, last] = [Math.min(first, start), Math.max(last, end)];
    }
  }
  if (!Number.isFinite(first) || !Number.isFinite(last)) {
    throw new RangeError("Cannot draw a plot: there are no values");
  }
  const start = options.start ?? first;
  const end = options.end ?? Math.max(last, start + 1);
  if (start < end) return [start, end];
  throw new RangeError(
    `Cannot draw a plot from ${isoTime(start)} to ${isoTime(end)}: it has to end after its start`,
  );
}

/** A series in the order of its times, without what is outside of the plot. */
function prepared(series: PlotSeries, start: number, end: number): PlotSeries & {
  readonly gaps: readonly Required<PlotGap>[];
} {
  const points = series.points.filter(({ time }) => time >= start && time <= end)
    .sort((a, b) => a.time - b.time);
  const gaps = (series.gaps ?? [])
    .map((gap) => ({
      ...gap,
      start: Math.max(gap.start, start),
      end: Math.min(gap.end ?? end, end),
    }))
    .filter((gap) => gap.start <= gap.end)
    .sort((a, b) => a.start - b.start);
  return { ...series, points, gaps };
}

interface Place {
  readonly x: (time: number) => number;
  readonly ticks: readonly { position: number }[];
  readonly top: number;
  readonly bottom: number;
  readonly index: number;
}

function panel(series: ReturnType<typeof prepared>, place: Place): string {
  const { x, ticks, top, bottom, index } = place;
  const range = rangeOf(series);
  const y = range && scale(range[0], range[1], bottom, top);
  const count = Math.round((bottom - top) / 45);
  const marks = y
    ? valueTicks(range[0], range[1], count).map((tick) => ({ ...tick, position: y(tick.at) }))
    : [];
  const heading = `${series.label}${series.unit ? ` / ${series.unit}` : ""}`;
  return `<clipPath id="panel${index}">\
<rect x="${LEFT}" y="${top}" width="${RIGHT - LEFT}" height="${bottom - top}"/></clipPath>
<text x="${LEFT}" y="${top - 9}">${cut(heading, LONGEST_HEADING)}</text>
<g clip-path="url(#panel${index})">
${y ? limitBands(series, y, top, bottom) : ""}
${gapAreas(series.gaps, x, top, bottom)}
</g>
<g class="grid" stroke="#e4e4e4">
${ticks.map(({ position }) => stroke(position, top, position, bottom)).join("\n")}
${marks.map(({ position }) => stroke(LEFT, position, RIGHT, position)).join("\n")}
</g>
<g class="axis" stroke="#333">
${stroke(LEFT, bottom, RIGHT, bottom)}
${stroke(LEFT, top, LEFT, bottom)}
${ticks.map(({ position }) => stroke(position, bottom, position, bottom + 5)).join("\n")}
${marks.map(({ position }) => stroke(LEFT - 5, position, LEFT, position)).join("\n")}
</g>
<g text-anchor="end">
${marks.map(markLabel).join("\n")}
</g>
${
    y
      ? runsOf(series.points, series.gaps).map((run) => drawRun(run, x, y)).join("\n")
      : text((LEFT + RIGHT) / 2, (top + bottom) / 2, "no values", `text-anchor="middle"`)
  }`;
}

function markLabel({ position, label }: AxisTick & { position: number }): string {
  // A number of many digits is written smaller, so that none is cut off.
  const size = label.length > LONGEST_TICK
    ? `font-size="${number(FONT_SIZE * LONGEST_TICK / label.length)}"`
    : "";
  return text(LEFT - 10, position + 6, label, size);
}

/** The range of a panel: its values, and the limits that are near them. */
function rangeOf({ points, warning, alarm }: PlotSeries): [number, number] | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const point of points) {
    if (!Number.isFinite(point.value)) continue;
    for (const value of [point.value, point.low, point.high]) {
      if (value === undefined || !Number.isFinite(value)) continue;
      [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  }
  if (low > high) return undefined;
  const span = high / 2 - low / 2; // the whole span may be more than the largest number
  for (const limit of [...(warning ?? []), ...(alarm ?? [])]) {
    if (!Number.isFinite(limit)) continue;
    const [lower, higher] = [Math.min(low, limit), Math.max(high, limit)];
    if (span === 0 || higher / 2 - lower / 2 <= span * MOST_ENLARGED) [low, high] = [lower, higher];
  }
  // A value that never changes is drawn in the middle.
  const padding = (high / 2 - low / 2) * 2 * PADDING || Math.abs(high) * 1e-6 || 1;
  return [Math.max(low - padding, -Number.MAX_VALUE), Math.min(high + padding, Number.MAX_VALUE)];
}

/** Points that a line connects: there is no gap between two of them, and each is finite. */
function runsOf(
  points: readonly PlotPoint[],
  gaps: readonly Required<PlotGap>[],
): (readonly PlotPoint[])[] {
  const runs: PlotPoint[][] = [];
  let run: PlotPoint[] | undefined;
  let [next, lastEnd] = [0, -Infinity];
  for (const point of points) {
    // The gaps that have begun before this point; the latest end of them tells whether one is between.
    for (; next < gaps.length && gaps[next].start < point.time; next++) {
      lastEnd = Math.max(lastEnd, gaps[next].end);
    }
    if (!Number.isFinite(point.value)) run = undefined;
    else if (run === undefined || lastEnd > run.at(-1)!.time) runs.push(run = [point]);
    else run.push(point);
  }
  return runs;
}

/** A line of the means over a band of the extremes; a point that is alone is a dot. */
function drawRun(
  run: readonly PlotPoint[],
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  const at = (time: number, value: number) => `${number(x(time))},${number(y(value))}`;
  const edge = (value: number | undefined, mean: number) =>
    value !== undefined && Number.isFinite(value) ? value : mean;
  const hasBand = run.some(({ low, high, value }) => edge(low, value) < edge(high, value));
  const upper = run.map(({ time, value, high }) => at(time, edge(high, value)));
  const lower = run.map(({ time, value, low }) => at(time, edge(low, value))).reverse();
  const [{ time, value }] = run;
  if (run.length === 1) {
    const bar = hasBand
      ? `<path class="line" d="M${upper[0]}L${lower[0]}" stroke="#0b65c2" stroke-opacity="0.4"/>\n`
      : "";
    const [cx, cy] = at(time, value).split(",");
    return `${bar}<circle class="dot" cx="${cx}" cy="${cy}" r="2" fill="#0b65c2"/>`;
  }
  const band = hasBand
    ? `<polygon class="band" points="${[...upper, ...lower].join(" ")}" fill="#0b65c2" \
fill-opacity="0.25"/>\n`
    : "";
  const line = run.map(({ time, value }) => at(time, value)).join(" ");
  return `${band}<polyline class="line" points="${line}" fill="none" stroke="#0b65c2" \
stroke-width="1.5" stroke-linejoin="round"/>`;
}

/** What is outside of the limits, up to the edge of the panel. That of an alarm is on top. */
function limitBands(
  { warning, alarm }: PlotSeries,
  y: (value: number) => number,
  top: number,
  bottom: number,
): string {
  const bands = ([["warning", warning, "#f2c94c"], ["alarm", alarm, "#e5534b"]] as const)
    .flatMap(([kind, range, colour]) => {
      if (range === undefined) return [];
      const [low, high] = range.map((limit) => Math.min(Math.max(y(limit), top), bottom));
      return [[top, high], [low, bottom]].filter(([from, to]) => from < to).map(([from, to]) =>
        `<rect class="${kind}" x="${LEFT}" y="${number(from)}" width="${RIGHT - LEFT}" \
height="${number(to - from)}" fill="${colour}" fill-opacity="0.28"><title>${kind}</title></rect>`
      );
    });
  return bands.join("\n");
}

/** The gaps as hatched areas. Those that are too near each other to be told apart are one area. */
function gapAreas(
  gaps: readonly Required<PlotGap>[],
  x: (time: number) => number,
  top: number,
  bottom: number,
): string {
  const areas: { from: number; to: number; reason: string; isMixed: boolean }[] = [];
  for (const { start, end, reason } of gaps) {
    const [from, to] = [x(start), Math.max(x(end), x(start) + 1)];
    const last = areas.at(-1);
    if (last === undefined || from > last.to + 0.5) {
      areas.push({ from, to, reason, isMixed: false });
    } else {
      last.to = Math.max(last.to, to);
      last.isMixed ||= reason !== last.reason;
    }
  }
  return areas.map(({ from, to, reason, isMixed }) =>
    `<rect x="${number(from)}" y="${top}" width="${number(to - from)}" height="${bottom - top}" \
fill="url(#gap)"><title>${escape(reason)}${isMixed ? ", and other reasons" : ""}</title></rect>`
  ).join("\n");
}

/** Maps a range to pixels. Differences of very large numbers would be infinite: both are divided. */
function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  const unit = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const [first, span] = [low / unit, high / unit - low / unit];
  return (value) => from + (value / unit - first) / span * (to - from);
}

function stroke(x1: number, y1: number, x2: number, y2: number): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(number);
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}"/>`;
}

function text(x: number, y: number, content: string, attributes = ""): string {
  const more = attributes && ` ${attributes}`;
  return `<text x="${number(x)}" y="${number(y)}"${more}>${escape(content)}</text>`;
}

/** A position with one decimal at most. */
function number(value: number): string {
  return String(Number(value.toFixed(1)));
}

function cut(content: string, longest: number): string {
  const characters = [...content];
  return escape(
    characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : content,
  );
}

/** What XML cannot have, not even escaped, and what changes the direction of writing. */
const NOT_XML = /[\p{Cc}\p{Cs}\ufffe\uffff\u202a-\u202e\u2066-\u2069]/gu;

function escape(content: string): string {
  return content.replaceAll(NOT_XML, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
