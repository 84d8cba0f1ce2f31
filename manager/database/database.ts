/**
 * The SQLite database of the Manager: opens the file and gives its tables. The Python software reads
 * and writes the same file, so its tables have exactly the columns that Python makes.
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
import { literal, logger } from "../../base/log.ts";
import { quoteWord } from "../../base/quote.ts";
import { UsersTable } from "./users_table.ts";

const log = logger("database");

/** How long a command waits while another program writes to the database, in milliseconds. */
const BUSY_TIMEOUT = 5_000;

/** The Manager's database. */
export class Database implements Disposable {
  /** The access lists: which user may use which service. */
  readonly access: AccessTable;
  /** The records of connections. */
  readonly connections: ConnectionsTable;
  /** The trusted host names. */
  readonly hostnames: HostnamesTable;
  /** The users that may log in. */
  readonly users: UsersTable;
  readonly #database: DatabaseSync;

  /**
   * Opens a database. Creates the file and the tables if they do not exist.
   *
   * @param path The file, or `":memory:"`.
   * @param aliases The names of this computer, which are the trusted host names of a new database.
   * @param busyTimeout How long a statement waits while another program writes, in milliseconds.
   * Default: 5000.
   * @throws {ConfigurationError} If the file cannot be read or is not a database.
   */
  constructor(path: string, aliases: readonly string[], busyTimeout = BUSY_TIMEOUT) {
    let database: DatabaseSync | undefined;
    try {
      if (path !== ":memory:" && !fileExists(path)) {
        makePrivateFolder(dirname(path));
        touchPrivateFile(path); // SQLite takes an empty file for a new database
      }
      this.#database = database = new DatabaseSync(path);
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
      // A write-ahead log keeps a commit off the disk's slow path: the event loop waits for it.
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      this.connections = new ConnectionsTable(database);
      this.hostnames = new HostnamesTable(database, aliases);
      this.users = new UsersTable(database);
      this.access = new AccessTable(database);
      database.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
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
   * Opens a database that exists. For commands that would change nothing in a new one, e.g. because
   * its path was mistyped.
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

/** Warns of a file that other users can read. Its mode is not changed: a group may share the file. */
function warnOfReaders(path: string): void {
  const mode = exposedMode(path);
  if (mode === undefined) return;
  log.warn(
    "Others can read the database {path} (mode {mode}), and try out passwords on it. If they " +
      `should not, run: ${literal(`chmod 600 ${quoteWord(path)}`)}, and start the Manager again`,
    { path, mode },
  );
}
