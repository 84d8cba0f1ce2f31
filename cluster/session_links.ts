/**
 * The links of one session: which services of the other node a local client is linked with, and which of
 * them it has locked. The home node decides both; what it has answered is noted here, for the status of
 * this Manager, and so that the client is told when the session ends.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { PermissionError } from "../errors.ts";
import { CLUSTER_LIMITS } from "../limits.ts";
import type { Client } from "../manager/peer.ts";
import { joinServiceName } from "../wire/node_name.ts";

/** The links of a local client with services of another node. */
export class SessionLinks {
  readonly #node: string;
  readonly #client: Client<unknown>;
  /** The services, by their names at the node. */
  readonly #services = new Set<string>();

  constructor(node: string, client: Client<unknown>) {
    this.#node = node;
    this.#client = client;
  }

  /** Whether the client is linked with a service. */
  has(service: string): boolean {
    return this.#services.has(service);
  }

  /**
   * Rejects one link too many: a node has no more services, but one that answers to any name would make
   * a client take memory.
   *
   * @throws {PermissionError} If it is one.
   */
  check(service: string): void {
    const { services: limit } = CLUSTER_LIMITS;
    if (this.#services.has(service) || this.#services.size < limit) return;
    throw new PermissionError(
      `${this.#client.networkName} is linked with ${limit} services of the node ${
        repr(this.#node)
      }, and no node has more`,
    );
  }

  /** The client is linked with a service, perhaps again. */
  add(service: string): void {
    this.#services.add(service);
    const links = this.#client.remoteLinks ??= new Map();
    const name = this.#nameHere(service);
    if (!links.has(name)) links.set(name, { isLocked: false });
  }

  /** The client is not linked with a service any more, and holds no lock of it. */
  remove(service: string): void {
    this.#services.delete(service);
    this.#client.remoteLinks?.delete(this.#nameHere(service));
  }

  /** The client has got the lock of a service, or has given it back. */
  lock(service: string, isLocked: boolean): void {
    const link = this.#client.remoteLinks?.get(this.#nameHere(service));
    if (link !== undefined) link.isLocked = isLocked;
  }

  /** Removes all links. Returns the names that their services have here. */
  removeAll(): string[] {
    const services = [...this.#services];
    for (const service of services) this.remove(service);
    return services.map((service) => this.#nameHere(service));
  }

  #nameHere(service: string): string {
    return joinServiceName(this.#node, service);
  }
}
