/**
 * Reads a recording, also while another process writes it. Times are in milliseconds since 1970.
 *
 * @module
 */

import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { ConfigurationError } from "../errors.ts";
import { fileExists } from "../base/files.ts";
import type { Gap, Reading } from "./reading.ts";
import { type Bucket, RollupReader, type Span } from "./rollup_reader.ts";
import { checkSchema, isEmptyOrDatabase } from "./schema.ts";
import { readSources, type RecordedSource } from "./source_rows.ts";
import { loadedValue, type StoredArray } from "./stored_value.ts";

export type { Bucket, RecordedSource, Span };

/** How long a statement waits while the recorder opens or closes the file, in milliseconds. */
const BUSY_TIMEOUT = 2_000;

/** A recording in SQLite. */
export class RecordingFile implements Disposable {
  readonly #database: DatabaseSync;
  readonly #rollups: RollupReader;

  /**
   * Opens a recording.
   *
   * @throws {ConfigurationError} When there is none, or it cannot be read.
   */
  constructor(file: string) {
    this.#database = open(file);
    this.#rollups = new RollupReader(this.#database);
  }

  /** The sources, in the order in which they were first recorded. */
  sources(): RecordedSource[] {
    return readSources(this.#database);
  }

  /** The latest reading of a source, by its time; `undefined` if there is none. */
  latest(source: number): Reading | undefined {
    const row = this.#database.prepare(
      "SELECT * FROM reading WHERE source = ? ORDER BY time DESC LIMIT 1",
    ).get(source);
    return row && readingOf(row);
  }

  /** From the first to the last reading of a source; `undefined` if there is none. */
  span(source: number): Span | undefined {
    const end = (order: string) =>
      this.#database.prepare(
        `SELECT time FROM reading WHERE source = ? ORDER BY time ${order} LIMIT 1`,
      ).get(source)?.time;
    const start = end("ASC");
    return start === undefined ? undefined : { start: Number(start), end: Number(end("DESC")) };
  }

  /** The readings of a source in a span, in the order of their times. */
  *readings(source: number, { start, end }: Span): Generator<Reading> {
    const rows = this.#database.prepare(
      "SELECT * FROM reading WHERE source = ? AND time >= ? AND time < ? ORDER BY time",
    ).iterate(source, start, end);
    for (const row of rows) yield readingOf(row);
  }

  /** The gaps of a source that have a part in a span, in the order of their starts. */
  *gaps(source: number, { start, end }: Span): Generator<Gap> {
    const rows = this.#database.prepare(
      'SELECT * FROM gap WHERE source = ? AND start < ? AND ("end" IS NULL OR "end" > ?) ' +
        "ORDER BY start",
    ).iterate(source, end, start);
    for (const row of rows) yield gapOf(row);
  }

  /** The gap of a source with the latest start: without an `end` the source is in it. */
  lastGap(source: number): Gap | undefined {
    const row = this.#database.prepare(
      "SELECT * FROM gap WHERE source = ? ORDER BY start DESC LIMIT 1",
    ).get(source);
    return row && gapOf(row);
  }

  /**
   * Minimum, maximum, mean and count of the numbers of a source in each part of a span. The parts
   * have the same width, but the first and the last may be shorter; those without a number are left
   * out.
   *
   * @param points How many parts there may be: there are fewer where the width is rounded up.
   * @throws {RangeError} When the span is empty, or `points` is no number of at least 1.
   */
  buckets(source: number, span: Span, points: number): Bucket[] {
    const { start, end } = span;
    if (!(start < end) || !Number.isFinite(end - start)) {
      throw new RangeError(`Cannot divide the time from ${start} to ${end}: it is no span`);
    }
    if (!(points >= 1)) throw new RangeError(`Cannot divide a span into ${points} parts`);
    return this.#inTransaction(() => this.#rollups.buckets(source, span, Math.floor(points)));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** What is read here is of one moment, while another process writes. */
  #inTransaction<T>(read: () => T): T {
    this.#database.exec("BEGIN");
    try {
      return read();
    } finally {
      this.#database.exec("COMMIT");
    }
  }
}

function open(file: string): DatabaseSync {
  if (!fileExists(file)) {
    throw new ConfigurationError(`Cannot read the recording ${file}: there is no such file`);
  }
  let database: DatabaseSync | undefined;
  try {
    if (!isEmptyOrDatabase(file)) {
      throw new Error("only one in SQLite (.sqlite) can be, and this is none");
    }
    database = new DatabaseSync(file, { readOnly: true });
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    checkSchema(database, file);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof ConfigurationError) throw cause;
    throw new ConfigurationError(
      `Cannot read the recording ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function gapOf(row: Record<string, SQLOutputValue>): Gap {
  return {
    source: Number(row.source),
    start: Number(row.start),
    ...(row.end === null ? {} : { end: Number(row.end) }),
    reason: String(row.reason),
  };
}

/** The array of a reading. A file of version 1 has no columns for it. */
function arrayOf({ dtype, shape, data }: Record<string, SQLOutputValue>): { array?: StoredArray } {
  if (typeof dtype !== "string") return {};
  return { array: { dtype, shape: String(shape), data: data as Uint8Array } };
}

function readingOf(row: Record<string, SQLOutputValue>): Reading {
  const value = row.value === null ? null : Number(row.value);
  const json = row.json === null ? null : String(row.json);
  return {
    source: Number(row.source),
    time: Number(row.time),
    received: Number(row.received),
    value: loadedValue({ value, json, ...arrayOf(row) }),
  };
}
