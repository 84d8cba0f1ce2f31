/**
 * The services of other nodes, for the local clients: finds the node that a name belongs to, and
 * opens a session for each pair of a client and a node with the client's first message.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { repr } from "../base/repr.ts";
import { ConnectionAbortedError, KeyError, PermissionError } from "../errors.ts";
import { CLUSTER_LIMITS, type Limits } from "../limits.ts";
import { extensionsWithin } from "../manager/known_extensions.ts";
import type { Client } from "../manager/peer.ts";
import type { AnnouncedService, RemoteServices, RoutedLine } from "../manager/remote_services.ts";
import type { Session } from "../manager/session.ts";
import type { PeerConnection } from "../net/peer_connection.ts";
import { Envelope } from "../wire/envelope.ts";
import { encodeReply } from "../wire/message.ts";
import { MANAGER, OWNER } from "../wire/protocol.ts";
import { joinServiceName, splitServiceName } from "../wire/node_name.ts";
import type { Channels } from "./channels.ts";
import type { KnownNodes } from "./known_nodes.ts";
import { RemoteSession, type SessionContext } from "./remote_session.ts";
import { headerOf } from "./session_header.ts";

/** What the sessions of a Manager depend on. */
export interface RemoteSessionsOptions extends Omit<SessionContext, "envelope"> {
  /** The name of this node. */
  node: string;
  nodes: KnownNodes;
  channels: Channels;
  limits: Limits;
  /** Whether the clients of a node may use a service of this one (`--join-allow`). */
  mayUse: (node: string, service: string) => boolean;
}

/** What is known of a client: its open sessions, by node. */
interface ClientSessions {
  readonly sessions: Map<string, RemoteSession>;
  /** The names of the services that it was linked with when a session ended, until it links again. */
  readonly departed: Set<string>;
}

type LocalClient = Client<Session<PeerConnection>>;

/** How many names that were split are kept. */
const MOST_NAMES = 1_000;

const log = logger("cluster");

/** The sessions of all local clients. */
export class RemoteSessions implements RemoteServices<Session<PeerConnection>, PeerConnection> {
  readonly #options: RemoteSessionsOptions;
  readonly #context: SessionContext;
  readonly #extensions: readonly string[];
  readonly #clients = new Map<LocalClient, ClientSessions>();
  readonly #names = new Map<string, ReturnType<typeof splitServiceName>>();
  /**
   * The names of local services that were there before the node that they begin with. They are local
   * for as long as the Manager runs: a client that waits for its service must not get another one.
   */
  readonly #ambiguous = new Set<string>();
  readonly #tasks = new Set<Promise<void>>();
  /** The sessions that have not ended. */
  readonly #open = new Set<RemoteSession>();

  constructor(options: RemoteSessionsOptions) {
    this.#options = options;
    this.#context = { ...options, envelope: new Envelope(options.limits.maxDepth) };
    this.#extensions = extensionsWithin(options.limits);
  }

  get node(): string {
    return this.#options.node;
  }

  mayUse(node: string, service: string): boolean {
    return this.#options.mayUse(node, service);
  }

  nodeOf(service: string): string | undefined {
    const { node, nodes } = this.#options;
    const split = this.#split(service);
    if (split === undefined || this.#ambiguous.has(service)) return undefined;
    return split.node === node || nodes.node(split.node) !== undefined ? split.node : undefined;
  }

  elsewhere(service: string): string[] {
    return this.#options.nodes.nodesWith(service).map((node) => joinServiceName(node, service))
      .sort();
  }

  *announced(): Iterable<[name: string, service: AnnouncedService]> {
    const { nodes } = this.#options;
    for (const node of nodes.nodes()) {
      for (const service of nodes.services(node)) {
        const name = joinServiceName(node, service.name);
        if (!this.#ambiguous.has(name)) yield [name, service];
      }
    }
  }

  service(name: string): AnnouncedService | undefined {
    const split = this.#ambiguous.has(name) ? undefined : this.#split(name);
    return split && this.#options.nodes.service(split.node, split.service);
  }

  forward(client: LocalClient, name: string, uid: string, line: RoutedLine): PeerConnection {
    const { node, service } = this.#locate(
      name,
      () => `the ${repr(name)} Service is not connected`,
    );
    const session = this.#session(client, node);
    if (this.#clients.get(client)!.departed.has(name)) {
      throw new PermissionError(
        `the session with the node ${
          repr(node)
        } has ended, ${client.networkName} has to link with ` +
          `${repr(name)} again`,
      );
    }
    return session.forward(service, uid, line);
  }

  forwardControl(
    client: LocalClient,
    name: string,
    uid: string,
    line: RoutedLine,
  ): PeerConnection | undefined {
    const split = this.#split(name)!;
    return this.#clients.get(client)?.sessions.get(split.node)
      ?.forwardControl(split.service, uid, line);
  }

  ask(
    client: LocalClient,
    { name, uid, attribute, args }: {
      name: string;
      uid: string;
      attribute: string;
      args: readonly unknown[];
    },
  ): PeerConnection {
    const { node, service } = this.#locate(name, () => `the ${repr(name)} service does not exist`);
    const { sink } = client.session;
    if (attribute === "unlink" && !this.#options.nodes.node(node)?.isHere) {
      // As for a local service that is gone: there is no such link any more.
      sink.sendText(encodeReply(client.networkName, uid, true));
      return sink;
    }
    return this.#session(client, node).ask(service, uid, attribute, args);
  }

  leave(client: LocalClient): void {
    const found = this.#clients.get(client);
    this.#clients.delete(client);
    for (const session of found?.sessions.values() ?? []) session.leave();
  }

  get hasPending(): boolean {
    for (const { pendingCount } of this.#open) if (pendingCount > 0) return true;
    return false;
  }

  async failPending(end: number): Promise<void> {
    for (const session of this.#open) await session.failPending(end);
  }

  /** The sessions that are open, as connections. */
  get connections(): PeerConnection[] {
    return Array.from(this.#open, ({ connection }) => connection);
  }

  /** How many sessions are open with a node. */
  count(node: string): number {
    let count = 0;
    for (const session of this.#open) if (session.node === node) count++;
    return count;
  }

  /** A node has appeared: warns of local services whose names could be taken for those of its own. */
  nodeAppeared(node: string): void {
    for (const { name } of this.#options.registry.services) {
      if (!name.startsWith(`${node}.`) || this.#ambiguous.has(name)) continue;
      this.#ambiguous.add(name);
      log.warn(
        "The name of the service {service} is also that of a service of the node {node}. " +
          "Here it means the local one",
        { service: name, node },
      );
    }
  }

  /** Ends all sessions once what was sent is written. */
  async close(): Promise<void> {
    for (const session of this.#open) session.close();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  #split(name: string): ReturnType<typeof splitServiceName> {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const split = splitServiceName(name);
    if (split === undefined) return undefined;
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    this.#names.set(name, split);
    return split;
  }

  /** The node, another one, and the name there. */
  #locate(name: string, missing: () => string): { node: string; service: string } {
    const split = this.#split(name)!;
    if (split.node === this.#options.node) {
      throw new KeyError(
        `${missing()}: this Manager is the node ${repr(split.node)} itself, whose services have ` +
          `no node in their names here: ${repr(split.service)}`,
      );
    }
    // The Manager there would take it for a request to itself.
    if (split.service === MANAGER) throw new KeyError(missing());
    return split;
  }

  /** The session of a client with a node. Opens one if there is none. */
  #session(client: LocalClient, node: string): RemoteSession {
    const { nodes, channels, connectionHandler } = this.#options;
    const own = this.#clients.get(client);
    const open = own?.sessions.get(node);
    if (open?.connection.isOpen) return open;
    const known = nodes.node(node);
    if (known === undefined || !known.isHere) {
      const since = known === undefined ? "" : ` since ${new Date(known.since).toISOString()}`;
      throw new ConnectionAbortedError(`the node ${repr(node)} is gone${since}`);
    }
    const transport = channels.open(
      node,
      headerOf(client, this.#extensions, this.#options.spans !== undefined),
    );
    const connection = connectionHandler.connect(transport);
    const { holder, leave } = connectionHandler.enterNode(node);
    connection.holder = holder;
    const { sessions, departed } = own ?? { sessions: new Map(), departed: new Set<string>() };
    if (own === undefined) this.#clients.set(client, { sessions, departed });
    const session = new RemoteSession({
      ...this.#context,
      node,
      client,
      connection,
      onLinked: (name) => departed.delete(name),
      onEnd: (linked) => {
        this.#open.delete(session);
        if (sessions.get(node) === session) sessions.delete(node);
        if (client.extensions.includes(OWNER)) { for (const name of linked) departed.add(name); }
        for (const oldest of departed) {
          if (departed.size <= CLUSTER_LIMITS.services) break;
          departed.delete(oldest);
        }
      },
    });
    sessions.set(node, session);
    this.#open.add(session);
    const task = session.run().finally(() => {
      this.#tasks.delete(task);
      leave();
    });
    this.#tasks.add(task);
    return session;
  }
}
