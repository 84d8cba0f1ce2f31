/**
 * The connected devices as the Manager knows them: their identity, their links and locks, and the
 * requests that a service has not answered. The rules for these are the registry's.
 *
 * @module
 */

import { UidMap } from "../base/uid_map.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import type { JsonObject } from "../wire/message.ts";

/** A connected client. */
export interface Client<Seat> {
  readonly kind: "client";
  readonly name: string;
  /** `host:port` as the Manager sees it. */
  readonly address: string;
  /** `name[host:port]`. */
  readonly networkName: string;
  readonly language: string;
  readonly os: string;
  /** The extensions of the protocol that it has offered. */
  readonly extensions: readonly string[];
  readonly seat: Seat;
  /** The user that logged in to connect it; `undefined` where nobody has to. */
  readonly username: string | undefined;
  /** The services that it is linked with. */
  readonly links: Set<Service<Seat>>;
}

/** A connected service. */
export interface Service<Seat> {
  readonly kind: "service";
  readonly name: string;
  readonly address: string;
  readonly networkName: string;
  readonly language: string;
  readonly os: string;
  /** The extensions of the protocol that it has offered. */
  readonly extensions: readonly string[];
  readonly attributes: JsonObject;
  /** How many clients may be linked at once; 0 or less means no limit. */
  readonly maxClients: number;
  /** The methods whose results are streams. */
  readonly streams: readonly string[];
  readonly seat: Seat;
  /** The clients that are linked with it. */
  readonly links: Set<Client<Seat>>;
  /** The linked clients that hold a lock. */
  readonly locks: Set<Client<Seat>>;
  /** The answers that it owes to each client. */
  readonly pending: Map<Client<Seat>, Debts>;
}

/** A connected device. */
export type Peer<Seat> = Client<Seat> | Service<Seat>;

/** What is known of a device before it is registered. */
export type Newcomer =
  & {
    name: string;
    address: string;
    language: string;
    os: string;
    extensions: readonly string[];
  }
  & (
    | { kind: "client" }
    | {
      kind: "service";
      attributes: JsonObject;
      maxClients: number;
      streams: readonly string[];
    }
  );

/**
 * The uids of requests that are not answered. Hardly any is there twice, since clients give each
 * request one of its own; those that a person types at a terminal all have the same.
 */
export class Debts implements Iterable<string> {
  /** How often each is owed. */
  readonly #counts = new UidMap<number>();

  /** How many answers are owed. */
  get size(): number {
    return [...this].length;
  }

  /** The uid that has been owed for the longest time. */
  get oldest(): string | undefined {
    const [first] = this.#counts;
    return first?.[0];
  }

  /** Whether an answer is owed. */
  has(uid: string): boolean {
    return this.#counts.get(uid) !== undefined;
  }

  /** Another answer is owed. */
  add(uid: string): void {
    this.#counts.set(uid, (this.#counts.get(uid) ?? 0) + 1);
  }

  /** An answer is no longer owed. False if it was not. */
  settle(uid: string): boolean {
    const count = this.#counts.get(uid);
    if (count === undefined) return false;
    if (count === 1) this.#counts.take(uid);
    else this.#counts.set(uid, count - 1);
    return true;
  }

  /** Each uid as often as it is owed. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (const [uid, count] of this.#counts) {
      for (let rest = count; rest > 0; rest--) yield uid;
    }
  }
}

/** Whether a client keeps others out of a service, by a lock or as one of its limited clients. */
export function keepsOthersOut(client: Client<unknown>): boolean {
  for (const service of client.links) {
    if (service.maxClients > 0 || service.locks.has(client)) return true;
  }
  return false;
}

/** How a device is called on the network: `name[host:port]`. */
export function networkNameOf(newcomer: Newcomer): string {
  return `${newcomer.name}[${newcomer.address}]`;
}

/** A service as an identity and a reply to `link` show it. */
export function serviceEntry(service: Service<unknown>): ServiceEntry {
  return {
    attributes: service.attributes,
    address: service.address,
    language: service.language,
    os: service.os,
    max_clients: service.maxClients,
  };
}

/** The network names of clients, sorted. */
export function networkNames(clients: Iterable<Client<unknown>>): string[] {
  return Array.from(clients, (client) => client.networkName).sort();
}
