/**
 * The table of connection records: each connection that was requested, accepted or rejected, and
 * closed.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { all, type Row } from "./sql.ts";

/** The computer and port that a connection comes from. */
export interface Origin {
  address: string;
  domain: string;
  port: number;
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

  /** Adds a record of a connection. */
  record(origin: Origin, message: string, now: Date = new Date()): void {
    const { address, domain, port } = origin;
    this.#insert.run(localTime(now), address, domain, port, message);
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
function localTime(now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}
