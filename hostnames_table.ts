/**
 * The table of the computers that are trusted by their name.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { ValueError } from "./errors.ts";
import { repr } from "./repr.ts";

/** The `auth_hostnames` table. */
export class HostnamesTable {
  readonly #database: DatabaseSync;

  /**
   * Makes the table where there is none.
   *
   * @param aliases The names of this computer, which a new table trusts.
   */
  constructor(database: DatabaseSync, aliases: readonly string[]) {
    this.#database = database;
    const exists = database.prepare(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'auth_hostnames'",
    ).get();
    if (exists !== undefined) return;
    // In one transaction: a table that is there but empty would trust nobody.
    database.exec("BEGIN; CREATE TABLE auth_hostnames (hostname TEXT NOT NULL, UNIQUE(hostname))");
    for (const alias of aliases) this.insert(alias);
    database.exec("COMMIT");
  }

  /** The names that are trusted, sorted. */
  hostnames(): string[] {
    const rows = this.#database.prepare("SELECT hostname FROM auth_hostnames ORDER BY hostname")
      .all();
    return rows.map((row) => String(row.hostname));
  }

  /** Whether the name is trusted. */
  includes(name: string): boolean {
    return this.#database.prepare("SELECT 1 FROM auth_hostnames WHERE hostname = ?")
      .get(name) !== undefined;
  }

  /**
   * Trusts a computer. One that is trusted already stays so.
   *
   * @throws {ValueError} If the name is empty.
   */
  insert(hostname: string): void {
    if (hostname.trim() === "") throw new ValueError("Cannot trust a host name that is empty");
    this.#database.prepare("INSERT OR IGNORE INTO auth_hostnames VALUES (?)").run(hostname);
  }

  /**
   * No longer trusts a computer.
   *
   * @throws {ValueError} If it was not trusted.
   */
  delete(hostname: string): void {
    const { changes } = this.#database.prepare("DELETE FROM auth_hostnames WHERE hostname = ?")
      .run(hostname);
    if (changes === 0) {
      throw new ValueError(`Cannot delete ${repr(hostname)}: it is not a trusted hostname`);
    }
  }
}
