/**
 * Lists of users, one for each service, in two tables. Python does not know these tables and does not
 * change them. What a list is for is up to `access_table.ts`.
 *
 * A list has the numbers of its users, which SQLite never gives twice. So when a user is deleted, by
 * Python too, a later user with the same name is on no list. Users of other nodes have no number here:
 * their names, `bob@b`, are in a third table, and never mean a user of this database.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { MANAGER } from "../../wire/protocol.ts";
import { repr } from "../../base/repr.ts";
import { splitUserName } from "../../wire/node_name.ts";
import { all, run, transaction } from "./sql.ts";

/** What a kind of lists is called, in the database, in commands and in errors. */
export interface ListKind {
  /** What the names of its two tables begin with. */
  prefix: string;
  /** What the users on a list may do with the service: "use". */
  verb: string;
  /** The commands that add users to a list, and remove them. */
  add: string;
  remove: string;
  /** Whether users of other nodes can be on a list. */
  hasRemote: boolean;
}

/** The lists of one kind. */
export class UserLists {
  readonly #database: DatabaseSync;
  readonly #kind: ListKind;
  readonly #select: string;

  /** Creates the tables if they do not exist. */
  constructor(database: DatabaseSync, kind: ListKind) {
    this.#database = database;
    this.#kind = kind;
    const { prefix } = kind;
    database.exec(`
      PRAGMA foreign_keys = ON;
      CREATE TABLE IF NOT EXISTS ${prefix}_services (service TEXT NOT NULL, UNIQUE(service));
      CREATE TABLE IF NOT EXISTS ${prefix}_users (
        service TEXT NOT NULL REFERENCES ${prefix}_services(service) ON DELETE CASCADE,
        pid INTEGER NOT NULL REFERENCES auth_users(pid) ON DELETE CASCADE,
        UNIQUE(service, pid)
      );
    `);
    if (kind.hasRemote) {
      database.exec(`
        CREATE TABLE IF NOT EXISTS ${prefix}_remote_users (
          service TEXT NOT NULL REFERENCES ${prefix}_services(service) ON DELETE CASCADE,
          username TEXT NOT NULL,
          UNIQUE(service, username)
        );
      `);
    }
    // An empty list is one row without a user. The second table still has the users that Python has
    // deleted, so it is joined with `auth_users`.
    this.#select = `
      SELECT service, pid, username FROM ${prefix}_services
      LEFT JOIN (${prefix}_users JOIN auth_users USING (pid)) USING (service)
      ORDER BY service, username
    `;
  }

  /**
   * The names of the users on each list, sorted, by the name of the service. Those of users of other
   * nodes follow.
   */
  names(): Map<string, Set<string>> {
    const lists = this.#read(({ username }) => String(username));
    for (const [service, users] of this.remoteNames()) {
      for (const user of users) lists.get(service)?.add(user);
    }
    return lists;
  }

  /** The names of the users of other nodes on each list, sorted, by the name of the service. */
  remoteNames(): Map<string, Set<string>> {
    const { prefix, hasRemote } = this.#kind;
    if (!hasRemote) return new Map();
    const sql = `SELECT service, username FROM ${prefix}_remote_users ORDER BY service, username`;
    const lists = new Map<string, Set<string>>();
    for (const row of all(this.#database, sql)) {
      const [service, username] = [String(row.service), String(row.username)];
      lists.set(service, (lists.get(service) ?? new Set()).add(username));
    }
    return lists;
  }

  /** The numbers of the users on each list, by the name of the service. */
  numbers(): Map<string, Set<number>> {
    return this.#read(({ pid }) => Number(pid));
  }

  /**
   * Adds users to the list of a service, which it gets if it has none.
   *
   * @throws {ValueError} If a user does not exist, no user is given, or a service cannot have that
   * name. Nothing is changed then.
   * @throws {ConfigurationError} If the database is locked or cannot be written.
   */
  add(service: string, usernames: readonly string[]): void {
    checkService(service);
    this.#checkSome(service, usernames);
    const { prefix, verb } = this.#kind;
    transaction(this.#database, () => {
      const sql = "SELECT pid FROM auth_users WHERE username = ?";
      const users = usernames.map((name) => ({
        name,
        pid: all(this.#database, sql, name)[0]?.pid,
      }));
      const [remote, unknown] = this.#splitRemote(
        users.filter(({ pid }) => pid === undefined).map(({ name }) => name),
      );
      if (unknown.length > 0) {
        if (unknown.some(isRemoteName)) {
          throw new ValueError(
            `Cannot let ${quoted(unknown)} ${verb} the ${
              repr(service)
            } service: a user of another ` +
              `node connects services to that node, and never to this one`,
          );
        }
        throw new ValueError(
          `Cannot let ${quoted(unknown)} ${verb} the ${repr(service)} service: no such user is ` +
            `registered. Add one first: user add NAME`,
        );
      }
      run(this.#database, `INSERT OR IGNORE INTO ${prefix}_services VALUES (?)`, service);
      for (const name of remote) {
        run(
          this.#database,
          `INSERT OR IGNORE INTO ${prefix}_remote_users VALUES (?, ?)`,
          service,
          name,
        );
      }
      for (const { pid } of users.filter(({ pid }) => pid !== undefined)) {
        run(this.#database, `INSERT OR IGNORE INTO ${prefix}_users VALUES (?, ?)`, service, pid);
      }
    });
  }

  /**
   * Removes users from the list of a service. A list without users stays.
   *
   * @throws {ConfigurationError} If the service has no list, or the database is locked or cannot be
   * written.
   * @throws {ValueError} If a user is not on the list, or no user is given. Nothing is changed then.
   */
  remove(service: string, usernames: readonly string[]): void {
    this.#checkSome(service, usernames);
    const { prefix, verb, add, remove } = this.#kind;
    transaction(this.#database, () => {
      const list = this.names().get(service);
      if (list === undefined) {
        throw new ConfigurationError(
          `Cannot ${remove} ${quoted(usernames)} the ${
            repr(service)
          } service: it has no list, so ` +
            `everybody may ${verb} it. Make a list of those who may: ` +
            `access ${add} ${repr(service)} USER...`,
        );
      }
      const missing = usernames.filter((name) => !list.has(name));
      if (missing.length > 0) {
        throw new ValueError(
          `Cannot ${remove} ${quoted(missing)} the ${repr(service)} service: not on its list`,
        );
      }
      const sql = `DELETE FROM ${prefix}_users WHERE service = ? AND pid = ` +
        "(SELECT pid FROM auth_users WHERE username = ?)";
      for (const name of usernames) {
        // One of this database first, as when it was added.
        if (run(this.#database, sql, service, name) > 0 || !this.#kind.hasRemote) continue;
        run(
          this.#database,
          `DELETE FROM ${prefix}_remote_users WHERE service = ? AND username = ?`,
          service,
          name,
        );
      }
    });
  }

  /**
   * Removes the list of a service.
   *
   * @throws {ConfigurationError} If the service has no list, or the database is locked or cannot be
   * written.
   */
  clear(service: string): void {
    const { prefix, verb } = this.#kind;
    const sql = `DELETE FROM ${prefix}_services WHERE service = ?`;
    if (run(this.#database, sql, service) > 0) return;
    throw new ConfigurationError(
      `Cannot clear the list of the ${
        repr(service)
      } service: it has none, everybody may ${verb} it`,
    );
  }

  #read<T>(member: (row: ReturnType<typeof all>[number]) => T): Map<string, Set<T>> {
    const lists = new Map<string, Set<T>>();
    for (const row of all(this.#database, this.#select)) {
      const name = String(row.service);
      const list = lists.get(name) ?? new Set();
      if (row.username !== null) list.add(member(row));
      lists.set(name, list);
    }
    return lists;
  }

  /** The names of users of other nodes, and those that can be nobody's. */
  #splitRemote(names: readonly string[]): [remote: string[], unknown: string[]] {
    if (!this.#kind.hasRemote) return [[], [...names]];
    return [names.filter(isRemoteName), names.filter((name) => !isRemoteName(name))];
  }

  #checkSome(service: string, usernames: readonly string[]): void {
    if (usernames.length > 0) return;
    throw new ValueError(
      `Cannot change who may ${this.#kind.verb} the ${repr(service)} service: give one or more ` +
        `usernames`,
    );
  }
}

/** Whether a name can be that of a user of another node, `bob@b`. */
function isRemoteName(name: string): boolean {
  return splitUserName(name) !== undefined && isStorable(name);
}

/** Whether SQLite gives a text back as it is. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function quoted(names: readonly string[]): string {
  return names.map(repr).join(", ");
}

/** Rejects a name that no service can have: its list would protect nothing. */
function checkService(service: string): void {
  const reason = service === MANAGER
    ? "it is the Manager itself, and no service"
    : !isStorable(service)
    ? "a name with a NUL character or half of a character cannot be stored"
    : undefined;
  if (reason === undefined) return;
  throw new ValueError(`Cannot make a list for ${repr(service)}: ${reason}`);
}
