/**
 * Records into a SQLite file, which Python, R and Grafana read while it is written.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ConfigurationError } from "../errors.ts";
import { fileExists, touchPrivateFile } from "../base/files.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";
import { RollupWriter } from "./rollup_writer.ts";
import { prepareSchema } from "./schema.ts";
import { storedValue } from "./stored_value.ts";
import { type Target, type TargetOptions, TargetUnavailable } from "./target.ts";

/**
 * How long a statement waits for another program that has locked the file, in milliseconds. The event
 * loop waits with it.
 */
const BUSY_TIMEOUT = 20;

/** How long the opening of the file waits for another program, in milliseconds. */
const OPEN_TIMEOUT = 5_000;

/** A recording in SQLite. */
export class SqliteTarget implements Target {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #insertReading: StatementSync;
  readonly #insertGap: StatementSync;
  readonly #rollups: RollupWriter;

  /**
   * Opens a recording, or makes a new one.
   *
   * @throws {ConfigurationError} When the file cannot be written, or is no recording.
   */
  constructor(file: string, options: TargetOptions = {}) {
    this.#file = file;
    this.#database = open(file, options);
    this.#insertReading = this.#database.prepare(
      "INSERT INTO reading (source, time, received, value, json) VALUES (?, ?, ?, ?, ?)",
    );
    this.#insertGap = this.#database.prepare("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?)");
    this.#rollups = new RollupWriter(this.#database);
  }

  /** @inheritdoc */
  source({ service, attribute, arguments: words, unit }: SourceDescription): number {
    const key = [service, attribute, words, unit];
    const find = this.#database.prepare(
      "SELECT id FROM source WHERE service = ? AND attribute = ? AND arguments = ? AND unit = ?",
    );
    return this.#attempt(() => {
      const known = find.get(...key);
      if (known !== undefined) return Number(known.id);
      return Number(
        this.#database.prepare(
          "INSERT INTO source (service, attribute, arguments, unit, since) VALUES (?, ?, ?, ?, ?)",
        ).run(...key, Date.now()).lastInsertRowid,
      );
    });
  }

  /** @inheritdoc */
  end(source: number): RecordedEnd {
    const reading = this.#database.prepare(
      "SELECT received FROM reading WHERE source = ? ORDER BY time DESC LIMIT 1",
    ).get(source);
    const gap = this.#database.prepare(
      'SELECT start, reason FROM gap WHERE source = ? AND "end" IS NULL ORDER BY start LIMIT 1',
    ).get(source);
    return {
      ...(reading && { received: Number(reading.received) }),
      ...(gap && { gap: { source, start: Number(gap.start), reason: String(gap.reason) } }),
    };
  }

  /** @inheritdoc */
  write(readings: readonly Reading[], gaps: readonly Gap[]): void {
    const rows = readings.map(({ value, ...reading }) => ({ ...reading, ...storedValue(value) }));
    this.#attempt(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        let newest = 0;
        for (const { source, time, received, value, json } of rows) {
          const { lastInsertRowid } = this.#insertReading.run(source, time, received, value, json);
          newest = Number(lastInsertRowid);
        }
        for (const { source, start, end, reason } of gaps) {
          this.#insertGap.run(source, start, end ?? null, reason);
        }
        this.#rollups.advance(newest);
        this.#database.exec("COMMIT");
      } finally {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      }
    });
  }

  /** @inheritdoc */
  get size(): number {
    return sizeOf(this.#file) + sizeOf(`${this.#file}-wal`);
  }

  /** @inheritdoc */
  close(): void {
    this.#database.close();
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw new TargetUnavailable(`Cannot write ${this.#file}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function open(file: string, { sync = "normal" }: TargetOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (!fileExists(file)) touchPrivateFile(file); // SQLite takes an empty file for a new database
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = ${OPEN_TIMEOUT}`);
    prepareSchema(database, file);
    // Readers do not stop the writer then, nor the writer the readers.
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${sync}`);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof ConfigurationError) throw cause;
    throw new ConfigurationError(`Cannot record to ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch {
    return 0;
  }
}
