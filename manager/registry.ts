/**
 * Who is connected, linked and locked, and who owes whom an answer. Every rule of links, locks
 * and pending requests is here and nowhere else. Pure state: no socket, no clock, no bytes.
 *
 * What always holds:
 * - a client is in a service's links exactly if the service is in the client's; only a linked
 *   client holds a lock, and only one that may use the service is linked with it;
 * - an answer is pending exactly between `route` and `settle` (or the end of either peer), so an
 *   answer can be settled once, by the service that owes it, for the client that is owed.
 *
 * `Seat` is what the owner wants to find again for a peer: the Manager's connection to it.
 *
 * @module
 */

import { ConnectionAbortedError, KeyError, NameError, PermissionError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import { MANAGER } from "../wire/message.ts";
import {
  type Client,
  Debts,
  networkNameOf,
  networkNames,
  type Newcomer,
  type Peer,
  type Service,
  serviceEntry,
} from "./peer.ts";

/** Who may use which service. */
export interface Policy {
  /** Whether a user, or a client that nobody had to log in for, may use a service. */
  mayUse(username: string | undefined, service: string): boolean;
}

/** An answer that nobody will give any more. */
export interface Orphan<Seat> {
  readonly client: Client<Seat>;
  readonly uid: string;
}

/** The state of a Manager. */
export class Registry<Seat> {
  /** How this Manager calls itself in messages: `Manager[host:port]`. */
  readonly manager: string;
  readonly #clients = new Map<string, Client<Seat>>();
  readonly #services = new Map<string, Service<Seat>>();
  readonly #policy: Policy | undefined;
  #isClosed = false;

  /**
   * @param policy Who may use which service. Call {@linkcode Registry.withdraw} when it changes.
   * Default: everybody may use every service.
   */
  constructor(manager: string, policy?: Policy) {
    this.manager = manager;
    this.#policy = policy;
  }

  /**
   * Takes a device in.
   *
   * @param username The user that logged in to connect it, if any did.
   * @throws {ConnectionAbortedError} If it is closed.
   * @throws {NameError} If a service of that name, or a client of that network name, is already
   * connected.
   */
  add(newcomer: Newcomer, seat: Seat, username?: string): Peer<Seat> {
    if (this.#isClosed) throw shuttingDown();
    const networkName = networkNameOf(newcomer);
    if (newcomer.kind === "client") {
      // Two computers of different domains may share a first label, and their ports may be equal.
      if (this.#clients.has(networkName)) {
        throw new NameError(`A ${repr(networkName)} client is already connected to the Manager`);
      }
      const client: Client<Seat> = { ...newcomer, networkName, seat, username, links: new Set() };
      this.#clients.set(networkName, client);
      return client;
    }
    // Requests to a service of the Manager's name would be the Manager's.
    if (newcomer.name === MANAGER || this.#services.has(newcomer.name)) {
      throw new NameError(`A ${repr(newcomer.name)} service is already running on the Manager`);
    }
    const service: Service<Seat> = {
      ...newcomer,
      networkName,
      seat,
      links: new Set(),
      locks: new Set(),
      pending: new Map(),
    };
    this.#services.set(newcomer.name, service);
    return service;
  }

  /** Takes a device out, with its links and locks, and tells which answers it leaves owing. */
  remove(peer: Peer<Seat>): Orphan<Seat>[] {
    if (peer.kind === "client") {
      if (this.#clients.get(peer.networkName) === peer) this.#clients.delete(peer.networkName);
      for (const service of peer.links) this.#separate(peer, service);
      for (const service of this.#services.values()) service.pending.delete(peer);
      return [];
    }
    if (this.#services.get(peer.name) === peer) this.#services.delete(peer.name);
    for (const client of peer.links) this.#separate(client, peer);
    return this.abandon(peer);
  }

  /** The answers that a client waits for. */
  awaited(client: Client<Seat>): { service: Service<Seat>; uid: string }[] {
    return Array.from(
      this.#services.values(),
      (service) => Array.from(new Set(service.pending.get(client)), (uid) => ({ service, uid })),
    ).flat();
  }

  /** Tells which answers a service owes, and waits for them no longer. */
  abandon(service: Service<Seat>): Orphan<Seat>[] {
    const orphans = [...service.pending].flatMap(([client, debts]) =>
      Array.from(debts, (uid) => ({ client, uid }))
    );
    service.pending.clear();
    return orphans;
  }

  /**
   * The service that a client's request goes to. Notes that it owes the answer.
   *
   * @throws {ConnectionAbortedError} If it is closed.
   * @throws {KeyError} If the service is not connected.
   * @throws {PermissionError} If the client is not linked, and may not use the service, or it is
   * locked or full.
   */
  route(client: Client<Seat>, name: string, uid: string): Service<Seat> {
    if (this.#isClosed) throw shuttingDown();
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new KeyError(`the ${repr(name)} Service is not connected to ${this.manager}`);
    }
    if (!service.links.has(client)) this.#checkEntry(client, service);
    let debts = service.pending.get(client);
    if (debts === undefined) service.pending.set(client, debts = new Debts());
    debts.add(uid);
    return service;
  }

  /**
   * The client that a service's answer goes to, or `undefined` where the service owes no such
   * answer. The answer is then no longer owed.
   */
  settle(service: Service<Seat>, requester: string, uid: string): Client<Seat> | undefined {
    const client = this.#clients.get(requester);
    if (client === undefined) return undefined;
    return service.pending.get(client)?.settle(uid) ? client : undefined;
  }

  /**
   * An answer that a service owes to a requester: that of the uid, or the oldest one where the uid
   * is not known yet. `undefined` where it owes none.
   */
  debt(service: Service<Seat>, requester: string, uid?: string): Orphan<Seat> | undefined {
    const client = this.#clients.get(requester);
    const debts = client && service.pending.get(client);
    if (client === undefined || debts === undefined) return undefined;
    const owed = uid === undefined ? debts.oldest : debts.has(uid) ? uid : undefined;
    return owed === undefined ? undefined : { client, uid: owed };
  }

  /**
   * Links a client with a service. To link again is allowed even while the service is locked or
   * full.
   *
   * @throws {KeyError} If the service does not exist.
   * @throws {PermissionError} If the client may not use the service, or it is locked or full.
   */
  link(client: Client<Seat>, name: string): ServiceEntry {
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new KeyError(
        `the ${repr(name)} service does not exist, cannot link with ${client.networkName}`,
      );
    }
    if (!service.links.has(client)) {
      this.#checkEntry(client, service);
      service.links.add(client);
      client.links.add(service);
    }
    return serviceEntry(service);
  }

  /**
   * Undoes a link and releases the client's lock. A service that is gone, or that the client may
   * not use any longer, counts as unlinked.
   *
   * @throws {KeyError} If the client is not linked with the service.
   */
  unlink(client: Client<Seat>, name: string): true {
    const service = this.#services.get(name);
    if (service === undefined) return true;
    if (!service.links.has(client)) {
      if (!this.mayUse(client, service)) return true;
      throw new KeyError(
        `cannot unlink ${client.networkName}, it was not linked with ${repr(name)}`,
      );
    }
    this.#separate(client, service);
    return true;
  }

  /**
   * Locks a service, so that no new client can link with it. An exclusive lock needs the client
   * to be the only one that is linked. To lock again is allowed.
   *
   * @returns The network names of the linked clients.
   * @throws {KeyError} If the service does not exist.
   * @throws {PermissionError} If the client is not linked, or others are and the lock is exclusive.
   */
  acquireLock(client: Client<Seat>, name: string, shared: boolean): string[] {
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new KeyError(
        `${repr(name)} service does not exist, ${client.networkName} cannot acquire a lock`,
      );
    }
    if (!service.links.has(client)) {
      throw new PermissionError(
        `${client.networkName} cannot acquire a lock because it is not linked ` +
          `with the ${repr(name)} service`,
      );
    }
    if (!shared && service.links.size > 1) {
      throw new PermissionError(
        `${client.networkName} cannot acquire an exclusive lock, there are ${service.links.size} ` +
          `links with the ${repr(name)} service\n${listing(service.links)}`,
      );
    }
    service.locks.add(client);
    return networkNames(service.links);
  }

  /**
   * Releases the client's lock, if it holds one.
   *
   * @returns The network names of the clients that still hold a lock.
   * @throws {KeyError} If the service does not exist.
   */
  releaseLock(client: Client<Seat>, name: string): string[] {
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new KeyError(
        `${repr(name)} service does not exist, ${client.networkName} cannot release the lock`,
      );
    }
    service.locks.delete(client);
    return networkNames(service.locks);
  }

  /**
   * Undoes the links of clients that may not use the service any longer, and releases their locks.
   * What they are owed is still settled.
   *
   * @returns The links that were undone.
   */
  withdraw(): { client: Client<Seat>; service: Service<Seat> }[] {
    const links = Array.from(
      this.#services.values(),
      (service) => Array.from(service.links, (client) => ({ client, service })),
    ).flat();
    const withdrawn = links.filter(({ client, service }) => !this.mayUse(client, service));
    for (const { client, service } of withdrawn) this.#separate(client, service);
    return withdrawn;
  }

  /** Whether a client may use a service, linked or not. */
  mayUse({ username }: Client<Seat>, { name }: Service<Seat>): boolean {
    return this.#policy?.mayUse(username, name) ?? true;
  }

  /** From now on no device is taken in and no request is routed. What is owed is still settled. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether any service owes an answer. */
  get owes(): boolean {
    return this.#services.values().some(({ pending }) =>
      pending.values().some((debts) => debts.size > 0)
    );
  }

  /** The connected clients. */
  get clients(): Iterable<Client<Seat>> {
    return this.#clients.values();
  }

  /** The connected services. */
  get services(): Iterable<Service<Seat>> {
    return this.#services.values();
  }

  /** The service of that name, if it is connected. */
  service(name: string): Service<Seat> | undefined {
    return this.#services.get(name);
  }

  /** Refuses a client that is not linked and may not use a service now. */
  #checkEntry(client: Client<Seat>, service: Service<Seat>): void {
    if (!this.mayUse(client, service)) {
      const who = client.username === undefined ? client.networkName : repr(client.username);
      throw new PermissionError(`${who} may not use the ${repr(service.name)} service`);
    }
    checkVacancy(service);
  }

  #separate(client: Client<Seat>, service: Service<Seat>): void {
    service.links.delete(client);
    service.locks.delete(client);
    client.links.delete(service);
  }
}

function shuttingDown(): ConnectionAbortedError {
  return new ConnectionAbortedError("the Manager is shutting down");
}

/** Whether one more client may use the service. */
function checkVacancy(service: Service<unknown>): void {
  if (service.locks.size > 0) {
    throw new PermissionError(`${repr(service.name)} service is locked`);
  }
  if (service.maxClients > 0 && service.links.size >= service.maxClients) {
    throw new PermissionError(
      `The maximum number of Clients are already linked with ${repr(service.name)}\n` +
        listing(service.links),
    );
  }
}

function listing(clients: Iterable<Client<unknown>>): string {
  return `The linked Clients are:\n${networkNames(clients).map((name) => `  ${name}`).join("\n")}`;
}
