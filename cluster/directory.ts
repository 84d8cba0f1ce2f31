/**
 * What this node knows of the others: which are there, and their services. Each node tells of itself
 * alone and to all directly, so nothing that is wrong can circulate. All of it is forgotten when a
 * node does not say it again: five beats that do not come, and a node is gone.
 *
 * A node whose version is another one than that of the services known here has changed them meanwhile:
 * it is asked for all of them. What this node says of itself is the job of `announcer.ts`.
 *
 * Pure state: a clock and what sends are passed in.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { CLUSTER_LIMITS, TRUNK_LIMITS } from "../limits.ts";
import type { AnnouncedService } from "../manager/remote_services.ts";
import { type Beat, type Change, PROTOCOL, type SnapshotPart } from "./announcement.ts";
import type { Receiver } from "./answers.ts";
import type { Clock } from "./clock.ts";

/** After how many beats that did not come a node is gone. */
export const MISSED_BEATS = TRUNK_LIMITS.missedBeats;

/** After how many beats an answer that has not come is asked for again. */
const ANSWER_BEATS = 2;

/** What is known of another node. */
export interface KnownNode {
  readonly name: string;
  readonly incarnation: string;
  /** The address of its Manager, `host:port`. */
  readonly address: string;
  /** The version of its software. */
  readonly software: string;
  /** Whether it is there. */
  readonly isHere: boolean;
  /** When it came, or went; in milliseconds since 1970, by the clock of this computer. */
  readonly since: number;
  /** Its services by their names there. None if it is gone. */
  readonly services: ReadonlyMap<string, AnnouncedService>;
  /** Whether these are the services that the node had when it was last heard. */
  readonly isCurrent: boolean;
}

/** Why a node is gone: `outside` is that this one is outside of the network. */
export type Departure = "left" | "silent" | "restarted" | "outside";

/** What a {@linkcode Directory} needs. */
export interface DirectoryOptions {
  readonly clock: Clock;
  /** Asks a node for all of its services. */
  ask(to: Receiver): void;
  /** Whether an incarnation of a node is still connected; `undefined` if that cannot be known. */
  isConnected(node: Receiver): Promise<boolean | undefined>;
  /** A node is there that was not. */
  onHere?(node: KnownNode): void;
  /** A node is gone, or its incarnation is. */
  onGone?(node: KnownNode, reason: Departure): void;
}

interface Node extends KnownNode {
  incarnation: string;
  address: string;
  software: string;
  isHere: boolean;
  since: number;
  services: Map<string, AnnouncedService>;
  /** The version of the services. */
  version: number;
  /** The newest version that the node is known to have. */
  latest: number;
  /** The size of its services, in bytes. */
  size: number;
  /** When it was heard last, and how often it sends a beat. */
  heardAt: number;
  beat: number;
  /** When it was asked for its services, if it has not answered yet. */
  askedAt: number | undefined;
  /** The parts of an answer that is not complete. */
  parts: Parts | undefined;
  /** Whether it is being found out which of two incarnations is there. */
  isQuestioned: boolean;
}

/** The parts of all services of a node that have come. */
interface Parts {
  readonly version: number;
  readonly lists: Map<number, readonly AnnouncedService[]>;
  /** Their size, in bytes. */
  size: number;
}

const log = logger("cluster");

/** The other nodes of the network. */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #nodes = new Map<string, Node>();
  /** Those that have to be asked for their services, in this order. */
  readonly #toAsk = new Set<Node>();
  /** How many of them were asked, and have not answered. */
  readonly #asked = new Set<Node>();
  /** The size of all services, in bytes. */
  #size = 0;
  #tickedAt: number;
  /** Nodes of which was warned, by the reason. */
  readonly #warned = new Set<string>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#tickedAt = options.clock.now();
  }

  /** All nodes that were heard since the start, also those that are gone. */
  get all(): Iterable<KnownNode> {
    return this.#nodes.values();
  }

  /** The names of the nodes that are there. */
  nodes(): string[] {
    return Array.from(this.#nodes.values()).filter(({ isHere }) => isHere).map(({ name }) => name);
  }

  /** The services of a node. None if it is gone. */
  services(node: string): Iterable<AnnouncedService> {
    return this.#nodes.get(node)?.services.values() ?? [];
  }

  /** One of them, by its name there. */
  service(node: string, name: string): AnnouncedService | undefined {
    return this.#nodes.get(node)?.services.get(name);
  }

  /** The names of the nodes that are there and have a service of that name. */
  nodesWith(service: string): string[] {
    return this.nodes().filter((name) => this.#nodes.get(name)!.services.has(service));
  }

  /** A node; `undefined` if it was never heard. */
  node(name: string): KnownNode | undefined {
    return this.#nodes.get(name);
  }

  /** A node says that it is there. */
  beat(from: string, beat: Beat): void {
    if (beat.protocol !== PROTOCOL) {
      return this.#warn(`${from} ${beat.incarnation}`, () =>
        log.warn(
          "The node {node} is ignored: its version {software} of the software talks to others in " +
            "protocol {protocol}, this one in {own}",
          { node: from, software: beat.software, protocol: beat.protocol, own: PROTOCOL },
        ));
    }
    const known = this.#nodes.get(from);
    if (known?.isHere && known.incarnation !== beat.incarnation) {
      return void this.#question(known, beat);
    }
    const node = known?.incarnation === beat.incarnation ? known : this.#add(from, beat);
    if (node === undefined) return;
    node.heardAt = this.#now();
    node.beat = beat.beat;
    node.latest = Math.max(node.latest, beat.version);
    if (!node.isHere) this.#enter(node);
    this.#askIfNeeded(node);
  }

  /** A node announces a change of its services. */
  change(from: string, change: Change): void {
    const node = this.#heard(from, change.incarnation);
    if (node === undefined) return;
    node.latest = Math.max(node.latest, change.version);
    if (change.from === node.version) {
      // Only what has changed is measured: there may be 10,000 services.
      let { size } = node;
      const remove = (name: string) => {
        const known = node.services.get(name);
        if (known !== undefined) size -= heldSizeOf(known);
        node.services.delete(name);
      };
      for (const name of change.removed) remove(name);
      for (const service of change.set) {
        remove(service.name);
        node.services.set(service.name, service);
        size += heldSizeOf(service);
      }
      this.#replace(node, node.services, change.version, size);
    }
    this.#askIfNeeded(node);
  }

  /** A node has sent a part of all of its services. */
  snapshot(from: string, { incarnation, version, part, parts, set }: SnapshotPart): void {
    const node = this.#heard(from, incarnation);
    if (node === undefined || version <= node.version) return;
    if (node.parts?.version !== version) node.parts = { version, lists: new Map(), size: 0 };
    const { lists } = node.parts;
    if (!lists.has(part)) node.parts.size += heldSizeOfAll(set);
    lists.set(part, set);
    const isTooMuch = node.parts.size > MOST_SIZE;
    if (lists.size < parts && !isTooMuch) return;
    node.parts = undefined;
    node.latest = Math.max(node.latest, version);
    const services = [...lists.values()].flat().map((one) => [one.name, one] as const);
    const known = new Map(services);
    this.#replace(node, known, version, heldSizeOfAll(known.values()));
    this.#answered(node);
    this.#askIfNeeded(node);
  }

  /** A node says that it leaves. */
  leave(from: string, incarnation: string): void {
    const node = this.#nodes.get(from);
    if (node?.isHere && node.incarnation === incarnation) this.#drop(node, "left");
  }

  /** Finds out which nodes are gone. To be called about once in a beat. */
  tick(): void {
    const now = this.#now();
    const passed = now - this.#tickedAt;
    this.#tickedAt = now;
    for (const node of this.#nodes.values()) {
      if (!node.isHere) continue;
      // A program that was busy or stopped has not read what has come meanwhile.
      if (passed > 2 * node.beat) node.heardAt += passed;
      if (now - node.heardAt > MISSED_BEATS * node.beat) this.#drop(node, "silent");
      else if (node.askedAt !== undefined && now - node.askedAt > ANSWER_BEATS * node.beat) {
        this.#answered(node);
        this.#askIfNeeded(node);
      }
    }
  }

  /** No node is there any more, since this one is outside of the network. */
  clear(): void {
    for (const node of this.#nodes.values()) if (node.isHere) this.#drop(node, "outside");
  }

  #now(): number {
    return this.#options.clock.now();
  }

  /** A node that is there, or is since this message. */
  #heard(name: string, incarnation: string): Node | undefined {
    const node = this.#nodes.get(name);
    // Its next beat says what it is. A message of an incarnation that is gone may be late.
    if (node === undefined || !node.isHere || node.incarnation !== incarnation) return undefined;
    node.heardAt = this.#now();
    return node;
  }

  /** Adds a node, or a new incarnation in the place of one that is gone. */
  #add(name: string, { incarnation, address, software, beat }: Beat): Node | undefined {
    if (!this.#nodes.has(name) && this.#nodes.size >= CLUSTER_LIMITS.nodes && !this.#forget()) {
      this.#warn(
        "nodes",
        () =>
          log.warn("The node {node} is ignored: there are {limit} nodes already", {
            node: name,
            limit: CLUSTER_LIMITS.nodes,
          }),
      );
      return undefined;
    }
    const node: Node = {
      name,
      incarnation,
      address,
      software,
      isHere: false,
      since: Date.now(),
      services: new Map(),
      version: 0,
      latest: 0,
      size: 0,
      heardAt: this.#now(),
      beat,
      askedAt: undefined,
      parts: undefined,
      isQuestioned: false,
      get isCurrent() {
        return this.version >= this.latest;
      },
    };
    this.#nodes.set(name, node);
    return node;
  }

  /** Forgets the node that is gone for the longest time. */
  #forget(): boolean {
    const gone = [...this.#nodes.values()].filter(({ isHere }) => !isHere);
    const oldest = gone.sort((one, other) => one.since - other.since).at(0);
    return oldest !== undefined && this.#nodes.delete(oldest.name);
  }

  #enter(node: Node): void {
    node.isHere = true;
    node.since = Date.now();
    log.info("The node {node} is here: {address}", { node: node.name, address: node.address });
    this.#options.onHere?.(node);
  }

  #drop(node: Node, reason: Departure): void {
    this.#answered(node);
    node.isHere = false;
    node.since = Date.now();
    // What it had may have changed when it comes back.
    this.#size -= node.size;
    Object.assign(node, { services: new Map(), size: 0, version: 0, latest: 0, parts: undefined });
    if (reason !== "outside") {
      log.info("The node {node} is gone: {reason}", { node: node.name, reason: REASONS[reason] });
    }
    this.#options.onGone?.(node, reason);
  }

  /**
   * A beat has come from another incarnation of a node that is there. If the one that is known has lost
   * its connection, it was killed, and the node was started again. Else there are two nodes of one name,
   * which find out themselves who stays; until then the one that is known counts.
   */
  async #question(node: Node, beat: Beat): Promise<void> {
    if (node.isQuestioned) return;
    node.isQuestioned = true;
    const { incarnation } = node;
    const isConnected = await this.#options.isConnected({ node: node.name, incarnation })
      .catch(() => undefined);
    node.isQuestioned = false;
    if (isConnected !== false || !node.isHere || this.#nodes.get(node.name) !== node) return;
    this.#drop(node, "restarted");
    this.beat(node.name, beat);
  }

  #replace(
    node: Node,
    services: Map<string, AnnouncedService>,
    version: number,
    size: number,
  ): void {
    const isTooMuch = services.size > CLUSTER_LIMITS.services || size > MOST_SIZE ||
      this.#size - node.size + size > CLUSTER_LIMITS.directorySize;
    if (isTooMuch) {
      this.#warn(
        `size ${node.name}`,
        () =>
          log.warn("The services of the node {node} are not known here: there are too many", {
            node: node.name,
          }),
      );
    }
    node.services = isTooMuch ? new Map() : services;
    this.#size += (isTooMuch ? 0 : size) - node.size;
    node.size = isTooMuch ? 0 : size;
    node.version = version;
  }

  /** Asks a node for all of its services if others are known here than it has. */
  #askIfNeeded(node: Node): void {
    if (node.isCurrent) this.#answered(node);
    else if (!this.#asked.has(node)) this.#toAsk.add(node);
    this.#askNext();
  }

  /** A node has not to answer any more. */
  #answered(node: Node): void {
    node.askedAt = undefined;
    this.#toAsk.delete(node);
    this.#asked.delete(node);
    this.#askNext();
  }

  #askNext(): void {
    for (const node of this.#toAsk) {
      if (this.#asked.size >= CLUSTER_LIMITS.asked) return;
      this.#toAsk.delete(node);
      this.#asked.add(node);
      node.askedAt = this.#now();
      this.#options.ask({ node: node.name, incarnation: node.incarnation });
    }
  }

  /** Warns once for a reason, whose number is bounded. */
  #warn(reason: string, warn: () => void): void {
    if (this.#warned.has(reason) || this.#warned.size > CLUSTER_LIMITS.nodes) return;
    this.#warned.add(reason);
    warn();
  }
}

/** The size of all services of a node that are known here, in bytes: another version may have more. */
const MOST_SIZE = 2 * CLUSTER_LIMITS.nodeSize;
/** What a service has beside its texts, and a text in a list, in bytes. */
const SERVICE_OVERHEAD = 256;
const WORD_OVERHEAD = 16;

function heldSizeOfAll(services: Iterable<AnnouncedService>): number {
  let size = 0;
  for (const service of services) size += heldSizeOf(service);
  return size;
}

/** About what a service holds, in bytes: its message is not made again, which took a fifth of the time. */
function heldSizeOf({ extensions, streams, ...texts }: AnnouncedService): number {
  const { name, address, language, os, attributes, about } = texts;
  const size = SERVICE_OVERHEAD + name.length + address.length + language.length + os.length +
    attributes.length + about.length;
  return [...extensions, ...streams].reduce(
    (sum, { length }) => sum + WORD_OVERHEAD + length,
    size,
  );
}

const REASONS: Readonly<Record<Exclude<Departure, "outside">, string>> = {
  left: "it has left",
  silent: `nothing came from it for ${MISSED_BEATS} beats`,
  restarted: "it was started again",
};
