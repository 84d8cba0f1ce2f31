/**
 * The table of trusted host names: the computers that a Manager with `authHostname` accepts.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { ValueError } from "../../errors.ts";
import { repr } from "../../base/repr.ts";
import { all, run } from "./sql.ts";

/** The `auth_hostnames` table. */
export class HostnamesTable {
  readonly #database: DatabaseSync;

  /**
   * Creates the table if it does not exist.
   *
   * @param aliases The names of this computer, which are trusted in a new table.
   */
  constructor(database: DatabaseSync, aliases: readonly string[]) {
    this.#database = database;
    const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'auth_hostnames'";
    if (all(database, sql).length > 0) return;
    // In one transaction: a table that exists but is empty would trust no computer.
    database.exec("BEGIN; CREATE TABLE auth_hostnames (hostname TEXT NOT NULL, UNIQUE(hostname))");
    for (const alias of aliases) this.insert(alias);
    database.exec("COMMIT");
  }

  /** The trusted host names, sorted. */
  hostnames(): string[] {
    return all(this.#database, "SELECT hostname FROM auth_hostnames ORDER BY hostname")
      .map((row) => String(row.hostname));
  }

  /** Whether a host name is trusted. */
  includes(name: string): boolean {
    const sql = "SELECT 1 FROM auth_hostnames WHERE hostname = ?";
    return all(this.#database, sql, name).length > 0;
  }

  /**
   * Adds a host name. Does nothing if it is trusted already.
   *
   * @throws {ValueError} If the name is empty.
   */
  insert(hostname: string): void {
    if (hostname.trim() === "") throw new ValueError("Cannot trust a host name that is empty");
    run(this.#database, "INSERT OR IGNORE INTO auth_hostnames VALUES (?)", hostname);
  }

  /**
   * Removes a host name.
   *
   * @throws {ValueError} If it was not trusted.
   */
  delete(hostname: string): void {
    const changed = run(this.#database, "DELETE FROM auth_hostnames WHERE hostname = ?", hostname);
    if (changed === 0) {
      throw new ValueError(`Cannot delete ${repr(hostname)}: it is not a trusted hostname`);
    }
  }
}
