/**
 * The SQLite database of the Manager. The Python software reads and writes the same file, so the
 * tables that it knows are exactly its own.
 *
 * @module
 */

import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AccessTable } from "./access_table.ts";
import { ConnectionsTable } from "./connections_table.ts";
import { ConfigurationError } from "../../errors.ts";
import { exposedMode, fileExists, makePrivateFolder, touchPrivateFile } from "../../base/files.ts";
import { HostnamesTable } from "./hostnames_table.ts";
import { logger } from "../../base/log.ts";
import { quoteWord } from "../../base/quote.ts";
import { UsersTable } from "./users_table.ts";

const log = logger("database");

/** How long a command waits for another program that writes to the database, in milliseconds. */
const PATIENCE = 5_000;

/** The Manager's database. */
export class Database implements Disposable {
  /** Who may use which service. */
  readonly access: AccessTable;
  /** What happened to connections. */
  readonly connections: ConnectionsTable;
  /** The computers that are trusted by their name. */
  readonly hostnames: HostnamesTable;
  /** Who may log in. */
  readonly users: UsersTable;
  readonly #database: DatabaseSync;

  /**
   * Opens a database, and makes it where there is none.
   *
   * @param path The file, or `":memory:"`.
   * @param aliases The names of this computer, which a new database trusts.
   * @param patience How long to wait for another program that writes to it, in milliseconds.
   * @throws {ConfigurationError} If the file cannot be read or is not a database.
   */
  constructor(path: string, aliases: readonly string[], patience = PATIENCE) {
    let database: DatabaseSync | undefined;
    try {
      if (path !== ":memory:" && !fileExists(path)) {
        makePrivateFolder(dirname(path));
        touchPrivateFile(path); // SQLite takes an empty file for a new database
      }
      this.#database = database = new DatabaseSync(path);
      database.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
      // A write-ahead log keeps a commit off the disk's slow path: the event loop waits for it.
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      this.connections = new ConnectionsTable(database);
      this.hostnames = new HostnamesTable(database, aliases);
      this.users = new UsersTable(database);
      this.access = new AccessTable(database);
      database.exec(`PRAGMA busy_timeout = ${patience}`);
      if (path !== ":memory:") warnOfReaders(path);
    } catch (cause) {
      database?.close();
      throw new ConfigurationError(
        `Cannot open the database ${path}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  /**
   * Opens a database that is there already. For commands that have nothing to do where there is
   * none, e.g. as its name was mistyped.
   *
   * @throws {ConfigurationError} If there is none, or it cannot be opened.
   */
  static existing(path: string, aliases: readonly string[]): Database {
    if (fileExists(path)) return new Database(path, aliases);
    throw new ConfigurationError(
      `Cannot open the database ${path}: there is none. A Manager makes it when it starts, and ` +
        `so do "user add" and "hostname add"`,
    );
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** A file that others can read stays so: people of a group may share it. */
function warnOfReaders(path: string): void {
  const mode = exposedMode(path);
  if (mode === undefined) return;
  log.warn(
    "Others can read the database {path} (mode {mode}), and try out passwords on it. If they " +
      "should not, run: chmod 600 {word}, and start the Manager again",
    { path, mode, word: quoteWord(path) },
  );
}
