/**
 * A connected device as the Manager knows it: its identity, its links and locks, and the requests
 * that a service has not answered. Who may change these, and when, is up to the registry
 * and to `pending_requests.ts`.
 *
 * `Session` is what the owner of a registry keeps for each peer: the Manager's connection to it.
 *
 * @module
 */

import { NOTHING_SAID } from "../wire/about.ts";
import { parseJson } from "../wire/json.ts";
import type { SessionUser } from "./database/users_table.ts";
import type { Calls } from "./call_statistics.ts";
import type { PendingUids } from "./pending_uids.ts";
import type { ServiceEntry } from "../wire/identities.ts";

/** A user who has logged in at another node. It is no user of this one, whatever its name is. */
export interface RemoteUser {
  readonly node: string;
  /** `name@node`. */
  readonly username: string;
}

/** The user of a peer: one of this Manager, or of another node. */
export type PeerUser = SessionUser | RemoteUser;

/** A connected client. */
export interface Client<Session> {
  readonly kind: "client";
  readonly name: string;
  /** `host:port`, as the Manager sees it. */
  readonly address: string;
  /** `name[host:port]`; `name[host:port]@node` if it is connected to another node. */
  readonly networkName: string;
  readonly language: string;
  readonly os: string;
  /** The extensions of the protocol that it offers. */
  readonly extensions: readonly string[];
  readonly session: Session;
  /**
   * The user who logged in during the handshake, or at another node; `undefined` if the Manager needs
   * no login.
   */
  readonly user: PeerUser | undefined;
  /** The node that it is connected to, if that is another one. */
  readonly node: string | undefined;
  /** The services that it is linked with. */
  readonly links: Set<Service<Session>>;
  /**
   * The services of other nodes that it is linked with, and whether it holds a lock of them, by their
   * names here; `undefined` if it never was linked with one.
   */
  remoteLinks: Map<string, { isLocked: boolean }> | undefined;
  /**
   * The numbers of the users whose services have disconnected while it was linked with them, by the
   * name of the service. Only if it has the extension `owner`, and until it links again.
   */
  readonly departed: Map<string, number | undefined>;
  /** Its requests that each service has not answered. */
  readonly pending: Map<Service<Session>, PendingUids>;
  /** How many of its requests are not answered, those to the Manager among them. */
  pendingCount: number;
  /** Its calls that have ended. */
  readonly calls: Calls;
}

/** A connected service. */
export interface Service<Session> {
  readonly kind: "service";
  readonly name: string;
  /** `host:port`, as the Manager sees it. */
  readonly address: string;
  /** `name[host:port]`. */
  readonly networkName: string;
  readonly language: string;
  readonly os: string;
  /** The extensions of the protocol that it offers. */
  readonly extensions: readonly string[];
  /** The attributes of its identity as JSON: parsed they would take up to 20 times as much memory. */
  readonly attributes: string;
  /** What it says of itself, as JSON; `undefined` if it says nothing. */
  readonly about?: string | undefined;
  /** How many clients may be linked at once. 0 or less means no limit. */
  readonly maxClients: number;
  /** The methods whose results are streams. */
  readonly streams: readonly string[];
  /** The same, to look one up with each request: there may be 10,000. */
  readonly streamNames: ReadonlySet<string>;
  readonly session: Session;
  /** The user who logged in during the handshake; `undefined` if the Manager needs no login. */
  readonly user: SessionUser | undefined;
  /** The clients that are linked with it. */
  readonly links: Set<Client<Session>>;
  /** The linked clients that hold a lock. */
  readonly locks: Set<Client<Session>>;
  /** The requests of each client that it has not answered. */
  readonly pending: Map<Client<Session>, PendingUids>;
  /** How many requests it has not answered. */
  pendingCount: number;
  /** Its calls that have ended. */
  readonly calls: Calls;
}

/** A connected device. */
export type Peer<Session> = Client<Session> | Service<Session>;

/** What a device has sent about itself in the handshake, and its address. */
export type PeerIdentity =
  & {
    name: string;
    address: string;
    language: string;
    os: string;
    extensions: readonly string[];
  }
  & (
    | {
      kind: "client";
      /** The node that it is connected to, if that is another one. */
      node?: string;
    }
    | {
      kind: "service";
      /** An object as JSON. */
      attributes: string;
      /** What it says of itself, as JSON. */
      about?: string | undefined;
      maxClients: number;
      streams: readonly string[];
    }
  );

/**
 * Whether a client keeps others from a service: by a lock, or by a link if links are limited. It may,
 * if it is linked with a service of another node.
 */
export function blocksOthers(client: Client<unknown>): boolean {
  if (client.remoteLinks !== undefined && client.remoteLinks.size > 0) return true;
  for (const service of client.links) {
    if (service.maxClients > 0 || service.locks.has(client)) return true;
  }
  return false;
}

/**
 * The network name of a device: `name[host:port]`, with `@node` for a client of another node. A node
 * has no `]` in its name, so the two kinds are never equal.
 */
export function networkNameOf(identity: PeerIdentity): string {
  const local = `${identity.name}[${identity.address}]`;
  if (identity.kind === "service" || identity.node === undefined) return local;
  return `${local}@${identity.node}`;
}

/** Whether a user is one of another node. */
export function isRemoteUser(user: PeerUser): user is RemoteUser {
  return "node" in user;
}

/**
 * The entry of a service in the identity of the Manager and in the reply to `link`, as JSON.
 *
 * @param more What a peer with extensions gets besides.
 * @param attributes The attributes as JSON. Default: those of the service.
 */
export function encodeEntry(
  service: Pick<Service<unknown>, "attributes" | "address" | "language" | "os" | "maxClients">,
  more: Partial<ServiceEntry> = {},
  attributes: string = service.attributes,
): string {
  const { address, language, os, maxClients } = service;
  const rest = JSON.stringify({ address, language, os, max_clients: maxClients, ...more });
  return `{"attributes":${attributes},${rest.slice(1)}`;
}

/** What a service says that says nothing, as JSON. */
export const NOTHING_SAID_JSON = JSON.stringify(NOTHING_SAID);

/** The attributes of a service, as JSON, with `null` or another value in the place of each value. */
export function encodeNamesOnly(
  { attributes }: Pick<Service<unknown>, "attributes">,
  value: "null" | "{}",
): string {
  const names = Object.keys(parseJson(attributes) as object);
  return `{${names.map((name) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

/** The network names of clients, sorted. */
export function networkNames(clients: Iterable<Client<unknown>>): string[] {
  return Array.from(clients, (client) => client.networkName).sort();
}
