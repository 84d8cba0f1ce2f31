/**
 * The origins of the connected peers: the user who has logged in, else the block of the address. All
 * peers of an origin together hold only a share of the memory for long lines and long identities
 * (`base/budget.ts`), so that nobody takes the share of everyone else with many connections.
 *
 * @module
 */

import { Holder } from "../base/budget.ts";
import { blockOf } from "./known_origins.ts";
import type { SessionUser } from "./database/users_table.ts";

/** The origins of the peers that are connected, or whose lines are still held. */
export class Origins {
  readonly #origins = new Map<string, { group: Holder; peers: number }>();
  /** The keys of those that have no peer any more, but still hold lines. */
  readonly #emptied = new Set<string>();

  /** How many origins are known. */
  get size(): number {
    return this.#origins.size;
  }

  /**
   * A peer as a holder, which belongs to its origin. Call `leave` when it is gone.
   *
   * @param user The user who has logged in, if any did.
   */
  enter(address: string, user?: SessionUser): { holder: Holder; leave: () => void } {
    return this.#enter(user === undefined ? blockOf(address) : `user ${user.pid}`);
  }

  /** A session with another node as a holder. All sessions with one node have the same origin. */
  enterNode(node: string): { holder: Holder; leave: () => void } {
    return this.#enter(`node ${node}`);
  }

  #enter(key: string): { holder: Holder; leave: () => void } {
    const origin = this.#origins.get(key) ?? { group: Holder.group(), peers: 0 };
    this.#origins.set(key, origin);
    origin.peers++;
    return {
      holder: Holder.one(origin.group),
      leave: () => {
        if (--origin.peers === 0) this.#emptied.add(key);
        this.#forgetEmptied();
      },
    };
  }

  /** An origin is known until its last line is freed: else it had a new share with new connections. */
  #forgetEmptied(): void {
    for (const key of this.#emptied) {
      const { group, peers } = this.#origins.get(key)!;
      if (peers === 0 && group.held > 0) continue;
      this.#emptied.delete(key);
      if (peers === 0) this.#origins.delete(key);
    }
  }
}
