/**
 * The services of other nodes, as the router, the registry and the request handlers see them. The
 * folder `cluster/` implements this; a Manager that is not joined to others has none.
 *
 * A service `DMM` of node `a` is named `a.DMM` here. A local service of that name wins: it was there
 * before the node.
 *
 * @module
 */

import type { HeldLine } from "../wire/held_line.ts";
import type { Client } from "./peer.ts";

/**
 * The end of the line of an error that a Manager, and not a service, sends to a client of another
 * node: the other node puts the names that services have there into its text.
 */
export const MANAGER_ERROR = ',"manager":true}';

/**
 * The uid of the message to a client of another node whose link has ended since its user may no longer use
 * the service: the Manager there notes that. The client itself is not told, as a local one is not.
 */
export const UNLINKED = "unlinked";

/** A service as its node announces it. */
export interface AnnouncedService {
  /** Its name at its node. */
  readonly name: string;
  /** `host:port`, as its Manager sees it. */
  readonly address: string;
  readonly language: string;
  readonly os: string;
  /**
   * The attributes of its identity as JSON; with `null` in the place of each value if only some users
   * may use it.
   */
  readonly attributes: string;
  /** How many clients may be linked at once. 0 or less means no limit. */
  readonly maxClients: number;
  /** The extensions of the protocol that it and its Manager know. */
  readonly extensions: readonly string[];
  /** The methods whose results are streams. */
  readonly streams: readonly string[];
  /** What it says of itself, as JSON; the names alone if only some users may use it. */
  readonly about: string;
}

/** What the registry asks about other nodes. */
export interface NodeRules {
  /** The name of this node. */
  readonly node: string;
  /** Whether the clients of a node may use a local service, as far as the node is concerned. */
  mayUse(node: string, service: string): boolean;
  /** The node that the name of a service begins with; `undefined` if that is none that is known. */
  nodeOf(service: string): string | undefined;
  /** The names of the services of other nodes that have this name there, e.g. `["b.DMM"]`. */
  elsewhere(service: string): string[];
}

/** A line of a client that goes to another node. */
export interface RoutedLine {
  /** The line, or the digest of a long one. */
  readonly bytes: Uint8Array;
  /** The index of the closing brace, in the held line if there is one. */
  readonly end: number;
  /** The long line itself. */
  readonly held: HeldLine | undefined;
  /** Members of the message that follow its own, each after a comma. */
  readonly members: string;
}

/** The services of other nodes. */
export interface RemoteServices<Session, Sink> extends NodeRules {
  /** Those of all nodes, by their names here. */
  announced(): Iterable<[name: string, service: AnnouncedService]>;
  /** One of them, by its name here; `undefined` if there is none. */
  service(name: string): AnnouncedService | undefined;
  /**
   * Forwards a request of a client, which is answered once from now on.
   *
   * @returns The sink that it went to.
   * @throws {ConnectionAbortedError} If the node cannot be reached.
   * @throws {KeyError} If the name can be none of a service.
   * @throws {PermissionError} If too many requests of the client are pending, or it has to link again.
   */
  forward(client: Client<Session>, name: string, uid: string, line: RoutedLine): Sink;
  /** Forwards a message about a pending request. Drops it if there is none. */
  forwardControl(
    client: Client<Session>,
    name: string,
    uid: string,
    line: RoutedLine,
  ): Sink | undefined;
  /**
   * Sends a request of a client to the Manager of the node, e.g. for a link. It is answered once from
   * now on.
   *
   * @param args Its arguments after the name of the service.
   * @returns The sink that it went to.
   * @throws As {@linkcode RemoteServices.forward}.
   */
  ask(
    client: Client<Session>,
    request: { name: string; uid: string; attribute: string; args: readonly unknown[] },
  ): Sink;
  /** A client is not registered any more: ends its sessions with all nodes. */
  leave(client: Client<Session>): void;
  /** Whether any request is not answered. */
  readonly hasPending: boolean;
  /** Answers all pending requests with an error, as the Manager shuts down. */
  failPending(end: number): Promise<void>;
}
