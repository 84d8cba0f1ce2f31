/**
 * The connected clients and services, their links and locks. Every rule of these is here and nowhere
 * else; those of their requests are in `pending_requests.ts`. Pure state: no socket, no clock, no
 * bytes.
 *
 * A client is in a service's links exactly if the service is in the client's; only a linked client
 * holds a lock, and only a client that may use the service is linked with it.
 *
 * @module
 */

import { ConnectionAbortedError, KeyError, NameError, PermissionError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import { Calls } from "./call_statistics.ts";
import { LIMITS } from "../limits.ts";
import { MANAGER, OWNER } from "../wire/protocol.ts";
import type { SessionUser } from "./database/users_table.ts";
import type { NodeRules } from "./remote_services.ts";
import {
  type Client,
  networkNameOf,
  networkNames,
  type Peer,
  type PeerIdentity,
  type PeerUser,
  type Service,
} from "./peer.ts";
import { type PendingLimits, type PendingRequest, PendingRequests } from "./pending_requests.ts";
import { type Policy, reasonToEnd } from "./policy.ts";

/** The peers of a Manager. */
export class Registry<Session> {
  /** The network name of the Manager: `Manager[host:port]`. */
  readonly manager: string;
  /** The requests that are not answered. */
  readonly pending: PendingRequests<Session>;
  /** Called when a client is linked with a service, and when that link ends. */
  onLink:
    | ((client: Client<Session>, service: Service<Session>, isLinked: boolean) => void)
    | undefined;
  /** The rules about other nodes; `undefined` if the Manager is not joined to any. */
  nodes: NodeRules | undefined;
  /** Called after a service has come or gone, or what users may do has changed. */
  onServicesChanged: () => void = () => {};
  readonly #clients = new Map<string, Client<Session>>();
  readonly #services = new Map<string, Service<Session>>();
  readonly #policy: Policy | undefined;
  #isClosed = false;

  /**
   * @param manager The network name of the Manager.
   * @param policy What users may do. Call {@linkcode Registry.revoke} and
   * {@linkcode Registry.unwelcome} when it changes. Default: all may do everything.
   * @param limits How many requests may be pending.
   */
  constructor(manager: string, policy?: Policy, limits: PendingLimits = LIMITS) {
    this.manager = manager;
    this.#policy = policy;
    this.pending = new PendingRequests(limits);
  }

  /**
   * Registers a device.
   *
   * @param user The user who logged in during the handshake, or at another node, if any did. That of a
   * service is never one of another node.
   * @throws {ConnectionAbortedError} If the registry is closed.
   * @throws {ValueError} If the user was removed, or has another password, since the login.
   * @throws {PermissionError} If the user may not offer the service.
   * @throws {NameError} If a service with that name, or a client with that network name, is
   * registered already; or a service has the name of the Manager, or one that begins with the name of
   * a node and a dot.
   */
  register(identity: PeerIdentity, session: Session, user?: PeerUser): Peer<Session> {
    this.checkOpen();
    const reason = this.#policy && reasonToEnd(this.#policy, identity, user);
    if (reason !== undefined) throw reason;
    const networkName = networkNameOf(identity);
    if (identity.kind === "client") {
      // Two computers of different domains may share a first label, and their ports may be equal.
      if (this.#clients.has(networkName)) {
        throw new NameError(`A ${repr(networkName)} client is already connected to the Manager`);
      }
      const client: Client<Session> = {
        ...identity,
        networkName,
        session,
        user,
        node: identity.node,
        links: new Set(),
        remoteLinks: undefined,
        departed: new Map(),
        pending: new Map(),
        pendingCount: 0,
        calls: new Calls(),
      };
      this.#clients.set(networkName, client);
      return client;
    }
    // A request to a service with the Manager's name would go to the Manager.
    if (identity.name === MANAGER || this.#services.has(identity.name)) {
      throw new NameError(`A ${repr(identity.name)} service is already running on the Manager`);
    }
    const node = this.nodes?.nodeOf(identity.name);
    if (node !== undefined) {
      throw new NameError(
        `A service cannot be named ${repr(identity.name)}: names that begin with ${
          repr(`${node}.`)
        } ` +
          `are those of the services of the node ${repr(node)}`,
      );
    }
    const service: Service<Session> = {
      ...identity,
      streamNames: new Set(identity.streams),
      networkName,
      session,
      user: user as SessionUser | undefined,
      links: new Set(),
      locks: new Set(),
      pending: new Map(),
      pendingCount: 0,
      calls: new Calls(),
    };
    this.#services.set(identity.name, service);
    this.onServicesChanged();
    return service;
  }

  /**
   * Unregisters a device, and removes its links, its locks and its pending requests.
   *
   * @returns The requests that it has not answered, which are orphaned now.
   */
  unregister(peer: Peer<Session>): PendingRequest<Session>[] {
    if (peer.kind === "client") {
      if (this.#clients.get(peer.networkName) === peer) this.#clients.delete(peer.networkName);
      for (const service of peer.links) this.#removeLink(peer, service);
      this.pending.removeOf(peer);
      return [];
    }
    if (this.#services.get(peer.name) === peer) this.#services.delete(peer.name);
    for (const client of peer.links) {
      this.#removeLink(client, peer);
      if (client.extensions.includes(OWNER)) remember(client.departed, peer.name, peer.user?.pid);
    }
    this.onServicesChanged();
    return this.pending.take(peer);
  }

  /**
   * The service that a request of a client goes to. The request is pending from now on.
   *
   * @param start When it came, in milliseconds. Default: its duration does not matter.
   * @throws {ConnectionAbortedError} If the registry is closed.
   * @throws {KeyError} If the service is not connected.
   * @throws {PermissionError} If the client is not linked and: the service is locked, or it is full,
   * or access is denied, or another user offers it than when the client was linked; or if too many
   * requests of the client, or to the service, are pending.
   */
  route(client: Client<Session>, name: string, uid: string, start = NaN): Service<Session> {
    this.checkOpen();
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new KeyError(
        `the ${repr(name)} Service is not connected to ${this.manager}${
          this.#elsewhere(client, name)
        }`,
      );
    }
    if (!service.links.has(client)) {
      this.#checkAccess(client, service);
      checkOwner(client, service);
    }
    this.pending.add(client, service, uid, start);
    return service;
  }

  /**
   * Rejects a request while the Manager shuts down.
   *
   * @throws {ConnectionAbortedError} If the registry is closed.
   */
  checkOpen(): void {
    if (this.#isClosed) throw new ConnectionAbortedError("the Manager is shutting down");
  }

  /**
   * Completes the pending request that a service has answered, and counts the call.
   *
   * @param end When the answer came, by the clock of `start`. Default: that does not matter.
   * @param isError Whether the answer is an error.
   * @returns The client that sent the request; `undefined` if no such request is pending.
   */
  complete(
    service: Service<Session>,
    requester: string,
    uid: string,
    end = NaN,
    isError = false,
  ): Client<Session> | undefined {
    const client = this.#clients.get(requester);
    if (client === undefined) return undefined;
    return this.pending.complete(client, service, uid, end, isError) ? client : undefined;
  }

  /**
   * A pending request of a requester to a service, which stays pending.
   *
   * @param uid The uid of the request. Default: the oldest one, for a reply whose uid is not known
   * yet.
   * @returns `undefined` if no such request is pending.
   */
  pendingRequest(
    service: Service<Session>,
    requester: string,
    uid?: string,
  ): PendingRequest<Session> | undefined {
    const client = this.#clients.get(requester);
    return client && this.pending.find(client, service, uid);
  }

  /**
   * Links a client with a service. A client that is linked may link again, even if the service is
   * locked or full.
   *
   * @returns The service.
   * @throws {KeyError} If the service does not exist.
   * @throws {PermissionError} If the client may not use the service, or it is locked or full.
   */
  link(client: Client<Session>, name: string): Service<Session> {
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new KeyError(
        `the ${repr(name)} service does not exist, cannot link with ${client.networkName}` +
          this.#elsewhere(client, name),
      );
    }
    if (!service.links.has(client)) {
      this.#checkAccess(client, service);
      service.links.add(client);
      client.links.add(service);
      this.onLink?.(client, service, true);
      client.departed.delete(name);
    }
    return service;
  }

  /**
   * Removes a link and the client's lock. Also succeeds if the service is not connected, or the
   * client may no longer use it.
   *
   * @throws {KeyError} If the client is not linked with the service.
   */
  unlink(client: Client<Session>, name: string): true {
    const service = this.#services.get(name);
    if (service === undefined) return true;
    if (!service.links.has(client)) {
      if (!this.mayUse(client, service)) return true;
      throw new KeyError(
        `cannot unlink ${client.networkName}, it was not linked with ${repr(name)}`,
      );
    }
    this.#removeLink(client, service);
    return true;
  }

  /**
   * Locks a service, so that no other client can link with it or send it a request; clients that
   * are linked already can. An exclusive lock is granted only if no other client is linked. A client
   * that holds a lock may lock again.
   *
   * @returns The network names of the linked clients.
   * @throws {KeyError} If the service does not exist.
   * @throws {PermissionError} If the client is not linked, or the lock is exclusive and others are linked.
   */
  acquireLock(client: Client<Session>, name: string, shared: boolean): string[] {
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
  releaseLock(client: Client<Session>, name: string): string[] {
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
   * Removes the links and locks of clients that may no longer use the service. Their pending
   * requests stay pending.
   *
   * @returns The links that were removed.
   */
  revoke(): { client: Client<Session>; service: Service<Session> }[] {
    const links = Array.from(
      this.#services.values(),
      (service) => Array.from(service.links, (client) => ({ client, service })),
    ).flat();
    const revoked = links.filter(({ client, service }) => !this.mayUse(client, service));
    for (const { client, service } of revoked) this.#removeLink(client, service);
    this.onServicesChanged();
    return revoked;
  }

  /**
   * The peers that may not stay connected: those of users who were removed or have another password,
   * and services whose user may no longer offer them. Each with the reason.
   */
  unwelcome(): { peer: Peer<Session>; reason: Error }[] {
    const policy = this.#policy;
    if (policy === undefined) return [];
    const found: { peer: Peer<Session>; reason: Error }[] = [];
    const logins = new Map<string, boolean>(); // hundreds of devices may have one user
    const isCurrent = (user: SessionUser) => {
      const key = `${user.pid} ${user.credential}`;
      const known = logins.get(key) ?? policy.isCurrent(user);
      logins.set(key, known);
      return known;
    };
    for (const peer of [...this.#clients.values(), ...this.#services.values()]) {
      const reason = reasonToEnd(policy, peer, peer.user, isCurrent);
      if (reason !== undefined) found.push({ peer, reason });
    }
    return found;
  }

  /** The peers with that network name. Several computers may share a name and a port. */
  named(networkName: string): Peer<Session>[] {
    const peers: Peer<Session>[] = [...this.#services.values()];
    const client = this.#clients.get(networkName);
    return peers.filter((peer) => peer.networkName === networkName).concat(client ?? []);
  }

  /** Whether the peer has not been unregistered. */
  has(peer: Peer<Session>): boolean {
    return peer.kind === "client"
      ? this.#clients.get(peer.networkName) === peer
      : this.#services.get(peer.name) === peer;
  }

  /** Whether a peer may use a service, linked or not. */
  mayUse(peer: Peer<Session>, { name }: Service<Session>): boolean {
    const node = peer.kind === "client" ? peer.node : undefined;
    if (node !== undefined && this.nodes?.mayUse(node, name) === false) return false;
    return this.#policy?.mayUse(peer.user, name) ?? true;
  }

  /** Whether only some users may use a service. */
  isRestricted({ name }: Service<Session>): boolean {
    return this.#policy?.isRestricted(name) ?? false;
  }

  /**
   * Whether a client means a service of another node. A local one of that name comes first; and a
   * client of another node means a local one, so that nothing goes on to a third node.
   */
  isRemote({ node }: Client<Session>, name: string): boolean {
    return this.nodes !== undefined && node === undefined && !this.#services.has(name) &&
      this.nodes.nodeOf(name) !== undefined;
  }

  /** Where a service with that name is, if it is at other nodes; for a client of this one. */
  #elsewhere({ node }: Client<Session>, name: string): string {
    const names = node === undefined ? this.nodes?.elsewhere(name) ?? [] : [];
    return names.length === 0 ? "" : `. Another node has it: ${names.map(repr).join(", ")}`;
  }

  /** Registers no device and routes no request any more. Pending requests can still complete. */
  close(): void {
    this.#isClosed = true;
  }

  /** The connected clients. */
  get clients(): Iterable<Client<Session>> {
    return this.#clients.values();
  }

  /** The connected services. */
  get services(): Iterable<Service<Session>> {
    return this.#services.values();
  }

  /** The service with that name, if it is connected. */
  service(name: string): Service<Session> | undefined {
    return this.#services.get(name);
  }

  /** Rejects a client that is not linked and could not link now. */
  #checkAccess(client: Client<Session>, service: Service<Session>): void {
    if (!this.mayUse(client, service)) {
      const who = client.user === undefined ? client.networkName : repr(client.user.username);
      throw new PermissionError(`${who} may not use the ${repr(service.name)} service`);
    }
    checkCapacity(service);
  }

  #removeLink(client: Client<Session>, service: Service<Session>): void {
    if (service.links.delete(client)) this.onLink?.(client, service, false);
    service.locks.delete(client);
    client.links.delete(service);
    this.pending.unlinked(client, service);
  }
}

/** Of how many services that have disconnected the Manager knows for a client who offered them. */
const MOST_DEPARTED = 1_000;

/** Adds an entry. The oldest one is removed if there are too many. */
function remember(
  departed: Map<string, number | undefined>,
  name: string,
  pid: number | undefined,
): void {
  departed.delete(name);
  departed.set(name, pid);
  for (const oldest of departed.keys()) {
    if (departed.size <= MOST_DEPARTED) return;
    departed.delete(oldest);
  }
}

/**
 * Rejects a request that was meant for the service of another user: the client was linked with that
 * one, and may not know yet that it has disconnected and somebody else has taken its name.
 */
function checkOwner(client: Client<unknown>, { name, user }: Service<unknown>): void {
  if (!client.departed.has(name) || client.departed.get(name) === user?.pid) return;
  throw new PermissionError(
    `another user offers the ${repr(name)} service now, ${client.networkName} has to link again`,
  );
}

/** Rejects one more client of a service that is locked or full. */
function checkCapacity(service: Service<unknown>): void {
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
