/**
 * Records into a SQLite file, which Python, R and Grafana read while it is written.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { fileExists, touchPrivateFile } from "../base/files.ts";
import { ConfigurationError } from "../errors.ts";
import { storedBatch } from "./batch.ts";
import { SYSTEM_CLOCK, type Times } from "./clock.ts";
import { FileLock } from "./file_lock.ts";
import { OpenFile } from "./open_file.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";
import { Retention } from "./retention.ts";
import { RollupWriter } from "./rollup_writer.ts";
import { isEmptyOrDatabase, prepareSchema } from "./schema.ts";
import { readSources } from "./source_rows.ts";
import { type Target, type TargetOptions, TargetUnavailable } from "./target.ts";

/**
 * How long a statement waits for another program that has locked the file, in milliseconds. The event
 * loop waits with it.
 */
const BUSY_TIMEOUT = 20;

/** How long the opening of the file waits for another program, in milliseconds. */
const OPEN_TIMEOUT = 2_000;

/** How large the write-ahead log stays after a reader has kept it from being emptied, in bytes. */
const LOG_SIZE = 64 * 1024 * 1024;

/** The errors of SQLite after which a batch may be written later. It gives no number, only a text. */
const PASSING = /locked|is full|disk I\/O|unable to open|out of memory|readonly/;

/** A recording in SQLite. */
export class SqliteTarget implements Target {
  readonly #file: OpenFile;
  readonly #lock: FileLock;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insertReading: StatementSync;
  readonly #insertGap: StatementSync;
  readonly #rollups: RollupWriter;
  readonly #retention: Retention | undefined;
  readonly #clock: Times;

  /**
   * Opens a recording, or makes a new one.
   *
   * @throws {ConfigurationError} When the file cannot be written, or is no recording.
   */
  constructor(file: string, options: TargetOptions = {}, clock: Times = SYSTEM_CLOCK) {
    this.#lock = new FileLock(file);
    this.#clock = clock;
    let opened: DatabaseSync | undefined;
    try {
      this.#database = opened = open(file, options);
      this.#file = new OpenFile(file, clock.monotonic);
      this.#begin = opened.prepare("BEGIN IMMEDIATE");
      this.#commit = opened.prepare("COMMIT");
      this.#insertReading = opened.prepare(
        "INSERT INTO reading (source, time, received, value, json, dtype, shape, data) " +
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      );
      this.#insertGap = opened.prepare("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?)");
      this.#rollups = new RollupWriter(opened);
      if (options.keep !== undefined) {
        this.#retention = new Retention(opened, this.#rollups, options.keep, clock);
      }
    } catch (cause) {
      opened?.close();
      this.#lock[Symbol.dispose]();
      if (cause instanceof ConfigurationError) throw cause;
      const { message } = cause as Error;
      const way = /not a database/.test(message) ? ". Use another name" : "";
      throw new ConfigurationError(`Cannot record to ${file}: ${message}${way}`, { cause });
    }
  }

  /** @inheritdoc */
  source(
    { service, attribute, arguments: words, unit }: SourceDescription,
    since: number = this.#clock.now(),
  ): number {
    const key = [service, attribute, words, unit];
    return this.#attempt(() => {
      const known = this.#database.prepare(
        "SELECT id FROM source WHERE service = ? AND attribute = ? AND arguments = ? AND unit = ?",
      ).get(...key);
      if (known !== undefined) return Number(known.id);
      const added = this.#database.prepare(
        "INSERT INTO source (service, attribute, arguments, unit, since) VALUES (?, ?, ?, ?, ?)",
      ).run(...key, since);
      return Number(added.lastInsertRowid);
    });
  }

  /** @inheritdoc */
  sources(): SourceDescription[] {
    return this.#attempt(() =>
      readSources(this.#database).map(({ service, attribute, arguments: words, unit }) => ({
        service,
        attribute,
        arguments: words,
        unit,
      }))
    );
  }

  /** @inheritdoc */
  end(source: number): RecordedEnd {
    const reading = this.#database.prepare(
      "SELECT time, received FROM reading WHERE source = ? ORDER BY time DESC LIMIT 1",
    ).get(source);
    const gap = this.#database.prepare(
      'SELECT start, reason FROM gap WHERE source = ? AND "end" IS NULL ORDER BY start LIMIT 1',
    ).get(source);
    const since = reading === undefined
      ? this.#database.prepare("SELECT since FROM source WHERE id = ?").get(source)?.since
      : undefined;
    return {
      ...(since === undefined ? {} : { since: Number(since) }),
      ...(reading && { time: Number(reading.time), received: Number(reading.received) }),
      ...(gap && { gap: { source, start: Number(gap.start), reason: String(gap.reason) } }),
    };
  }

  /** @inheritdoc */
  write(readings: readonly Reading[], gaps: readonly Gap[]): void {
    this.#file.check();
    const batch = storedBatch(readings, gaps);
    this.#attempt(() => {
      this.#begin.run();
      try {
        let newest = 0;
        for (const { source, time, received, value, json, array } of batch.readings) {
          const { dtype = null, shape = null, data = null } = array ?? {};
          newest = Number(
            this.#insertReading.run(source, time, received, value, json, dtype, shape, data)
              .lastInsertRowid,
          );
        }
        for (const { source, start, end, reason } of batch.gaps) {
          this.#insertGap.run(source, start, end ?? null, reason);
        }
        this.#rollups.advance(newest);
        this.#retention?.advance(batch.readings.length);
        this.#commit.run();
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** @inheritdoc */
  get size(): number {
    return this.#file.size + this.#file.sizeOf("-wal");
  }

  /** @inheritdoc */
  close(): void {
    try {
      // Then it can be read in a folder that cannot be written, too.
      this.#database.exec("PRAGMA journal_mode = DELETE");
    } catch {
      // Another program reads it.
    }
    this.#database.close();
    this.#lock[Symbol.dispose]();
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      const { message } = cause as Error;
      const text = `Cannot write ${this.#file.name}: ${message}`;
      if (PASSING.test(message)) throw new TargetUnavailable(text, { cause });
      throw new ConfigurationError(text, { cause });
    }
  }
}

function open(file: string, { sync = "normal" }: TargetOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (!fileExists(file)) touchPrivateFile(file);
    else if (!isEmptyOrDatabase(file)) throw new Error("file is not a database");
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = ${OPEN_TIMEOUT}`);
    prepareSchema(database, file);
    // Readers do not stop the writer then, nor the writer the readers.
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${sync}`);
    database.exec(`PRAGMA journal_size_limit = ${LOG_SIZE}`);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    return database;
  } catch (error) {
    database?.close();
    throw error;
  }
}
