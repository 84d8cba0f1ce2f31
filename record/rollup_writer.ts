/**
 * Keeps the rollups of a recording while it is written. They contain the readings up to
 * `progress.rolled_up`; a reader adds the few after it. Both change in one transaction, so a crash
 * leaves them in agreement, and readings that come late belong to their buckets like any other.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { bucketOf, LARGEST, LEAF_SIZE, limited, WIDTHS } from "./rollup_tree.ts";

/** How many readings are added to the rollups at once. Until then, a reader scans them. */
const STEP = 8_192;

/** The numbers of one source, and their times. */
interface Numbers {
  readonly times: number[];
  readonly values: number[];
}

/** Writes the rollups of a recording. Every method is called in a transaction. */
export class RollupWriter {
  readonly #step: number;
  readonly #progress: StatementSync;
  readonly #setProgress: StatementSync;
  readonly #newest: StatementSync;
  readonly #unrolled: StatementSync;
  readonly #rolled: StatementSync;
  readonly #add: StatementSync;
  readonly #get: StatementSync;
  readonly #sum: StatementSync;
  readonly #set: StatementSync;
  readonly #remove: StatementSync;

  /**
   * @param database A database with the tables of `schema.ts`.
   * @param step How many readings are added to the rollups at once.
   */
  constructor(database: DatabaseSync, step = STEP) {
    this.#step = step;
    const prepare = (sql: string) => {
      const statement = database.prepare(sql) as StatementSync & {
        setReturnArrays(enabled: boolean): void;
      };
      statement.setReturnArrays(true);
      return statement;
    };
    this.#progress = prepare("SELECT rolled_up FROM progress");
    this.#setProgress = prepare("UPDATE progress SET rolled_up = ?");
    this.#newest = prepare("SELECT COALESCE(MAX(id), 0) FROM reading");
    this.#unrolled = prepare(
      "SELECT id, source, time, value FROM reading WHERE id > ? ORDER BY id LIMIT ?",
    );
    this.#rolled = prepare(
      "SELECT time, value FROM reading WHERE source = ? AND time >= ? AND time < ? AND id <= ? " +
        "AND value IS NOT NULL",
    );
    this.#add = prepare(
      `INSERT INTO rollup (source, width, bucket, low, high, sum, count) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET low = MIN(low, excluded.low), high = MAX(high, excluded.high),
         sum = sum + excluded.sum, count = count + excluded.count
       RETURNING count`,
    );
    const inRange = "source = ? AND width = ? AND bucket >= ? AND bucket < ?";
    this.#get = prepare("SELECT 1 FROM rollup WHERE source = ? AND width = ? AND bucket = ?");
    this.#sum = prepare(
      `SELECT MIN(low), MAX(high), SUM(sum), SUM(count) FROM rollup WHERE ${inRange}`,
    );
    this.#set = prepare(
      "UPDATE rollup SET low = ?, high = ?, sum = ?, count = ? " +
        "WHERE source = ? AND width = ? AND bucket = ?",
    );
    this.#remove = prepare(`DELETE FROM rollup WHERE ${inRange}`);
  }

  /**
   * Adds readings that are not in the rollups yet, if there are many.
   *
   * @param newest The id of the newest reading.
   */
  advance(newest: number): void {
    let rolledUp = numberOf(this.#progress);
    if (newest - rolledUp < this.#step) return;
    while (newest > rolledUp) {
      const sources = new Map<number, Numbers>();
      for (const row of rows(this.#unrolled, rolledUp, this.#step)) {
        const [id, source, time, value] = row as [number, number, number, number | null];
        rolledUp = id;
        if (value === null) continue;
        let numbers = sources.get(source);
        if (numbers === undefined) sources.set(source, numbers = { times: [], values: [] });
        numbers.times.push(time);
        numbers.values.push(value);
      }
      for (const [source, numbers] of sources) {
        this.#addTo(source, WIDTHS.length - 1, numbers, rolledUp);
      }
      this.#setProgress.run(rolledUp);
    }
  }

  /** Makes the rollups of a source agree after its readings before a time have been deleted. */
  forget(source: number, before: number): void {
    const rolledUp = Math.min(numberOf(this.#progress), numberOf(this.#newest));
    for (const [level, width] of WIDTHS.entries()) {
      const bucket = bucketOf(before, width);
      this.#remove.run(source, width, -LARGEST, bucket);
      if (this.#get.get(source, width, bucket) === undefined) continue;
      const left = this.#left(source, level, bucket, rolledUp);
      if (left === undefined) {
        this.#remove.run(source, width, bucket, bucket + width);
      } else {
        this.#set.run(...left, source, width, bucket);
        if (left[3] <= LEAF_SIZE) this.#removeBelow(source, level, bucket);
      }
    }
    // The next reading may get the id of one that was deleted.
    this.#setProgress.run(rolledUp);
  }

  /** Adds numbers to the buckets of a level, and to the smaller ones in them. */
  #addTo(source: number, level: number, numbers: Numbers, rolledUp: number): void {
    const width = WIDTHS[level];
    for (const [bucket, part] of byBucket(numbers, width)) {
      const [low, high, sum] = summaryOf(part.values);
      const added = part.values.length;
      const row = this.#add.get(source, width, bucket, low, high, sum, added);
      const count = Number((row as unknown as [number])[0]);
      if (level === 0 || count <= LEAF_SIZE) continue;
      if (count - added > LEAF_SIZE) {
        this.#addTo(source, level - 1, part, rolledUp);
      } else {
        this.#addTo(source, level - 1, this.#numbersIn(source, bucket, width, rolledUp), rolledUp);
      }
    }
  }

  #numbersIn(source: number, bucket: number, width: number, rolledUp: number): Numbers {
    const numbers: Numbers = { times: [], values: [] };
    for (const row of rows(this.#rolled, source, bucket, bucket + width, rolledUp)) {
      const [time, value] = row as [number, number];
      numbers.times.push(time);
      numbers.values.push(value);
    }
    return numbers;
  }

  /** Minimum, maximum, sum and count of what is left in a bucket; `undefined` for nothing. */
  #left(source: number, level: number, bucket: number, rolledUp: number) {
    const width = WIDTHS[level];
    if (level > 0) {
      const row = this.#sum.get(source, WIDTHS[level - 1], bucket, bucket + width);
      const [low, high, sum, count] = row as unknown as number[];
      if (count > 0) return [low, high, limited(sum), count] as const;
    }
    const { values } = this.#numbersIn(source, bucket, width, rolledUp);
    return values.length === 0 ? undefined : [...summaryOf(values), values.length] as const;
  }

  #removeBelow(source: number, level: number, bucket: number): void {
    for (const width of WIDTHS.slice(0, level)) {
      this.#remove.run(source, width, bucket, bucket + WIDTHS[level]);
    }
  }
}

function byBucket({ times, values }: Numbers, width: number): Map<number, Numbers> {
  const buckets = new Map<number, Numbers>();
  let bucket: number | undefined;
  let part: Numbers = { times: [], values: [] };
  for (const [index, time] of times.entries()) {
    const its = bucketOf(time, width);
    if (its !== bucket) {
      bucket = its;
      const known = buckets.get(bucket);
      part = known ?? { times: [], values: [] };
      if (known === undefined) buckets.set(bucket, part);
    }
    part.times.push(time);
    part.values.push(values[index]);
  }
  return buckets;
}

function summaryOf(values: readonly number[]): [low: number, high: number, sum: number] {
  let [low, high, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
  }
  return [low, high, limited(sum)];
}

function rows(statement: StatementSync, ...values: number[]): readonly unknown[] {
  return statement.all(...values); // `iterate` ends without an error where the file is damaged
}

function numberOf(statement: StatementSync): number {
  return Number((statement.get() as unknown as [number])[0]);
}
