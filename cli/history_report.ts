/**
 * What the command `history` prints: the sources of a recording, and histories as a table, as CSV and
 * as a plot. All times are in UTC.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { isoTime } from "../base/time_text.ts";
import { plot, type PlotSeries } from "../record/plot.ts";
import type { History, HistoryGap, HistorySource, LatestReading } from "../wire/history.ts";
import { encodeForTerminal } from "../wire/printable_json.ts";
import { SUMMARIES } from "./array_summary.ts";
import { valueCell } from "./csv.ts";
import type { SourceLimits } from "./history_reader.ts";
import { table } from "./output.ts";

/** The digits of a number in a table; in CSV it has all of them. */
const DIGITS = 10;
/** The longest value in a table, in characters. */
const LONGEST_VALUE = 40;

/** A table of the sources, with their latest values. A source without readings says since when. */
export function describeSources(
  sources: readonly HistorySource[],
  latest: readonly LatestReading[],
  heading: (text: string) => string = String,
): string {
  if (sources.length === 0) return "No sources";
  const latestOf = new Map(latest.map((one) => [one.id, one]));
  const rows = sources.map((one) => {
    const last = latestOf.get(one.id);
    const gap = last?.gap ?? null;
    return [
      one.source,
      one.start === null ? "-" : isoTime(one.start),
      one.end === null ? "-" : isoTime(one.end),
      one.end === null ? "-" : shownValue(last?.value, one.unit),
      gap === null ? "" : `${gap.reason}, since ${isoTime(gap.start)}`,
    ];
  });
  const [headings, ...lines] = table(["source", "first", "last", "latest value", "gap"], rows);
  return [heading(headings), ...lines].join("\n");
}

/** A table of a history: its buckets, and its gaps between them. */
export function describeHistory(
  history: History,
  heading: (text: string) => string = String,
): string {
  const { source, unit, start, end, buckets, gaps } = history;
  const rows: { at: number; cells: string[] }[] = [
    ...buckets.map(({ start, minimum, mean, maximum, count }) => ({
      at: start,
      cells: [isoTime(start), ...[minimum, mean, maximum].map(shownNumber), String(count), ""],
    })),
    ...gaps.map((gap) => ({
      at: gap.start,
      cells: [isoTime(gap.start), "", "", "", "", describeGap(gap)],
    })),
  ].sort((a, b) => a.at - b.at);
  const title = `${source}${unit && ` / ${unit}`}, ${isoTime(start)} to ${isoTime(end)}`;
  // Texts, arrays and objects have no minimum, so readings may be there all the same.
  const note = buckets.length === 0
    ? ["No numbers. --readings prints every reading of a file"]
    : [];
  if (rows.length === 0) return [printable(title), ...note].join("\n");
  const names = ["from", "minimum", "mean", "maximum", "count", "gap"];
  const [headings, ...lines] = table(names, rows.map(({ cells }) => cells));
  return [printable(title), heading(headings), ...lines, ...note].join("\n");
}

function describeGap({ end, reason, count }: HistoryGap): string {
  const more = count > 1 ? ` (the longest of ${count})` : "";
  return `${end === null ? "to now" : `to ${isoTime(end)}`}: ${reason}${more}`;
}

/** Histories as CSV: a row for each bucket and each gap, in the order of their times. */
export function historyCsv(histories: readonly History[], isTerminal: boolean): string {
  const rows = histories.flatMap(({ source, unit, buckets, gaps }) =>
    [
      ...buckets.map(({ start, end, minimum, mean, maximum, count }) => ({
        at: start,
        cells: [isoTime(start), isoTime(end), source, unit, minimum, mean, maximum, count, ""],
      })),
      ...gaps.map(({ start, end, reason }) => ({
        at: start,
        cells: [
          isoTime(start),
          end === null ? "" : isoTime(end),
          source,
          unit,
          "",
          "",
          "",
          "",
          reason,
        ],
      })),
    ].sort((a, b) => a.at - b.at)
  );
  const header = ["start", "end", "source", "unit", "minimum", "mean", "maximum", "count", "gap"];
  return [header, ...rows.map(({ cells }) => cells)]
    .map((cells) => `${cells.map((cell) => valueCell(cell, isTerminal)).join(",")}\n`).join("");
}

/**
 * Histories as SVG.
 *
 * @throws {RangeError} If there is nothing to draw.
 */
export function historyPlot(
  histories: readonly (History & { readonly limits?: SourceLimits })[],
  title: string,
): string {
  const series = histories.map(({ source, unit, buckets, gaps, limits }): PlotSeries => ({
    label: source,
    unit,
    points: buckets.map(({ start, end, minimum, mean, maximum }) => ({
      time: (start + end) / 2,
      value: mean,
      low: minimum,
      high: maximum,
    })),
    gaps: gaps.map(({ start, end, reason }) => ({ start, end: end ?? undefined, reason })),
    ...limits,
  }));
  const [{ start, end }] = histories;
  return plot(series, { title, start, end });
}

function shownNumber(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}

function shownValue(value: unknown, unit: string): string {
  const text = typeof value === "string" ? value : encodeForTerminal(value, SUMMARIES);
  const short = text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
  return typeof value === "number" && unit !== "" ? `${short} ${unit}` : short;
}
