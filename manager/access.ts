/**
 * Who may use which service, in memory: the registry asks for each request of a client that is not
 * linked. What another program changes in the database counts within half a second, what this one
 * changes at once.
 *
 * @module
 */

import type { AccessTable } from "./database/access_table.ts";
import { logger } from "../base/log.ts";
import type { Policy } from "./registry.ts";

/** How often it is asked whether another program has changed the database, in milliseconds. */
const INTERVAL = 500;

const log = logger("access");

/** The lists of the access tables, for as long as a Manager runs. */
export class Access implements Policy, Disposable {
  readonly #table: AccessTable;
  #lists: ReadonlyMap<string, ReadonlySet<string>>;
  /** That of the database when the lists were read; `undefined` if they have to be read again. */
  #version: number | undefined;
  /** Whether the lists could not be read the last time, which is said once. */
  #isStale = false;
  #changed = () => {};
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * Reads the lists.
   *
   * @throws {ConfigurationError} If they cannot be read.
   */
  constructor(table: AccessTable) {
    this.#table = table;
    this.#version = table.version();
    this.#lists = table.lists();
  }

  /** Whether a service has no list, or this user is on it. */
  mayUse(username: string | undefined, service: string): boolean {
    const list = this.#lists.get(service);
    return list === undefined || (username !== undefined && list.has(username));
  }

  /**
   * From now on looks whether another program changes the database.
   *
   * @param changed Is called after the lists were read again.
   */
  watch(changed: () => void, interval: number = INTERVAL): void {
    this.#changed = changed;
    this.#timer = setInterval(() => this.#look(), interval);
  }

  /** Reads the lists again, after this program has changed them or the users. */
  refresh(): void {
    this.#version = undefined; // it does not change with what this program does
    this.#look();
  }

  /** Looks no longer. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const version = this.#table.version();
      if (version === this.#version) return;
      this.#lists = this.#table.lists();
      this.#version = version;
      this.#isStale = false;
    } catch (error) {
      if (!this.#isStale) {
        log.error("Cannot read who may use which service, what was read last holds: {error}", {
          error: (error as Error).message,
        });
      }
      this.#isStale = true;
      return;
    }
    this.#changed();
  }
}
