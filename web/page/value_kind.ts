/**
 * What a value is for a reader: a number, a text, a picture, lines of a plot, a table; all else is
 * JSON.
 *
 * @module
 */

import type { Samples } from "./decimation.ts";
import { isTypedArray, NdArray } from "../../wire/nd_array.ts";
import { columnOf, type Items, itemsOf, numberOf, withoutDimension } from "./items.ts";
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
export function kindOf(given: unknown): ValueKind {
  const value = withoutDimension(given);
  const number = numberOf(value);
  if (number !== undefined) return { kind: "number", value: number };
  const picture = pictureOf(value);
  if (picture !== undefined) return { kind: "picture", picture };
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value !== "object" || value === null) return JSON_KIND;
  const items = itemsOf(value);
  const lines = items === undefined ? namedLines(value) : linesOf(value, items);
  if (lines !== undefined) return lines;
  const table = Array.isArray(value) ? tableOf(value) : undefined;
  return table === undefined ? JSON_KIND : { kind: "table", table };
}

/** Whether all items are numbers; `null` is one that is missing. */
function areNumbers(items: Items | undefined): items is Items<number | bigint | null> {
  if (items === undefined || items.length < FEWEST) return false;
  if (isTypedArray(items)) { // all are, and mostly the first one is finite
    for (const number of items) if (Number.isFinite(Number(number))) return true;
    return false;
  }
  let hasFinite = false;
  for (let index = 0; index < items.length; index++) {
    const item = items.at(index);
    const number = numberOf(item);
    if (number === undefined && item !== null) return false;
    hasFinite ||= Number.isFinite(number);
  }
  return hasFinite;
}

function linesOf(value: object, items: Items): ValueKind | undefined {
  if (areNumbers(items)) return plotOf(new Map([["value", items]]), undefined, "index");
  const length = widthOf(value, items);
  if (length === undefined || items.length < 2) return undefined;
  if (items.length <= MAX_LINES && length > MAX_LINES) { // each row is a line
    const rows = Array.from({ length: items.length }, (_, index) => itemsOf(items.at(index)));
    if (!rows.every(areNumbers)) return undefined;
    return plotOf(new Map(rows.map((row, index) => [`row ${index}`, row])), undefined, "index");
  }
  if (items.length < FEWEST || length === 0 || length > MAX_LINES) return undefined;
  const columns = Array.from(
    { length },
    (_, column) => value instanceof NdArray ? columnOf(value, column) : columnIn(items, column),
  );
  if (!columns.every(areNumbers)) return undefined;
  const named = new Map(columns.map((column, index) => [`column ${index}`, column]));
  return plotOf(named, firstAxis(named), "index");
}

/** How many items each row has, if all have as many; `undefined` if not, or if these are no rows. */
function widthOf(value: object, rows: Items): number | undefined {
  if (value instanceof NdArray) return value.shape.length === 2 ? value.shape[1] : undefined;
  if (isTypedArray(value)) return undefined;
  const width = itemsOf(rows.at(0))?.length;
  for (let index = 1; index < rows.length; index++) {
    if (itemsOf(rows.at(index))?.length !== width) return undefined;
  }
  return width;
}

/** A column of a list of rows. */
function columnIn(rows: Items, column: number): Items {
  return Array.from({ length: rows.length }, (_, index) => itemsOf(rows.at(index))!.at(column));
}

/** An object of arrays that are equally long, e.g. `{ frequency: [...], amplitude: [...] }`. */
function namedLines(value: object): ValueKind | undefined {
  if (value instanceof NdArray) return undefined;
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > MAX_LINES + 1) return undefined;
  const lines = new Map<string, Items>();
  for (const [name, member] of entries) {
    const items = itemsOf(member);
    if (!areNumbers(items)) return undefined;
    lines.set(name, items);
  }
  const lengths = new Set([...lines.values()].map(({ length }) => length));
  return lengths.size === 1 ? plotOf(lines, firstAxis(lines), "index") : undefined;
}

/** The name of the first line, if its values increase and there is something to draw over it. */
function firstAxis(lines: ReadonlyMap<string, Items>): string | undefined {
  const [[name, items]] = lines;
  if (lines.size === 1) return undefined;
  let last = -Infinity;
  for (let index = 0; index < items.length; index++) {
    const number = numberOf(items.at(index));
    if (number === undefined || !Number.isFinite(number) || number <= last) return undefined;
    last = number;
  }
  return name;
}

function plotOf(
  lines: ReadonlyMap<string, Items>,
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
  readonly #values: Items;
  readonly #places: Items | undefined;

  constructor(values: Items, places?: Items) {
    this.#values = values;
    this.#places = places;
  }

  get length(): number {
    return this.#values.length;
  }

  timeAt(index: number): number {
    return this.#places === undefined ? index : numberOf(this.#places.at(index))!;
  }

  valueAt(index: number): number {
    const value = numberOf(this.#values.at(index));
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
      if (this.timeAt(middle) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
