/**
 * Reads a recording, also while another process writes it. Times are in milliseconds since 1970.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "../errors.ts";
import { fileExists } from "../base/files.ts";
import type { Gap, Reading } from "./reading.ts";
import { type Bucket, RollupReader, type Span } from "./rollup_reader.ts";
import { type Row, scan } from "./scan.ts";
import { checkSchema, isEmptyOrDatabase } from "./schema.ts";
import { readSources, type RecordedSource } from "./source_rows.ts";
import { loadedValue, type StoredArray, type StoredValue } from "./stored_value.ts";

export type { Bucket, RecordedSource, Span };

/** How long a statement waits while the recorder opens or closes the file, in milliseconds. */
const BUSY_TIMEOUT = 2_000;

/**
 * In the place of a value that cannot be read: another program has written it, or the disk is damaged. The
 * readings beside it can be read.
 */
export class UnreadableValue {
  /** Why, in words. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A recording in SQLite. */
export class RecordingFile implements Disposable {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #rollups: RollupReader;

  /**
   * Opens a recording. Each method throws the same error if the file turns out to be damaged.
   *
   * @throws {ConfigurationError} When there is none, or it cannot be read.
   */
  constructor(file: string) {
    this.#file = file;
    this.#database = open(file);
    try {
      this.#rollups = new RollupReader(this.#database);
    } catch (error) {
      this.#database.close();
      throw unreadable(file, error);
    }
  }

  /** The sources, in the order in which they were first recorded. */
  sources(): RecordedSource[] {
    return this.#read(() => readSources(this.#database));
  }

  /** The latest reading of a source, by its time; `undefined` if there is none. */
  latest(source: number): Reading | undefined {
    const row = this.#row(
      "SELECT * FROM reading WHERE source = ? ORDER BY time DESC LIMIT 1",
      source,
    );
    return row && readingOf(row);
  }

  /** From the first to the last reading of a source; `undefined` if there is none. */
  span(source: number): Span | undefined {
    const end = (order: string) =>
      this.#row(`SELECT time FROM reading WHERE source = ? ORDER BY time ${order} LIMIT 1`, source)
        ?.time;
    const start = end("ASC");
    return start === undefined ? undefined : { start: Number(start), end: Number(end("DESC")) };
  }

  /** The readings of a source in a span, in the order of their times: those that are there now. */
  *readings(source: number, { start, end }: Span): Generator<Reading> {
    const newest = this.#row("SELECT MAX(id) AS id FROM reading")?.id ?? 0;
    const rows = this.#rows(
      "SELECT * FROM reading WHERE source = ? AND (time, id) > (?, ?) AND time < ? AND id <= ? " +
        "ORDER BY time, id",
      (last) => [source, last?.time ?? start, last?.id ?? -Infinity, end, newest],
    );
    for (const row of rows) yield readingOf(row);
  }

  /** The gaps of a source that have a part in a span, in the order of their starts. */
  *gaps(source: number, { start, end }: Span): Generator<Gap> {
    const rows = this.#rows(
      'SELECT * FROM gap WHERE source = ? AND start > ? AND start < ? AND ("end" IS NULL OR "end" > ?) ' +
        "ORDER BY start",
      (last) => [source, last?.start ?? -Infinity, end, start],
    );
    for (const row of rows) yield gapOf(row);
  }

  /** The gap of a source with the latest start: without an `end` the source is in it. */
  lastGap(source: number): Gap | undefined {
    const row = this.#row(
      "SELECT * FROM gap WHERE source = ? ORDER BY start DESC LIMIT 1",
      source,
    );
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
    return this.#read(() =>
      this.#inTransaction(() => this.#rollups.buckets(source, span, Math.floor(points)))
    );
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #row(sql: string, ...parameters: number[]): Row | undefined {
    return this.#read(() => this.#database.prepare(sql).get(...parameters));
  }

  *#rows(sql: string, after: Parameters<typeof scan>[1]): Generator<Row> {
    try {
      yield* scan(this.#database.prepare(sql), after);
    } catch (error) {
      throw unreadable(this.#file, error);
    }
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw unreadable(this.#file, error);
    }
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
    throw unreadable(file, cause);
  }
}

/** The error of a file that is no recording, or is damaged. */
function unreadable(file: string, cause: unknown): ConfigurationError {
  if (cause instanceof ConfigurationError) return cause;
  const { message } = cause as Error;
  const advice = /malformed|not a database|corrupt/.test(message)
    ? ". It is damaged: sqlite3 FILE .recover gives what can be saved of it"
    : "";
  return new ConfigurationError(`Cannot read the recording ${file}: ${message}${advice}`, {
    cause,
  });
}

function gapOf(row: Row): Gap {
  return {
    source: Number(row.source),
    start: Number(row.start),
    ...(row.end === null ? {} : { end: Number(row.end) }),
    reason: String(row.reason),
  };
}

/** The array of a reading. A file of version 1 has no columns for it. */
function arrayOf({ dtype, shape, data }: Row): { array?: StoredArray } {
  if (typeof dtype !== "string") return {};
  return { array: { dtype, shape: String(shape), data: data as Uint8Array } };
}

function readingOf(row: Row): Reading {
  const value = row.value === null ? null : Number(row.value);
  const json = row.json === null ? null : String(row.json);
  return {
    source: Number(row.source),
    time: Number(row.time),
    received: Number(row.received),
    value: valueOf({ value, json, ...arrayOf(row) }),
  };
}

function valueOf(stored: StoredValue): unknown {
  try {
    return loadedValue(stored);
  } catch (error) {
    return new UnreadableValue(`a reading cannot be read: ${(error as Error).message}`);
  }
}
