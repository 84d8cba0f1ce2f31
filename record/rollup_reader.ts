/**
 * Minimum, maximum, mean and count of the numbers of a source in equal parts of a span, from the
 * rollups where there are some, and from the readings where those are few. The result is that of a scan
 * of all readings. The method is called in a transaction.
 *
 * @module
 */

import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { bucketOf, LEAF_SIZE, limited, WIDTHS } from "./rollup_tree.ts";

/** From when to when, in milliseconds since 1970: `start` is inside, `end` is not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What the numbers of a source were in a part of a span. */
export interface Bucket extends Span {
  /** The smallest number. */
  readonly low: number;
  /** The largest number. */
  readonly high: number;
  /** Their mean. */
  readonly mean: number;
  /** How many there are, at least 1. */
  readonly count: number;
}

/** How many rollups a part is made of at least, so that its width is near to what was asked for. */
const ROLLUPS_IN_PART = 4;

/** A summary of the numbers in a part, as a statement selects it. */
interface Sums {
  low: number;
  high: number;
  sum: number;
  count: number;
}

/** How a span is divided. */
interface Division {
  /** Where the first part begins, before the span or at its start. */
  readonly origin: number;
  readonly width: number;
  /** The level of rollups that parts are made of; -1 for none. */
  readonly level: number;
}

/** Reads the rollups of a recording. */
export class RollupReader {
  readonly #rolledUp: StatementSync;
  readonly #rollups: StatementSync;
  readonly #leaves: StatementSync;
  readonly #bucket: StatementSync;
  readonly #rolled: StatementSync;
  readonly #unrolled: StatementSync;

  /** @param database A database with the tables of `schema.ts`. */
  constructor(database: DatabaseSync) {
    this.#rolledUp = database.prepare("SELECT rolled_up FROM progress");
    this.#rollups = database.prepare(
      `SELECT CAST((bucket - ?1) / ?2 AS INTEGER) AS part, MIN(low) AS low, MAX(high) AS high,
         SUM(sum) AS sum, SUM(count) AS count
       FROM rollup WHERE source = ?3 AND bucket >= ?4 AND bucket < ?5 AND width = ?6 GROUP BY part`,
    );
    this.#leaves = database.prepare(
      `SELECT bucket, low, high, sum, count FROM rollup
       WHERE source = ? AND width = ? AND bucket > ? AND bucket < ? AND count <= ${LEAF_SIZE}`,
    );
    this.#bucket = database.prepare(
      "SELECT count FROM rollup WHERE source = ? AND width = ? AND bucket = ?",
    );
    const scan = (condition: string) =>
      database.prepare(
        `SELECT CAST((time - ?1) / ?2 AS INTEGER) AS part, MIN(value) AS low, MAX(value) AS high,
           SUM(value) AS sum, COUNT(*) AS count
         FROM reading WHERE time >= ?4 AND time < ?5 AND value IS NOT NULL AND ${condition}
         GROUP BY part`,
      );
    this.#rolled = scan("source = ?3 AND id <= ?6");
    this.#unrolled = scan("+source = ?3 AND id > ?6");
  }

  /**
   * The parts of a span that have a number in them, in their order.
   *
   * @param points How many parts the span has at most.
   */
  buckets(source: number, span: Span, points: number): Bucket[] {
    const division = divide(span, points);
    const { origin, width, level } = division;
    const rolledUp = Number(this.#rolledUp.get()!.rolled_up);
    const parts = new Map<number, Sums>();
    const add = (row: Record<string, SQLOutputValue>) => addTo(parts, row, points);
    const select = (statement: StatementSync, { start, end }: Span, last: number) => {
      for (const row of statement.all(origin, width, source, start, end, last)) add(row);
    };
    const scanned: Span[] = [];
    if (level === -1) {
      scanned.push(span);
    } else {
      this.#collectLeaves(source, span, division, add, scanned);
      this.#collect(
        source,
        span,
        level,
        (there, wide) => select(this.#rollups, there, wide),
        scanned,
      );
    }
    for (const there of joined(scanned)) select(this.#rolled, there, rolledUp);
    select(this.#unrolled, span, rolledUp);
    return [...parts].sort(([a], [b]) => a - b).map(([part, { low, high, sum, count }]) => ({
      start: Math.max(span.start, origin + part * width),
      end: Math.min(span.end, origin + (part + 1) * width),
      low,
      high,
      mean: Math.max(low, Math.min(high, sum / count)),
      count,
    }));
  }

  /** The buckets that are wider than the rollups of the parts, and have no smaller ones in them. */
  #collectLeaves(
    source: number,
    span: Span,
    { origin, width, level }: Division,
    add: (row: Record<string, SQLOutputValue>) => void,
    scanned: Span[],
  ): void {
    for (const wide of WIDTHS.slice(level + 1)) {
      for (const row of this.#leaves.all(source, wide, span.start - wide, span.end)) {
        const start = Number(row.bucket);
        const end = start + wide;
        const part = Math.floor((start - origin) / width);
        const isInSpan = start >= span.start && end <= span.end;
        if (isInSpan && end <= origin + (part + 1) * width) add({ ...row, part });
        else scanned.push({ start: Math.max(start, span.start), end: Math.min(end, span.end) });
      }
    }
  }

  /** The buckets of a level in a span, and what is in smaller ones at both of its ends. */
  #collect(
    source: number,
    { start, end }: Span,
    level: number,
    select: (span: Span, width: number) => void,
    scanned: Span[],
  ): void {
    const width = WIDTHS[level];
    const first = -bucketOf(-start, width); // rounded up
    const last = bucketOf(end, width);
    const ends = first <= last ? [{ start, end: first }, { start: last, end }] : [{ start, end }];
    if (first < last) select({ start: first, end: last }, width);
    for (const part of ends.filter((it) => it.start < it.end)) {
      const row = this.#bucket.get(source, width, bucketOf(part.start, width));
      if (row === undefined) continue; // nothing, or a leaf that is wider
      if (level === 0 || Number(row.count) <= LEAF_SIZE) scanned.push(part);
      else this.#collect(source, part, level - 1, select, scanned);
    }
  }
}

function divide({ start, end }: Span, points: number): Division {
  const exact = (end - start) / points;
  const level = WIDTHS.findLastIndex((width) => width * ROLLUPS_IN_PART <= exact);
  if (level === -1) return { origin: start, width: exact, level };
  const unit = WIDTHS[level];
  const origin = bucketOf(start, unit);
  return { origin, width: Math.ceil((end - origin) / points / unit) * unit, level };
}

function addTo(
  parts: Map<number, Sums>,
  row: Record<string, SQLOutputValue>,
  points: number,
): void {
  const part = Math.min(Number(row.part), points - 1); // the quotient may be rounded up
  const [low, high, sum, count] = [row.low, row.high, row.sum, row.count].map(Number);
  const known = parts.get(part);
  if (known === undefined) {
    parts.set(part, { low, high, sum, count });
  } else {
    known.low = Math.min(known.low, low);
    known.high = Math.max(known.high, high);
    known.sum = limited(known.sum + sum);
    known.count += count;
  }
}

/** The same spans, those that touch as one. */
function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last !== undefined && last.end === span.start) {
      all[all.length - 1] = { start: last.start, end: span.end };
    } else all.push(span);
  }
  return all;
}
