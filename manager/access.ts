/**
 * The access lists in memory: which user may use which service. The registry checks them for each
 * request of a client that is not linked, so the database is not read then. A change by this program
 * takes effect at once, a change by another program within half a second.
 *
 * @module
 */

import type { AccessTable } from "./database/access_table.ts";
import { logger } from "../base/log.ts";
import type { Policy } from "./registry.ts";

/** How often the version of the database is polled, in milliseconds. */
const POLL_INTERVAL = 500;

const log = logger("access");

/** The access lists of a running Manager. */
export class Access implements Policy, Disposable {
  readonly #table: AccessTable;
  #lists: ReadonlyMap<string, ReadonlySet<string>>;
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
  constructor(table: AccessTable) {
    this.#table = table;
    this.#version = table.version();
    this.#lists = table.lists();
  }

  /** Whether the service has no list, or the user is on it. */
  mayUse(username: string | undefined, service: string): boolean {
    const list = this.#lists.get(service);
    return list === undefined || (username !== undefined && list.has(username));
  }

  /**
   * Starts to poll the database for changes by another program.
   *
   * @param changed Called after the lists were read again.
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
      const version = this.#table.version();
      if (version === this.#version) return;
      this.#lists = this.#table.lists();
      this.#version = version;
      this.#isStale = false;
    } catch (error) {
      if (!this.#isStale) {
        log.error(
          "Cannot read the access lists, those that were read last stay in effect: {error}",
          {
            error: (error as Error).message,
          },
        );
      }
      this.#isStale = true;
      return;
    }
    this.#changed();
  }
}
