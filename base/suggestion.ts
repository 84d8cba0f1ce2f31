/**
 * What an error says of a name that does not exist: the one that was probably meant, and those that
 * there are.
 *
 * @module
 */

import { repr } from "./repr.ts";

/** How many names are listed. */
const MOST_NAMES = 20;

/** The longest name that is compared with others, and listed whole, in UTF-16 code units. */
const LONGEST_NAME = 64;

/** The largest number of characters in which a name may differ from the one that was meant. */
const LARGEST_DISTANCE = 4;

/**
 * `Did you mean 'Thermometer'?`, or an empty text.
 *
 * @param name The name that does not exist.
 * @param names Those that do.
 */
export function suggestName(name: string, names: readonly string[]): string {
  const meant = name.toLowerCase();
  // Of three characters one may be wrong.
  let least = Math.min(Math.ceil(name.length / 3), LARGEST_DISTANCE) + 1;
  let nearest: string | undefined;
  for (const one of names) {
    if (one.length > LONGEST_NAME || Math.abs(one.length - name.length) >= least) continue;
    const distance = distanceOf(meant, one.toLowerCase(), least);
    if (distance < least) [least, nearest] = [distance, one];
  }
  return nearest === undefined ? "" : `Did you mean ${repr(nearest)}?`;
}

/** Names in quotes, `'add', 'power' and 3 more`; `none` if there is none. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, MOST_NAMES).map((name) =>
    repr(name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name)
  ).join(", ");
  const left = names.length - MOST_NAMES;
  return left > 0 ? `${shown} and ${left} more` : shown;
}

/**
 * How many characters have to be added, left out or replaced to make one text of the other, its
 * Levenshtein distance; `limit` if it is not below that. The one of `@std/text` takes 4 MB of memory in
 * each program that imports it.
 */
function distanceOf(from: string, to: string, limit: number): number {
  // The distances of every beginning of `to` from a beginning of `from`, which grows.
  let row = Array.from({ length: to.length + 1 }, (_, length) => length);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return row[to.length];
}
