/**
 * How a user says which records of connections are kept, e.g. `100000`, `90d` or `100000,90d`.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { KEPT_CONNECTIONS } from "../limits.ts";
import type { Retention } from "./database/connections_table.ts";
import { parseDuration } from "../base/units.ts";

/**
 * The retention that a text describes: a number of rows, an age with its unit, or both with a comma
 * between them. Without a number of rows it is `KEPT_CONNECTIONS`.
 *
 * @throws {ValueError} If the text is no retention.
 */
export function parseRetention(text: string): Retention {
  const words = text.split(",").map((word) => word.trim());
  const ages = words.filter((word) => /^[\d.]+\s*[a-z]+$/i.test(word));
  const counts = words.filter((word) => /^\d+$/.test(word));
  const rows = counts.length > 0 ? Number(counts[0]) : KEPT_CONNECTIONS;
  const isOne = ages.length <= 1 && counts.length <= 1;
  if (!isOne || ages.length + counts.length !== words.length || !Number.isSafeInteger(rows)) {
    throw new ValueError(
      `Expected a number of records, an age, or both, such as 100000, 90d or 100000,90d, ` +
        `got ${JSON.stringify(text)}`,
    );
  }
  return { rows, age: ages.length > 0 ? parseDuration(ages[0]) : Infinity };
}
