/**
 * The table of users. A password is stored as a salted hash that is slow to compute
 * (PBKDF2-HMAC-SHA256), so that a reader of the table cannot guess passwords quickly.
 *
 * @module
 */

import { pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { ValueError } from "../../errors.ts";
import { repr } from "../../base/repr.ts";
import { retryWhileLocked } from "../../base/database_lock.ts";
import { all, type Row, run } from "./sql.ts";

/** A row of the table, without the key and the salt of the password. */
export interface User {
  pid: number;
  username: string;
  isAdmin: boolean;
}

/** The parameters of PBKDF2-HMAC-SHA256, which are those of Python. Sizes in bytes. */
const ITERATIONS = 100_000;
const KEY_SIZE = 32;
const SALT_SIZE = 16;

const TABLE = `
  CREATE TABLE IF NOT EXISTS auth_users (
    pid INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    key BLOB NOT NULL,
    salt BLOB NOT NULL,
    is_admin BOOLEAN NOT NULL,
    UNIQUE(username)
  )
`;

const SELECT = "SELECT pid, username, is_admin FROM auth_users";

/** The `auth_users` table. */
export class UsersTable {
  readonly #database: DatabaseSync;

  /** Creates the table if it does not exist. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(TABLE);
  }

  /** All users, in the order in which they were added. */
  users(): User[] {
    return all(this.#database, `${SELECT} ORDER BY pid`).map(asUser);
  }

  /** The names of all users. */
  usernames(): string[] {
    return this.users().map(({ username }) => username);
  }

  /** The user with that name, if there is one. */
  find(username: string): User | undefined {
    return all(this.#database, `${SELECT} WHERE username = ?`, username).map(asUser)[0];
  }

  /** Whether a user with that name exists. */
  isUserRegistered(username: string): boolean {
    return this.find(username) !== undefined;
  }

  /** Whether a user with that name exists and is an administrator. */
  isAdmin(username: string): boolean {
    return this.find(username)?.isAdmin ?? false;
  }

  /**
   * Whether a user with that name exists and has that password. The key is computed in
   * another thread, so the event loop goes on.
   */
  async isPasswordValid(username: string, password: string): Promise<boolean> {
    const sql = "SELECT key, salt FROM auth_users WHERE username = ?";
    const [row] = await retryWhileLocked(() => all(this.#database, sql, username));
    const salt = row?.salt instanceof Uint8Array ? row.salt : randomBytes(SALT_SIZE);
    // Also computed if there is no such user, so that the time does not show whether there is one.
    const key = await keyOf(password, salt);
    return row?.key instanceof Uint8Array && key.length === row.key.length &&
      timingSafeEqual(key, row.key);
  }

  /**
   * Adds a user.
   *
   * @throws {ValueError} If the name is taken or empty, has a NUL character, or ends in a colon and
   * digits (like the name of a Manager), or if the password is empty.
   */
  async insert(username: string, password: string, isAdmin: boolean): Promise<void> {
    checkUsername(username);
    checkPassword(password);
    const salt = randomBytes(SALT_SIZE);
    const key = await keyOf(password, salt);
    const sql =
      "INSERT OR IGNORE INTO auth_users (username, key, salt, is_admin) VALUES (?, ?, ?, ?)";
    const insert = () => run(this.#database, sql, username, key, salt, Number(isAdmin));
    if (await retryWhileLocked(insert) === 0) {
      throw new ValueError(`A user with the username ${repr(username)} already exists`);
    }
  }

  /**
   * Changes the password of a user, or whether the user is an administrator, or both. What is
   * `undefined` is not changed.
   *
   * @throws {ValueError} If there is no such user, nothing is to be changed, or the password is empty.
   */
  async update(
    username: string,
    changes: { password?: string; isAdmin?: boolean },
  ): Promise<void> {
    const user = this.find(username);
    if (user === undefined) throw unknown(username);
    const { password, isAdmin = null } = changes;
    if (password === undefined && isAdmin === null) {
      throw new ValueError(
        `Cannot update ${repr(username)}: give a password, or whether it is an administrator`,
      );
    }
    let salt: Uint8Array | null = null;
    let key: Uint8Array | null = null;
    if (password !== undefined) {
      checkPassword(password);
      salt = randomBytes(SALT_SIZE);
      key = await keyOf(password, salt);
    }
    const sql = "UPDATE auth_users SET key = coalesce(?, key), salt = coalesce(?, salt), " +
      "is_admin = coalesce(?, is_admin) WHERE pid = ?";
    const admin = isAdmin === null ? null : Number(isAdmin);
    const changed = await retryWhileLocked(() =>
      run(this.#database, sql, key, salt, admin, user.pid)
    );
    if (changed === 0) throw unknown(username); // deleted while the key was computed
  }

  /**
   * Removes a user.
   *
   * @throws {ValueError} If there is no such user.
   */
  delete(username: string): void {
    const changed = run(this.#database, "DELETE FROM auth_users WHERE username = ?", username);
    if (changed === 0) throw unknown(username);
  }
}

function asUser(row: Row): User {
  return {
    pid: Number(row.pid),
    username: String(row.username),
    isAdmin: Boolean(row.is_admin),
  };
}

function unknown(username: string): ValueError {
  return new ValueError(`No user has the username ${repr(username)}`);
}

function keyOf(password: string, salt: Uint8Array): Promise<Uint8Array> {
  return promisify(pbkdf2)(password, salt, ITERATIONS, KEY_SIZE, "sha256");
}

function checkUsername(username: string): void {
  if (username.trim() === "") throw new ValueError("Cannot insert a user with an empty username");
  // SQLite would give such a name back truncated.
  if (username.includes("\0")) throw new ValueError("Cannot insert a user with a NUL in its name");
  if (/:\d+$/.test(username)) {
    throw new ValueError(
      `Cannot insert the user ${repr(username)}: a username must not end in a colon and digits`,
    );
  }
}

function checkPassword(password: string): void {
  if (password === "") throw new ValueError("Cannot use an empty password");
}
