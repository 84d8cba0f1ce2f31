/**
 * The tables of who may use which service. A service without a list is everybody's; one with a
 * list is for the users on it. Python does not know these tables and leaves them alone.
 *
 * A list has the numbers of its users, which are never given twice: whoever takes a user out,
 * Python too, a later user of the same name is another one and is on no list.
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

/** An empty list is one row without a user. Users that Python took out are still in `access_users`. */
const LISTS = `
  SELECT service, username FROM access_services
  LEFT JOIN (access_users JOIN auth_users USING (pid)) USING (service)
  ORDER BY service, username
`;

/** The `access_services` and `access_users` tables. */
export class AccessTable {
  readonly #database: DatabaseSync;

  /** Makes the tables where there are none. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(TABLES);
  }

  /** The names of the users on each list, sorted, by the name of the service. */
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
   * Puts users on the list of a service, which is made where there is none: from then on nobody
   * else may use the service.
   *
   * @throws {ValueError} If one of them is not registered, or none is given, or no service can have
   * that name. Nothing is changed then.
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
   * Takes users off the list of a service. A list without users stays: nobody may use the service.
   *
   * @throws {ConfigurationError} If the service has no list.
   * @throws {ValueError} If one of them is not on it, or none is given. Nothing is changed then.
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
   * Removes the list of a service: everybody may use it.
   *
   * @throws {ConfigurationError} If it has none.
   */
  clear(service: string): void {
    const sql = "DELETE FROM access_services WHERE service = ?";
    if (run(this.#database, sql, service) > 0) return;
    throw new ConfigurationError(
      `Cannot clear the list of the ${repr(service)} service: it has none, everybody may use it`,
    );
  }

  /** A number that is another one once another program has changed the database. */
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

/** A list that is never asked for would protect nothing. */
function checkService(service: string): void {
  const reason = service === MANAGER
    ? "it is the Manager itself, and no service"
    // SQLite would give back another name.
    : !service.isWellFormed() || service.includes("\0")
    ? "a name with a NUL character or half of a character cannot be stored"
    : undefined;
  if (reason === undefined) return;
  throw new ValueError(`Cannot make a list for ${repr(service)}: ${reason}`);
}
