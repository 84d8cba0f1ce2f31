/**
 * What users may do: the access lists in memory (who may use which service, and who may offer it),
 * and whether a user who has logged in still exists.
 *
 * The registry checks the lists for each request of a client that is not linked, so the database is
 * not read then. A change by this program takes effect at once. A change by another program, such as
 * the commands, which are other processes, takes effect within half a second.
 *
 * @module
 */

import type { AccessLists, AccessTable } from "./database/access_table.ts";
import type { SessionUser, UsersTable } from "./database/users_table.ts";
import { logger } from "../base/log.ts";
import { isRemoteUser, type PeerUser } from "./peer.ts";
import type { Policy } from "./policy.ts";

/** How often the version of the database is polled, in milliseconds. */
const POLL_INTERVAL = 500;

const log = logger("access");

/** The tables that are read. `Database` has them. */
interface Tables {
  readonly access: AccessTable;
  readonly users: UsersTable;
}

/** The access lists of a running Manager. */
export class Access implements Policy, Disposable {
  readonly #tables: Tables;
  #lists: AccessLists;
  /** The version of the database that the lists are from; `undefined` if they must be read again. */
  #version: number | undefined;
  /** Whether the last attempt to read the lists failed. It is logged once. */
  #isStale = false;
  #changed = () => {};
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * Reads the lists.
   *
   * @throws {ConfigurationError} If they cannot be read.
   */
  constructor(tables: Tables) {
    this.#tables = tables;
    this.#version = tables.access.version();
    this.#lists = tables.access.numbers();
  }

  /** Whether the service has no list of those who may use it, or the user is on it. */
  mayUse(user: PeerUser | undefined, service: string): boolean {
    if (user === undefined || !isRemoteUser(user)) return isOn(this.#lists.use.get(service), user);
    if (!this.isRestricted(service)) return true;
    return this.#lists.remote.get(service)?.has(user.username) ?? false;
  }

  /** Whether the service has a list of those who may use it. */
  isRestricted(service: string): boolean {
    return this.#lists.use.has(service);
  }

  /** Whether the service has no list of those who may offer it, or the user is on it. */
  mayOffer(user: SessionUser | undefined, service: string): boolean {
    return isOn(this.#lists.offer.get(service), user);
  }

  /**
   * Whether a user who has logged in was neither removed nor has another password. Asks the database.
   *
   * @throws {ConfigurationError} If the database cannot be read.
   */
  isCurrent(user: SessionUser): boolean {
    return this.#tables.users.current(user) !== undefined;
  }

  /**
   * Starts to poll the database for changes by another program.
   *
   * @param changed Called after the lists were read again, or a user has changed. If it throws, it is
   * called again.
   * @param interval How often to poll, in milliseconds. Default: 500.
   */
  watch(changed: () => void, interval: number = POLL_INTERVAL): void {
    this.#changed = changed;
    this.#timer = setInterval(() => this.#poll(), interval);
  }

  /** Reads the lists again. Call it after this program has changed them or the users. */
  refresh(): void {
    this.#version = undefined; // a change by this program does not change the version
    this.#poll();
  }

  /** Stops polling. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #poll(): void {
    try {
      const version = this.#tables.access.version();
      if (version === this.#version) return;
      this.#lists = this.#tables.access.numbers();
      this.#changed();
      this.#version = version;
      this.#isStale = false;
    } catch (error) {
      if (!this.#isStale) {
        log.error(
          "Cannot read the users and the access lists, those that were read last stay in effect: " +
            "{error}",
          {
            error: (error as Error).message,
          },
        );
      }
      this.#version = undefined;
      this.#isStale = true;
    }
  }
}

function isOn(list: ReadonlySet<number> | undefined, user: SessionUser | undefined): boolean {
  return list === undefined || (user !== undefined && list.has(user.pid));
}
