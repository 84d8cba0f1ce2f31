/**
 * All trunks of a node: those that it has opened for its clients, and those that other nodes have
 * opened, of whose clients it is the home node.
 *
 * A trunk has an epoch, which the node that opens it only ever increases. A message of an epoch that is
 * not above the highest one seen opens nothing, so an old one that comes again does nothing. A message
 * that does not fit is dropped; if its sender is known, it is told that there is no such trunk.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { TRUNK_LIMITS } from "../limits.ts";
import type { JsonObject } from "../wire/message.ts";
import type { Bus, BusMessage } from "./bus.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import { hasOrigin, KIND, message, originOf, readHeader } from "./message.ts";
import { senderOf, type Subjects } from "./subjects.ts";
import { type PeerTraffic, Trunk } from "./trunk.ts";
import { WindowBudget } from "./window.ts";

/**
 * An epoch so far above the highest one is none: a message with one, which no node sends, would shut the
 * node out for which it speaks.
 */
const MOST_EPOCHS = 1_000_000;

/** The two ends of a trunk, as the last but one word of the subject of messages to them. */
type Role = "home" | "client";
const ROLES: readonly Role[] = ["home", "client"];
const OPENINGS = { home: TRUNK_LIMITS.allowedOpenings, client: TRUNK_LIMITS.openings };

/** What the trunks depend on. */
export interface TrunksOptions {
  bus: Bus;
  subjects: Subjects;
  /** The incarnation of this node: 8 to 32 letters, digits, `-` and `_`, random. */
  incarnation: string;
  /** The incarnation of another node; `undefined` if it is not there. */
  incarnationOf: (node: string) => string | undefined;
  /** The most channels of a trunk. Default: that of `limits.ts`. */
  channels?: number;
  /** Called before a trunk is opened to a node, which may not know of this one yet. Default: nothing. */
  introduce?: (node: string) => void;
}

/** What is known of the trunks with another node. */
export interface TrunkStatus extends PeerTraffic {
  /** The number of sessions of its clients here, and of clients of this node there. */
  sessions: number;
}

/** Another node. */
interface Peer extends PeerTraffic {
  readonly trunks: { [role in Role]?: Trunk };
  /** How many channels were opened at each end, less those that time has forgiven. */
  readonly openings: { [role in Role]: number };
  /** The highest epoch that it has opened as each incarnation. */
  readonly epochs: Map<string, number>;
}

/** All trunks of a node, as one of its incarnations. */
export class Trunks implements Channels {
  onChannel: Channels["onChannel"] = (_node, _header, channel) => void channel.close();
  readonly #options: TrunksOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #trunkBudget = new WindowBudget(TRUNK_LIMITS.trunkWindow);
  readonly #channelBudget = new WindowBudget(TRUNK_LIMITS.channelWindow);
  readonly #subscriptions: readonly (() => void)[];
  #epoch = 0;
  #answers = 0;
  #isClosed = false;

  constructor(options: TrunksOptions) {
    this.#options = options;
    const { bus, subjects, incarnation } = options;
    const listen = (role: Role) =>
      bus.subscribe(subjects.forUs(role, incarnation), (message) => this.#receive(role, message));
    this.#subscriptions = [
      listen("home"),
      listen("client"),
      bus.watch(({ state }) => {
        if (state === "connected") { for (const trunk of this.#all()) trunk.resume(); }
      }),
    ];
  }

  open(node: string, header: JsonObject): Channel {
    const incarnation = this.#options.incarnationOf(node);
    const why = this.#isClosed
      ? "this Manager has left the network"
      : !this.#options.bus.isConnected
      ? "NATS is not connected"
      : incarnation === undefined
      ? "it is not there"
      : undefined;
    if (why !== undefined) {
      throw new ConnectionAbortedError(`Cannot reach the node ${repr(node)}: ${why}`);
    }
    const peer = this.#peerOf(node);
    if (peer.trunks.client?.peer !== incarnation) peer.trunks.client?.end(STARTED_AGAIN);
    if (peer.trunks.client === undefined) this.#options.introduce?.(node);
    const trunk = peer.trunks.client ??
      this.#open(node, peer, "client", incarnation!, ++this.#epoch);
    return trunk.open(header);
  }

  /**
   * The time of a beat: call it as often as nodes tell each other that they are there.
   */
  beat(): void {
    this.#answers = 0;
    this.#trunkBudget.period++;
    this.#channelBudget.period++;
    for (const [node, { trunks, openings }] of this.#peers) {
      for (const role of ROLES) {
        openings[role] = Math.max(openings[role] - OPENINGS[role].perBeat, 0);
      }
      for (const trunk of [trunks.home, trunks.client]) {
        const incarnation = this.#options.incarnationOf(node);
        if (incarnation !== undefined && incarnation !== trunk?.peer) trunk?.end(STARTED_AGAIN);
        else trunk?.beat();
      }
    }
  }

  /** Another node has gone, or is there as a new incarnation: ends its trunks. */
  nodeGone(node: string, why: string): void {
    const trunks = this.#peers.get(node)?.trunks;
    trunks?.home?.end(why);
    trunks?.client?.end(why);
  }

  /** What is known of the trunks with another node; `undefined` if there was none. */
  statusOf(node: string): TrunkStatus | undefined {
    const peer = this.#peers.get(node);
    if (peer === undefined) return undefined;
    const { bytesIn, bytesOut, roundTrip, trunks: { home, client } } = peer;
    return { bytesIn, bytesOut, roundTrip, sessions: (home?.size ?? 0) + (client?.size ?? 0) };
  }

  /** Ends all trunks. It opens no others. */
  close(why: string): void {
    this.#isClosed = true;
    for (const end of this.#subscriptions) end();
    for (const trunk of this.#all()) trunk.end(why);
  }

  #all(): Trunk[] {
    return [...this.#peers.values()].flatMap(({ trunks }) => [trunks.home, trunks.client])
      .filter((trunk) => trunk !== undefined);
  }

  #receive(role: Role, { subject, data }: BusMessage): void {
    const node = senderOf(subject);
    const trunk = this.#peers.get(node)?.trunks[role];
    if (trunk !== undefined && hasOrigin(data, trunk.origin)) trunk.receive(data);
    else this.#receiveOther(node, role, data);
  }

  /** A message of no trunk that there is: one that opens a trunk, a late one, or a forged one. */
  #receiveOther(node: string, role: Role, data: Uint8Array): void {
    const header = readHeader(data);
    if (header === undefined || header.incarnation !== this.#options.incarnationOf(node)) return;
    if (header.kind !== KIND.frames && header.kind !== KIND.beat) return;
    const { incarnation, epoch, kind } = header;
    let highest = 0;
    if (role === "home") {
      const peer = this.#peerOf(node);
      highest = peer.epochs.get(incarnation) ?? 0;
      if (epoch > highest + MOST_EPOCHS) return;
      if (epoch > highest) {
        keep(peer.epochs, incarnation, epoch, TRUNK_LIMITS.rememberedIncarnations);
        peer.trunks.home?.end("the node has opened a new one", false);
        if (kind === KIND.frames) {
          return this.#open(node, peer, "home", incarnation, epoch).receive(data);
        }
      }
    }
    this.#deny(node, role, incarnation, epoch, highest);
  }

  /** Tells a node that there is no such trunk, unless that was told many already. */
  #deny(node: string, role: Role, peer: string, epoch: number, highest: number): void {
    if (this.#answers++ >= TRUNK_LIMITS.answers) return;
    const { bus, incarnation } = this.#options;
    const reason = new TextEncoder().encode("a message was lost");
    const subject = this.#subjectTo(node, role, peer);
    bus.publish(subject, message(originOf(incarnation, epoch), KIND.end, 0, highest, reason));
  }

  #open(node: string, peer: Peer, role: Role, incarnation: string, epoch: number): Trunk {
    const trunk = new Trunk({
      channels: TRUNK_LIMITS.channels,
      ...this.#options,
      node,
      peer: incarnation,
      subject: this.#subjectTo(node, role, incarnation),
      epoch,
      trunkBudget: this.#trunkBudget,
      channelBudget: this.#channelBudget,
      traffic: peer,
      // A new trunk does not begin anew: a node could open one after the other.
      mayOpen: () => peer.openings[role] < OPENINGS[role].atOnce && ++peer.openings[role] > 0,
      onChannel: role === "client"
        ? undefined
        : (header, channel) => this.onChannel(node, header, channel),
      onDenied: (epoch) => {
        if (epoch > this.#epoch && epoch <= this.#epoch + MOST_EPOCHS) this.#epoch = epoch;
      },
      onEnd: () => void (peer.trunks[role] = undefined),
    });
    return peer.trunks[role] = trunk;
  }

  /** The subject from this end of a trunk to the other one. */
  #subjectTo(node: string, role: Role, incarnation: string): string {
    return this.#options.subjects.to(node, role === "home" ? "client" : "home", incarnation);
  }

  /** What is known of a node that the directory knows. */
  #peerOf(node: string): Peer {
    let peer = this.#peers.get(node);
    if (peer === undefined) {
      if (this.#peers.size >= TRUNK_LIMITS.rememberedNodes) this.#forgetOne();
      peer = {
        trunks: {},
        openings: { home: 0, client: 0 },
        epochs: new Map(),
        bytesIn: 0,
        bytesOut: 0,
        roundTrip: undefined,
      };
      this.#peers.set(node, peer);
    }
    return peer;
  }

  /** Forgets the node that was met first of those that are not there. */
  #forgetOne(): void {
    for (const [node, { trunks }] of this.#peers) {
      if (trunks.home !== undefined || trunks.client !== undefined) continue;
      if (this.#options.incarnationOf(node) !== undefined) continue;
      return void this.#peers.delete(node);
    }
  }
}

const STARTED_AGAIN = "the node has started again";

/** Sets the value of a key, and removes the key that was set first if there are too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const first of map.keys()) {
    if (map.size <= most) return;
    map.delete(first);
  }
}
