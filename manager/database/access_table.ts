/**
 * The tables of the access lists: which user may use which service. Every client may use a service
 * without a list. Python does not know these tables and does not change them.
 *
 * A list has the numbers of its users, which SQLite never gives twice. So when a user is deleted, by
 * Python too, a later user with the same name is on no list.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { MANAGER } from "../../wire/protocol.ts";
import { repr } from "../../base/repr.ts";
import { all, run, transaction } from "./sql.ts";

const TABLES = `
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS access_services (service TEXT NOT NULL, UNIQUE(service));
  CREATE TABLE IF NOT EXISTS access_users (
    service TEXT NOT NULL REFERENCES access_services(service) ON DELETE CASCADE,
    pid INTEGER NOT NULL REFERENCES auth_users(pid) ON DELETE CASCADE,
    UNIQUE(service, pid)
  );
`;

/**
 * An empty list is one row without a user. `access_users` still has the users that Python has
 * deleted, so it is joined with `auth_users`.
 */
const LISTS = `
  SELECT service, username FROM access_services
  LEFT JOIN (access_users JOIN auth_users USING (pid)) USING (service)
  ORDER BY service, username
`;

/** The `access_services` and `access_users` tables. */
export class AccessTable {
  readonly #database: DatabaseSync;

  /** Creates the tables if they do not exist. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(TABLES);
  }

  /** The users on each list, sorted by name, by the name of the service. */
  lists(): Map<string, Set<string>> {
    const lists = new Map<string, Set<string>>();
    for (const { service, username } of all(this.#database, LISTS)) {
      const name = String(service);
      const list = lists.get(name) ?? new Set();
      if (username !== null) list.add(String(username));
      lists.set(name, list);
    }
    return lists;
  }

  /**
   * Adds users to the list of a service. If the service has no list, it gets one, and only the users
   * on it may use the service from then on.
   *
   * @throws {ValueError} If a user does not exist, no user is given, or a service cannot have that
   * name. Nothing is changed then.
   * @throws {ConfigurationError} If the database is locked or cannot be written.
   */
  allow(service: string, usernames: readonly string[]): void {
    checkService(service);
    checkSome(service, usernames);
    transaction(this.#database, () => {
      const sql = "SELECT pid FROM auth_users WHERE username = ?";
      const users = usernames.map((name) => ({
        name,
        pid: all(this.#database, sql, name)[0]?.pid,
      }));
      const unknown = users.filter(({ pid }) => pid === undefined).map(({ name }) => name);
      if (unknown.length > 0) {
        throw new ValueError(
          `Cannot let ${quoted(unknown)} use the ${repr(service)} service: no such user is ` +
            `registered. Add one first: user add NAME`,
        );
      }
      run(this.#database, "INSERT OR IGNORE INTO access_services VALUES (?)", service);
      for (const { pid } of users) {
        run(this.#database, "INSERT OR IGNORE INTO access_users VALUES (?, ?)", service, pid);
      }
    });
  }

  /**
   * Removes users from the list of a service. A list without users stays, and no user may use the
   * service then.
   *
   * @throws {ConfigurationError} If the service has no list, or the database is locked or cannot be
   * written.
   * @throws {ValueError} If a user is not on the list, or no user is given. Nothing is changed then.
   */
  deny(service: string, usernames: readonly string[]): void {
    checkSome(service, usernames);
    transaction(this.#database, () => {
      const list = this.lists().get(service);
      if (list === undefined) {
        throw new ConfigurationError(
          `Cannot deny ${quoted(usernames)} the ${repr(service)} service: it has no list, so ` +
            `everybody may use it. Make a list of those who may: ` +
            `access allow ${repr(service)} USER...`,
        );
      }
      const missing = usernames.filter((name) => !list.has(name));
      if (missing.length > 0) {
        throw new ValueError(
          `Cannot deny ${quoted(missing)} the ${repr(service)} service: not on its list`,
        );
      }
      const sql = "DELETE FROM access_users WHERE service = ? AND pid = " +
        "(SELECT pid FROM auth_users WHERE username = ?)";
      for (const name of usernames) run(this.#database, sql, service, name);
    });
  }

  /**
   * Removes the list of a service, so that every client may use it.
   *
   * @throws {ConfigurationError} If the service has no list, or the database is locked or cannot be
   * written.
   */
  clear(service: string): void {
    const sql = "DELETE FROM access_services WHERE service = ?";
    if (run(this.#database, sql, service) > 0) return;
    throw new ConfigurationError(
      `Cannot clear the list of the ${repr(service)} service: it has none, everybody may use it`,
    );
  }

  /** A number that differs after another program has changed the database. */
  version(): number {
    return Number(all(this.#database, "PRAGMA data_version")[0].data_version);
  }
}

function quoted(names: readonly string[]): string {
  return names.map(repr).join(", ");
}

function checkSome(service: string, usernames: readonly string[]): void {
  if (usernames.length > 0) return;
  throw new ValueError(
    `Cannot change who may use the ${repr(service)} service: give one or more usernames`,
  );
}

/** Rejects a name that no service can have: its list would protect nothing. */
function checkService(service: string): void {
  const reason = service === MANAGER
    ? "it is the Manager itself, and no service"
    // SQLite would give another name back.
    : !service.isWellFormed() || service.includes("\0")
    ? "a name with a NUL character or half of a character cannot be stored"
    : undefined;
  if (reason === undefined) return;
  throw new ValueError(`Cannot make a list for ${repr(service)}: ${reason}`);
}
