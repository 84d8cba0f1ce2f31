/**
 * A Manager as a node of a network of Managers: puts together the bus over NATS, this node and its
 * directory of the others, the trunks, and the sessions of clients. `manager.ts` imports this module
 * only if the Manager joins others.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { ConnectionAbortedError } from "../errors.ts";
import type { Transport } from "../net/transport.ts";
import { UidSource } from "../base/uid_source.ts";
import { VERSION } from "../version.ts";
import type { JsonObject } from "../wire/message.ts";
import type { NodeStatus, OtherNodeStatus } from "../wire/status.ts";
import { type BusState, RefusedSubject } from "./bus.ts";
import type { Channels } from "./channels.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import { readCredentials, readText } from "./credentials.ts";
import type { KnownNode } from "./directory.ts";
import { HomeSessions } from "./home_sessions.ts";
import { type JoinRule, parseJoinAllow } from "./join_allow.ts";
import { type JoinOptions, type ResolvedJoin, resolveJoin } from "./join_options.ts";
import type { Join, Joined, ManagerParts } from "./joined.ts";
import { LocalNode } from "./local_node.ts";
import type { Incarnation } from "./membership.ts";
import { NatsBus, type NatsLogin } from "./nats_bus.ts";
import { NatsLog } from "./nats_log.ts";
import { RemoteSessions } from "./remote_sessions.ts";
import { ServiceListing } from "./service_listing.ts";
import { Subjects } from "./subjects.ts";
import { Trunks } from "./trunks.ts";

/**
 * How a Manager joins others.
 *
 * @throws {ValueError} If a name, an address or what nodes may use is none.
 * @throws {RangeError} If `beat` is out of its range.
 * @throws {ConfigurationError} If a file cannot be read, or has no credentials.
 */
export function joinCluster(options: JoinOptions): Join {
  const join = resolveJoin(options);
  const mayUse = parseJoinAllow(join.allow, join.node);
  const { caFile, credentialsFile } = join;
  if (caFile !== undefined) readText(caFile, "certificates");
  const login = credentialsFile === undefined ? undefined : readCredentials(credentialsFile);
  return (parts) => new Cluster(join, mayUse, login, parts);
}

/** This Manager as a node. */
class Cluster implements Joined, Channels {
  onChannel: Channels["onChannel"];
  readonly sessions: RemoteSessions;
  readonly #join: ResolvedJoin;
  readonly #parts: ManagerParts;
  readonly #subjects: Subjects;
  readonly #bus: NatsBus;
  readonly #local: LocalNode;
  readonly #home: HomeSessions;
  /** The trunks, while this node is a member. */
  #trunks: Trunks | undefined;
  readonly #log = new NatsLog(SYSTEM_CLOCK);
  /** The last problem with NATS, until it is connected. */
  #problem: string | undefined;

  constructor(
    join: ResolvedJoin,
    mayUse: JoinRule,
    login: NatsLogin | undefined,
    parts: ManagerParts,
  ) {
    this.#join = join;
    this.#parts = parts;
    const { node, network, servers, beat, caFile } = join;
    const { handlers, limits, connectionHandler, manager, registry, track, address } = parts;
    const subjects = this.#subjects = new Subjects(network, node);
    const home = this.#home = new HomeSessions({
      manager,
      limits,
      connect: (transport) => connectionHandler.connect(transport),
      serve: (...client) => connectionHandler.serveRemote(...client),
    });
    this.onChannel = (from, header, transport) => track(home.accept(from, header, transport));
    const bus = this.#bus = new NatsBus({
      servers,
      name: `${network}.${node} ${manager}`,
      answers: subjects.to(node, "answers", new UidSource().next()),
      login,
      caFile,
      onProblem: (error) => this.#noteProblem(error),
    });
    bus.watch((state) => this.#noteState(state));
    this.#local = new LocalNode({
      node,
      address,
      beat,
      bus,
      subjects,
      clock: SYSTEM_CLOCK,
      services: () => handlers.listing.announced(),
      enter: (incarnation) => this.#enter(incarnation),
      onHere: ({ name }) => this.sessions.nodeAppeared(name),
      onGone: ({ name }, reason) => this.#trunks?.nodeGone(name, DEPARTURES[reason]),
    });
    this.sessions = new RemoteSessions({
      ...parts,
      node,
      nodes: this.#local.directory,
      channels: this,
      mayUse,
    });
    registry.onServicesChanged = () => this.#local.update();
  }

  open(node: string, header: JsonObject): Transport {
    if (this.#trunks !== undefined) return this.#trunks.open(node, header);
    throw new ConnectionAbortedError(`Cannot reach the node ${repr(node)}: ${this.#whyOutside()}`);
  }

  status(): { node: NodeStatus; nodes: Record<string, OtherNodeStatus> } {
    const { node: name, network, servers } = this.#join;
    const { state } = this.#bus;
    const since = state.state === "closed" ? this.#local.state.since : state.since;
    const { state: membership } = this.#local.state;
    const isConnected = state.state === "connected";
    return {
      node: {
        name,
        network,
        is_connected: isConnected,
        since: new Date(since).toISOString(),
        problem: isConnected && membership === "joined" ? null : this.#whyOutside(),
        servers: [...servers],
      },
      nodes: Object.fromEntries(
        Array.from(this.#local.directory.all, (node) => [node.name, this.#statusOf(node)]),
      ),
    };
  }

  async close(): Promise<void> {
    this.#parts.registry.onServicesChanged = () => {};
    this.#local.leave();
    await this.#bus.close();
  }

  /** This node is a member, as this incarnation. */
  #enter(incarnation: string): Incarnation {
    const { node, network } = this.#join;
    const { directory } = this.#local;
    const trunks = this.#trunks = new Trunks({
      bus: this.#bus,
      subjects: this.#subjects,
      incarnation,
      incarnationOf: (name) => {
        const known = directory.node(name);
        return known?.isHere ? known.incarnation : undefined;
      },
      introduce: (name) => this.#local.introduce(name),
    });
    trunks.onChannel = (...channel) => this.onChannel(...channel);
    const listing = new ServiceListing({
      node,
      network,
      incarnation,
      version: VERSION,
      bus: this.#bus,
      clock: SYSTEM_CLOCK,
      services: () => this.#parts.handlers.listing.announced(),
    });
    return {
      tick: () => trunks.beat(),
      close: () => {
        this.#trunks = undefined;
        trunks.close("this Manager has left the network of Managers");
        listing.close();
      },
    };
  }

  #statusOf({ name, address, isHere, since, services }: KnownNode): OtherNodeStatus {
    const traffic = this.#trunks?.statusOf(name);
    return {
      address,
      is_here: isHere,
      since: new Date(since).toISOString(),
      services: [...services.keys()].sort(),
      round_trip_ms: traffic?.roundTrip === undefined
        ? null
        : Math.round(100 * traffic.roundTrip) / 100,
      sessions_out: this.sessions.count(name),
      sessions_in: this.#home.count(name),
      bytes_in: traffic?.bytesIn ?? 0,
      bytes_out: traffic?.bytesOut ?? 0,
    };
  }

  /** Why this node is no member of the network now. */
  #whyOutside(): string {
    const { state } = this.#local;
    if (state.state === "refused") {
      return `the Manager ${state.address} is the node ${this.#join.node} already`;
    }
    if (!this.#bus.isConnected) return this.#problem ?? "NATS is not connected";
    if (state.state === "forbidden") return `NATS refuses what a node needs: ${state.problem}`;
    return "it is being found out whether another Manager has the name of this node";
  }

  #noteState(state: BusState): void {
    if (state.state === "connected") this.#problem = undefined;
    this.#log.state(state);
  }

  #noteProblem(error: Error): void {
    if (error instanceof RefusedSubject) return this.#noteRefusal(error);
    this.#problem = error.message;
    this.#log.problem(error.message, this.#bus.isConnected);
  }

  /** NATS does not let this node use a subject. */
  #noteRefusal({ message: problem, operation, subject }: RefusedSubject): void {
    if (this.#subjects.isNeeded(operation, subject)) this.#local.forbid(problem);
    else this.#log.refusal(this.#subjects.receiverOf(subject), problem);
  }
}

/** Why a node is gone, for the clients whose sessions end. */
const DEPARTURES = {
  left: "the node has left the network",
  outside: "this Manager has left the network",
  silent: "the node does not answer",
  restarted: "the node has started again",
} as const;
