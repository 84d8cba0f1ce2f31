/**
 * The SQLite database of the Manager. The Python software reads and writes the same file, so the
 * tables are exactly its own.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ConfigurationError } from "./errors.ts";
import { makePrivateFolder, writePrivateFile } from "./paths.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS connections (
    pid INTEGER PRIMARY KEY AUTOINCREMENT,
    datetime DATETIME NOT NULL,
    ip_address TEXT NOT NULL,
    domain TEXT NOT NULL,
    port INTEGER NOT NULL,
    message TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS auth_users (
    pid INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    key BLOB NOT NULL,
    salt BLOB NOT NULL,
    is_admin BOOLEAN NOT NULL,
    UNIQUE(username)
  );
`;

const HOSTNAMES_TABLE = `
  CREATE TABLE auth_hostnames (hostname TEXT NOT NULL, UNIQUE(hostname));
`;

/** Where a connection comes from. */
export interface Origin {
  address: string;
  domain: string;
  port: number;
}

/** One row of the `connections` table. */
export interface ConnectionRecord extends Origin {
  /** Local time, `YYYY-MM-DDTHH:MM:SS`. */
  datetime: string;
  message: string;
}

/** The Manager's database. */
export class Database implements Disposable {
  readonly #database: DatabaseSync;
  readonly #insertConnection: StatementSync;

  /**
   * Opens a database, and makes it where there is none.
   *
   * @param path The file, or `":memory:"`.
   * @param aliases The names of this computer, which a new database trusts.
   * @throws {ConfigurationError} If the file cannot be read or is not a database.
   */
  constructor(path: string, aliases: readonly string[]) {
    let database: DatabaseSync | undefined;
    try {
      if (path !== ":memory:" && !existsSync(path)) {
        makePrivateFolder(dirname(path));
        writePrivateFile(path, ""); // SQLite takes an empty file for a new database
      }
      this.#database = database = new DatabaseSync(path);
      this.#database.exec("PRAGMA busy_timeout = 5000");
      // A write-ahead log keeps a commit off the disk's slow path: the event loop waits for it.
      this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      this.#database.exec(TABLES);
      this.#makeHostnames(aliases);
      this.#insertConnection = this.#database.prepare(
        "INSERT INTO connections (datetime, ip_address, domain, port, message) VALUES (?, ?, ?, ?, ?)",
      );
    } catch (cause) {
      database?.close();
      throw new ConfigurationError(
        `Cannot open the database ${path}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  /** Records what happened to a connection. */
  recordConnection(origin: Origin, message: string, now: Date = new Date()): void {
    this.#insertConnection.run(
      localTime(now),
      origin.address,
      origin.domain,
      origin.port,
      message,
    );
  }

  /** What was recorded, oldest first. */
  connections(): ConnectionRecord[] {
    const rows = this.#database.prepare(
      "SELECT datetime, ip_address, domain, port, message FROM connections ORDER BY pid",
    ).all();
    return rows.map((row) => ({
      datetime: String(row.datetime),
      address: String(row.ip_address),
      domain: String(row.domain),
      port: Number(row.port),
      message: String(row.message),
    }));
  }

  /** The host names that are trusted, sorted. */
  hostnames(): string[] {
    const rows = this.#database.prepare("SELECT hostname FROM auth_hostnames ORDER BY hostname")
      .all();
    return rows.map((row) => String(row.hostname));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #makeHostnames(aliases: readonly string[]): void {
    const exists = this.#database.prepare(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'auth_hostnames'",
    ).get();
    if (exists !== undefined) return;
    // In one transaction: a table that is there but empty would trust nobody.
    this.#database.exec(`BEGIN; ${HOSTNAMES_TABLE}`);
    const insert = this.#database.prepare("INSERT OR IGNORE INTO auth_hostnames VALUES (?)");
    for (const alias of aliases) insert.run(alias);
    this.#database.exec("COMMIT");
  }
}

/** `YYYY-MM-DDTHH:MM:SS` in local time. */
function localTime(now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}
