/**
 * The names of the services that are connected, for the error of a link: the Client asks the Manager
 * for them when a link has failed.
 *
 * @module
 */

import type { Identities } from "../wire/identities.ts";
import { MANAGER } from "../wire/protocol.ts";
import type { Requests } from "./requests.ts";

/** How long an error waits for the names, in milliseconds. */
const TIMEOUT = 1_000;

/** How long names are kept, in milliseconds: a program may try to link in a loop. */
const LIFETIME = 2_000;

/** The names of the services, as they were asked for last. */
export class ServiceNames {
  readonly #requests: Pick<Requests, "call">;
  #names: Promise<readonly string[]> = Promise.resolve([]);
  /** When they were asked for, by `performance.now()`. */
  #askedAt = -Infinity;

  constructor(requests: Pick<Requests, "call">) {
    this.#requests = requests;
  }

  /**
   * The names.
   *
   * @throws {TimeoutError} If the Manager does not answer in time.
   * @throws {ConnectionAbortedError} If the connection ends first.
   */
  get(): Promise<readonly string[]> {
    if (performance.now() - this.#askedAt > LIFETIME) {
      this.#askedAt = performance.now();
      this.#names = this.#ask();
    }
    return this.#names;
  }

  async #ask(): Promise<readonly string[]> {
    const call = { args: [], kwargs: {}, options: {} };
    const asking = this.#requests.call<Identities>(MANAGER, "identity", call);
    return Object.keys((await asking.result({ timeout: TIMEOUT })).services);
  }
}
