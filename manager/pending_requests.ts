/**
 * The requests that are not answered: who waits for whom, how many may, and when one is completed.
 * Whether a client may send one at all is up to the registry. Pure state, as there.
 *
 * Invariants:
 * - a request is pending from `add` until `complete`, or until either peer is gone (`take`,
 *   `removeOf`). So it is completed once, by the service that it was added for, for the client that
 *   sent it;
 * - the counters are the sizes of what is pending: no step iterates over the pending requests of
 *   others, however many there are.
 *
 * @module
 */

import { PermissionError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import type { Limits } from "../limits.ts";
import type { Client, Service } from "./peer.ts";
import { PendingUids } from "./pending_uids.ts";

/** A request that its service has not answered. Orphaned if the service is gone. */
export interface PendingRequest<Session> {
  readonly client: Client<Session>;
  readonly uid: string;
  /** The name of its service here, if that is one of another node. */
  readonly service?: string;
}

/** How many requests may be pending. */
export type PendingLimits = Pick<Limits, "maxRequests" | "maxServiceRequests">;

/** The pending requests of a Manager. */
export class PendingRequests<Session> {
  readonly #limits: PendingLimits;
  /** How many requests the services have not answered. */
  #count = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  /** Whether any service has not answered a request. */
  get some(): boolean {
    return this.#count > 0;
  }

  /**
   * A request of a client to a service is pending from now on.
   *
   * @param start When it came, in milliseconds; `NaN` if its duration does not matter.
   * @throws {PermissionError} If too many requests of the client, or to the service, are pending.
   */
  add(client: Client<Session>, service: Service<Session>, uid: string, start: number): void {
    this.#checkClient(client);
    this.#checkService(service);
    let pending = service.pending.get(client);
    if (pending === undefined) {
      pending = new PendingUids();
      service.pending.set(client, pending);
      client.pending.set(service, pending);
    }
    pending.add(uid, start);
    client.pendingCount++;
    service.pendingCount++;
    this.#count++;
  }

  /**
   * Counts a request of a client as pending, until `release`: one to the Manager that is not answered
   * at once, or one to another node.
   *
   * @throws {PermissionError} If too many requests of the client are pending.
   */
  hold(client: Client<Session>): void {
    this.#checkClient(client);
    client.pendingCount++;
  }

  /** A request that was counted by `hold` is answered. */
  release(client: Client<Session>): void {
    client.pendingCount--;
  }

  /**
   * Completes the pending request that a service has answered, and counts the call.
   *
   * @param end When the answer came, by the clock of `start`; `NaN` if that does not matter.
   * @param isError Whether the answer is an error.
   * @returns Whether such a request was pending.
   */
  complete(
    client: Client<Session>,
    service: Service<Session>,
    uid: string,
    end: number,
    isError: boolean,
  ): boolean {
    const start = service.pending.get(client)?.complete(uid);
    if (start === undefined) return false;
    client.pendingCount--;
    service.pendingCount--;
    this.#count--;
    countCall(client, service, end - start, isError);
    return true;
  }

  /**
   * A pending request of a client to a service, which stays pending.
   *
   * @param uid The uid of the request. Default: the oldest one.
   * @returns `undefined` if no such request is pending.
   */
  find(
    client: Client<Session>,
    service: Service<Session>,
    uid?: string,
  ): PendingRequest<Session> | undefined {
    const pending = service.pending.get(client);
    if (pending === undefined) return undefined;
    const found = uid === undefined ? pending.oldest : pending.has(uid) ? uid : undefined;
    return found === undefined ? undefined : { client, uid: found };
  }

  /** Those of a client. A uid that is pending several times is listed once. */
  of(client: Client<Session>): { service: Service<Session>; uid: string }[] {
    return Array.from(
      client.pending,
      ([service, pending]) => Array.from(new Set(pending), (uid) => ({ service, uid })),
    ).flat();
  }

  /** Removes those of a service, and returns them. They count as calls that failed. */
  take(service: Service<Session>): PendingRequest<Session>[] {
    const requests = [...service.pending].flatMap(([client, pending]) =>
      Array.from(pending, (uid) => ({ client, uid }))
    );
    for (const { client } of requests) countCall(client, service, NaN, true);
    for (const client of [...service.pending.keys()]) this.#remove(client, service);
    return requests;
  }

  /** Removes those of a client that is gone. */
  removeOf(client: Client<Session>): void {
    for (const service of [...client.pending.keys()]) this.#remove(client, service);
  }

  /** Keeps nothing of a client and a service without a link, unless a request is pending. */
  unlinked(client: Client<Session>, service: Service<Session>): void {
    if (client.pending.get(service)?.size === 0) this.#remove(client, service);
  }

  #remove(client: Client<Session>, service: Service<Session>): void {
    const size = client.pending.get(service)?.size ?? 0;
    client.pending.delete(service);
    service.pending.delete(client);
    client.pendingCount -= size;
    service.pendingCount -= size;
    this.#count -= size;
  }

  #checkClient({ pendingCount, networkName }: Client<Session>): void {
    const limit = this.#limits.maxRequests;
    if (pendingCount < limit) return;
    throw new PermissionError(
      `Too many requests of ${networkName} are pending, the limit is ${limit} (--max-requests)`,
    );
  }

  #checkService({ pendingCount, name }: Service<Session>): void {
    const limit = this.#limits.maxServiceRequests;
    if (pendingCount < limit) return;
    throw new PermissionError(
      `Too many requests to the ${repr(name)} service are pending, the limit is ${limit} for a ` +
        `service and ${this.#limits.maxRequests} for a client (--max-requests)`,
    );
  }
}

/** Counts a call of a client to a service. */
function countCall(
  client: Client<unknown>,
  service: Service<unknown>,
  milliseconds: number,
  isError: boolean,
): void {
  client.calls.end(milliseconds, isError);
  service.calls.end(milliseconds, isError);
}
