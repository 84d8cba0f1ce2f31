/**
 * The table of what happened to connections: who came, was let in or turned away, and left.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { all, type Row } from "./sql.ts";

/** Where a connection comes from. */
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

  /** Makes the table where there is none. */
  constructor(database: DatabaseSync) {
    database.exec(TABLE);
    this.#insert = database.prepare(
      "INSERT INTO connections (datetime, ip_address, domain, port, message) VALUES (?, ?, ?, ?, ?)",
    );
    this.#database = database;
  }

  /** Records what happened to a connection. */
  record(origin: Origin, message: string, now: Date = new Date()): void {
    const { address, domain, port } = origin;
    this.#insert.run(localTime(now), address, domain, port, message);
  }

  /**
   * What was recorded, oldest first.
   *
   * @param first The earliest time, `YYYY-MM-DDTHH:MM:SS` or the beginning of that.
   * @param last The latest time, in the same form; a date alone includes the whole day.
   */
  connections(first = "", last = ""): ConnectionRecord[] {
    const sql = "SELECT * FROM connections WHERE datetime BETWEEN ? AND ? ORDER BY pid";
    return all(this.#database, sql, first, `${last}~`).map(asRecord); // "~" is after digits and "T"
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
