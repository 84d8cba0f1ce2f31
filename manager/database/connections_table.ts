/**
 * The table of connection records: each connection that was requested, accepted or rejected, and
 * closed.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { all, attempt, type Row, run, transaction } from "./sql.ts";

/** The computer and port that a connection comes from. */
export interface Origin {
  address: string;
  domain: string;
  port: number;
}

/** A record that is to be added. */
export interface NewRecord extends Origin {
  message: string;
  /** When it happened, in milliseconds since 1970. */
  time: number;
}

/** Which records the table keeps. */
export interface Retention {
  /** How many, the newest ones. */
  readonly rows: number;
  /** How old they may become, in milliseconds. */
  readonly age: number;
}

/** One row of the table. */
export interface ConnectionRecord extends Origin {
  pid: number;
  /** Local time, `YYYY-MM-DDTHH:MM:SS`. */
  datetime: string;
  message: string;
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS connections (
    pid INTEGER PRIMARY KEY AUTOINCREMENT,
    datetime DATETIME NOT NULL,
    ip_address TEXT NOT NULL,
    domain TEXT NOT NULL,
    port INTEGER NOT NULL,
    message TEXT NOT NULL
  )
`;

/** The `connections` table. */
export class ConnectionsTable {
  readonly #insert: StatementSync;
  readonly #database: DatabaseSync;

  /** Creates the table if it does not exist. */
  constructor(database: DatabaseSync) {
    database.exec(TABLE);
    this.#insert = database.prepare(
      "INSERT INTO connections (datetime, ip_address, domain, port, message) VALUES (?, ?, ?, ?, ?)",
    );
    this.#database = database;
  }

  /**
   * Adds records, all or none.
   *
   * @throws {ConfigurationError} If the database is locked or cannot be written.
   */
  insert(records: readonly NewRecord[]): void {
    transaction(this.#database, () => {
      for (const { address, domain, port, message, time } of records) {
        attempt(() => this.#insert.run(localTime(time), address, domain, port, message));
      }
    });
  }

  /**
   * Deletes the oldest records beyond the retention, at most `count` of them, so that it takes a
   * short time.
   *
   * @param now In milliseconds since 1970.
   * @returns How many were deleted.
   * @throws {ConfigurationError} If the database is locked or cannot be written.
   */
  prune({ rows, age }: Retention, count: number, now: number): number {
    const oldest = "SELECT pid FROM connections ORDER BY pid LIMIT ?";
    const newest = "SELECT coalesce(max(pid), 0) FROM connections";
    // SQLite gives the numbers one after another, so nothing has to be counted.
    const byRows = `DELETE FROM connections WHERE pid IN (${oldest}) AND pid <= (${newest}) - ?`;
    const byAge = `DELETE FROM connections WHERE pid IN (${oldest}) AND datetime < ?`;
    const deleted = run(this.#database, byRows, count, rows);
    if (deleted > 0 || age > now) return deleted;
    return run(this.#database, byAge, count, localTime(now - age));
  }

  /**
   * The records of a range of time, the oldest first.
   *
   * @param first The earliest local time, `YYYY-MM-DDTHH:MM:SS` or a prefix of that. Default: no
   * limit.
   * @param last The latest local time, in the same form; a date alone includes the whole day.
   * Default: no limit.
   * @throws {ConfigurationError} If the database is locked or damaged.
   */
  connections(first = "", last = ""): ConnectionRecord[] {
    const sql = "SELECT * FROM connections WHERE datetime BETWEEN ? AND ? ORDER BY pid";
    return all(this.#database, sql, first, `${last}~`).map(asRecord); // "~" sorts after digits and "T"
  }
}

function asRecord(row: Row): ConnectionRecord {
  return {
    pid: Number(row.pid),
    datetime: String(row.datetime),
    address: String(row.ip_address),
    domain: String(row.domain),
    port: Number(row.port),
    message: String(row.message),
  };
}

/** `YYYY-MM-DDTHH:MM:SS` in local time. */
function localTime(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}
