/**
 * Durations and sizes as they are written on a command line, e.g. `10s` and `256MiB`.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const BYTES: ReadonlyMap<string, number> = new Map([
  ["b", 1],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["kib", 2 ** 10],
  ["mib", 2 ** 20],
  ["gib", 2 ** 30],
]);

/**
 * The milliseconds of e.g. `10`, `10s`, `1.5 min` or `500ms`. A number without a unit is seconds.
 *
 * @throws {ValueError} When the text is not a duration.
 */
export function parseDuration(text: string): number {
  return parse(text, MILLISECONDS, "s", "a duration such as 10, 10s, 500ms, 5min, 2h or 7d");
}

/**
 * The bytes of e.g. `4096`, `256MiB` or `1.5 GB`. A number without a unit is bytes.
 *
 * @throws {ValueError} When the text is not a size.
 */
export function parseSize(text: string): number {
  return parse(text, BYTES, "b", "a size such as 4096, 64KiB, 256MiB or 1GB");
}

/** Milliseconds in the form of {@linkcode parseDuration}, in the largest unit that is exact. */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, ["d", "h", "min", "s", "ms"], MILLISECONDS);
}

/** Bytes in the form of {@linkcode parseSize}, in the largest unit that is exact. */
export function formatSize(bytes: number): string {
  return format(bytes, ["GiB", "MiB", "KiB", "B"], BYTES);
}

function parse(
  text: string,
  units: ReadonlyMap<string, number>,
  defaultUnit: string,
  expected: string,
): number {
  const [, number, unit = defaultUnit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/i.exec(text) ?? [];
  const factor = units.get(unit.toLowerCase());
  if (number === undefined || factor === undefined) {
    throw new ValueError(`Expected ${expected}, got ${JSON.stringify(text)}`);
  }
  return Math.round(Number(number) * factor);
}

function format(
  value: number,
  names: readonly string[],
  units: ReadonlyMap<string, number>,
): string {
  const isExact = (name: string) => value % units.get(name.toLowerCase())! === 0;
  const name = (value === 0 ? undefined : names.find(isExact)) ?? names.at(-1)!;
  return `${value / units.get(name.toLowerCase())!}${name}`;
}
