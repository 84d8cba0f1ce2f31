/**
 * What a value is for a reader: a number, a text, a picture, lines of a plot, a table; all else is
 * JSON.
 *
 * @module
 */

import type { Samples } from "./decimation.ts";
import { type Picture, pictureOf } from "./picture_data.ts";
import { type Table, tableOf } from "./table.ts";

/** A line of an array plot. */
export interface ArrayLine {
  label: string;
  samples: Samples;
}

/** What a value is. */
export type ValueKind =
  | { kind: "number"; value: number }
  | { kind: "text"; text: string }
  | { kind: "picture"; picture: Picture }
  | { kind: "lines"; lines: readonly ArrayLine[]; axis: string }
  | { kind: "table"; table: Table }
  | { kind: "json" };

/** The most lines of an array plot. */
const MAX_LINES = 8;
/** With fewer numbers than this a list is read faster than a plot. */
const FEWEST = 3;
const JSON_KIND = { kind: "json" } as const;

/** What a value is for a reader. */
export function kindOf(value: unknown): ValueKind {
  if (typeof value === "number") return { kind: "number", value };
  const picture = pictureOf(value);
  if (picture !== undefined) return { kind: "picture", picture };
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value !== "object" || value === null) return JSON_KIND;
  const lines = Array.isArray(value) ? linesOf(value) : namedLines(value);
  if (lines !== undefined) return lines;
  const table = Array.isArray(value) ? tableOf(value) : undefined;
  return table === undefined ? JSON_KIND : { kind: "table", table };
}

type Numbers = readonly (number | null)[];

/** Whether all items are numbers; `null` is one that is missing. */
function isNumbers(value: unknown): value is Numbers {
  return Array.isArray(value) && value.length >= FEWEST &&
    value.every((item) => typeof item === "number" || item === null) &&
    value.some((item) => Number.isFinite(item));
}

function linesOf(items: readonly unknown[]): ValueKind | undefined {
  if (isNumbers(items)) return plotOf(new Map([["value", items]]), undefined, "index");
  if (items.length < 2 || !items.every(Array.isArray)) return undefined;
  const { length } = items[0];
  if (!items.every((row) => row.length === length)) return undefined;
  if (items.length <= MAX_LINES && length > MAX_LINES) { // each row is a line
    if (!items.every(isNumbers)) return undefined;
    return plotOf(new Map(items.map((row, index) => [`row ${index}`, row])), undefined, "index");
  }
  if (items.length < FEWEST || length === 0 || length > MAX_LINES) return undefined;
  const columns = Array.from({ length }, (_, column) => items.map((row) => row[column]));
  if (!columns.every(isNumbers)) return undefined;
  const named = new Map(columns.map((column, index) => [`column ${index}`, column]));
  return plotOf(named, firstAxis(named), "index");
}

/** An object of arrays that are equally long, e.g. `{ frequency: [...], amplitude: [...] }`. */
function namedLines(value: object): ValueKind | undefined {
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > MAX_LINES + 1) return undefined;
  if (!entries.every(([, items]) => isNumbers(items))) return undefined;
  const lines = new Map(entries as [string, Numbers][]);
  const lengths = new Set([...lines.values()].map(({ length }) => length));
  return lengths.size === 1 ? plotOf(lines, firstAxis(lines), "index") : undefined;
}

/** The name of the first line, if its values increase and there is something to draw over it. */
function firstAxis(lines: ReadonlyMap<string, Numbers>): string | undefined {
  const [[name, items]] = lines;
  const isIncreasing = items.every((item, index) =>
    Number.isFinite(item) && (index === 0 || item! > items[index - 1]!)
  );
  return isIncreasing && lines.size > 1 ? name : undefined;
}

function plotOf(
  lines: ReadonlyMap<string, Numbers>,
  axisName: string | undefined,
  axis: string,
): ValueKind {
  const places = axisName === undefined ? undefined : lines.get(axisName);
  const drawn = [...lines].filter(([label]) => label !== axisName)
    .map(([label, values]) => ({ label, samples: new ArraySamples(values, places) }));
  return { kind: "lines", lines: drawn, axis: axisName ?? axis };
}

/** The numbers of an array over their index, or over other numbers that increase. */
class ArraySamples implements Samples {
  readonly #values: Numbers;
  readonly #places: Numbers | undefined;

  constructor(values: Numbers, places?: Numbers) {
    this.#values = values;
    this.#places = places;
  }

  get length(): number {
    return this.#values.length;
  }

  timeAt(index: number): number {
    return this.#places === undefined ? index : this.#places[index]!;
  }

  valueAt(index: number): number {
    const value = this.#values[index];
    return Number.isFinite(value) ? value! : NaN;
  }

  indexAt(place: number): number {
    if (this.#places === undefined) {
      return Math.min(this.length, Math.max(0, Math.ceil(place)));
    }
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
