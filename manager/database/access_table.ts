/**
 * The access lists: which user may use which service, and which user may offer it. Every client may
 * use, and every device may offer, a service without a list.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { all } from "./sql.ts";
import { UserLists } from "./user_lists.ts";

/** The numbers of the users on each list, by the name of the service. */
export interface AccessLists {
  readonly use: ReadonlyMap<string, ReadonlySet<number>>;
  /** The users of other nodes who may use it, as `name@node`: they have no number here. */
  readonly remote: ReadonlyMap<string, ReadonlySet<string>>;
  readonly offer: ReadonlyMap<string, ReadonlySet<number>>;
}

/** The access lists in the database. The errors are those of {@linkcode UserLists}. */
export class AccessTable {
  readonly #database: DatabaseSync;
  readonly #use: UserLists;
  readonly #offer: UserLists;

  /** Creates the tables if they do not exist. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#use = new UserLists(database, {
      prefix: "access",
      verb: "use",
      add: "allow",
      remove: "deny",
      hasRemote: true,
    });
    this.#offer = new UserLists(database, {
      prefix: "offer",
      verb: "offer",
      add: "offer",
      remove: "unoffer",
      hasRemote: false,
    });
  }

  /**
   * The users who may use each service that has a list, sorted by name. Those of other nodes, as
   * `name@node`, follow.
   */
  lists(): Map<string, Set<string>> {
    return this.#use.names();
  }

  /** The users who may offer each service that has a list, sorted by name. */
  offerLists(): Map<string, Set<string>> {
    return this.#offer.names();
  }

  /** All lists, by the numbers of the users. */
  numbers(): AccessLists {
    return {
      use: this.#use.numbers(),
      remote: this.#use.remoteNames(),
      offer: this.#offer.numbers(),
    };
  }

  /**
   * Only these users, and those who are on the list already, may use the service from now on. A name
   * such as `bob@b` that no user here has is that of a user of another node.
   */
  allow(service: string, usernames: readonly string[]): void {
    this.#use.add(service, usernames);
  }

  /** These users may not use the service any more. */
  deny(service: string, usernames: readonly string[]): void {
    this.#use.remove(service, usernames);
  }

  /** Every client may use the service from now on. */
  clear(service: string): void {
    this.#use.clear(service);
  }

  /** Only these users, and those who are on the list already, may offer the service from now on. */
  offer(service: string, usernames: readonly string[]): void {
    this.#offer.add(service, usernames);
  }

  /** These users may not offer the service any more. */
  unoffer(service: string, usernames: readonly string[]): void {
    this.#offer.remove(service, usernames);
  }

  /** Every device may offer the service from now on. */
  clearOffer(service: string): void {
    this.#offer.clear(service);
  }

  /** A number that differs after another program has changed the database. */
  version(): number {
    return Number(all(this.#database, "PRAGMA data_version")[0].data_version);
  }
}
