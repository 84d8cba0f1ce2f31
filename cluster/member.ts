/**
 * One incarnation of this node while it is a member of the network: sends its beats, announces its
 * services, and gives what comes from others to the directory. Whether it is a member is the job of
 * `membership.ts`.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { NetworkError } from "../errors.ts";
import type { AnnouncedService } from "../manager/remote_services.ts";
import { VERSION } from "../version.ts";
import {
  type Beat,
  decodeBeat,
  decodeChange,
  decodeIncarnation,
  decodeSnapshotPart,
  encodeBeat,
  encodeIncarnation,
  encodeTaken,
  PROTOCOL,
} from "./announcement.ts";
import { Announcer } from "./announcer.ts";
import { Answers, type Receiver } from "./answers.ts";
import type { Bus, BusMessage } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { Directory } from "./directory.ts";
import type { Incarnation } from "./membership.ts";
import { senderOf, type Subjects } from "./subjects.ts";

/** What a {@linkcode Member} needs. */
export interface MemberOptions {
  readonly node: string;
  readonly incarnation: string;
  /** The address of the Manager, `host:port`. */
  readonly address: string;
  /** How often a beat is sent, in milliseconds. */
  readonly beat: number;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly directory: Directory;
  /** The services of this node. */
  services(): Iterable<AnnouncedService>;
  /** Another incarnation has the name of this node. */
  meet(other: Beat, own: { incarnation: string; uptime: number }): void;
}

/**
 * Within what time a node answers one that is new, in milliseconds: all others do that too, so not all
 * at the same time.
 */
const WELCOME_TIME = 100;

const log = logger("cluster");

/** This node as a member. */
export class Member implements Incarnation {
  readonly #options: MemberOptions;
  readonly #announcer: Announcer;
  readonly #unsubscribe: (() => void)[];
  readonly #startedAt: number;
  /** Beats for nodes that are new. */
  readonly #welcome: Answers;

  /** Enters: the others hear of it at once. */
  constructor(options: MemberOptions) {
    this.#options = options;
    const { bus, clock, incarnation, subjects } = options;
    this.#startedAt = clock.now();
    this.#announcer = new Announcer({
      incarnation,
      maxPayload: bus.maxPayload,
      clock,
      send: (kind, bytes, to) => void bus.publish(this.#subject(kind, to), bytes),
    });
    this.#welcome = new Answers(
      clock,
      () => Math.random() * WELCOME_TIME,
      (to) => this.#publishBeat(false, to),
    );
    const receive = (subject: string, use: (from: string, bytes: Uint8Array) => void) =>
      bus.subscribe(subject, (message) => this.#receive(message, use));
    const { directory } = options;
    this.#unsubscribe = [
      receive(subjects.fromAny("beat"), (from, bytes) => this.#beat(from, decodeBeat(bytes))),
      receive(
        subjects.forUs("beat", incarnation),
        (from, bytes) => this.#beat(from, decodeBeat(bytes)),
      ),
      receive(
        subjects.fromAny("change"),
        (from, bytes) => directory.change(from, decodeChange(bytes)),
      ),
      ...[subjects.fromAny("services"), subjects.forUs("services", incarnation)].map((subject) =>
        receive(subject, (from, bytes) => directory.snapshot(from, decodeSnapshotPart(bytes)))
      ),
      receive(
        subjects.fromAny("leave"),
        (from, bytes) => directory.leave(from, decodeIncarnation(bytes)),
      ),
      // Also to a node that is not known yet: its first beat came before this node was subscribed.
      receive(
        subjects.forUs("ask", incarnation),
        (node, bytes) => this.#announcer.answer({ node, incarnation: decodeIncarnation(bytes) }),
      ),
      receive(subjects.forUs("name", "*"), (from, bytes) => this.#defend(from, bytes)),
      bus.watch(({ state }) => {
        if (state === "connected") this.#enter();
      }),
    ];
    this.update();
    this.#enter();
  }

  /** The services of this node have changed. */
  update(): void {
    this.#announcer.update({
      [Symbol.iterator]: () => this.#options.services()[Symbol.iterator](),
    });
  }

  /** Asks another node for all of its services. */
  ask(to: Receiver): void {
    this.#options.bus.publish(
      this.#subject("ask", to),
      encodeIncarnation(this.#options.incarnation),
    );
  }

  /** Sends a beat to another node. */
  introduce(to: Receiver): void {
    this.#publishBeat(false, to);
  }

  tick(): void {
    this.#options.directory.tick();
    this.#publishBeat(false);
  }

  close(isSaid: boolean): void {
    const { bus, directory, incarnation } = this.#options;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#welcome.close();
    this.#announcer.close();
    if (isSaid) bus.publish(this.#subject("leave"), encodeIncarnation(incarnation));
    directory.clear();
  }

  /** The others hear of this node at once, and it hears of them. */
  #enter(): void {
    this.#publishBeat(true);
  }

  get #uptime(): number {
    return Math.round(this.#options.clock.now() - this.#startedAt);
  }

  #subject(kind: string, to?: Receiver): string {
    const { subjects } = this.#options;
    return to === undefined ? subjects.toAll(kind) : subjects.to(to.node, kind, to.incarnation);
  }

  #publishBeat(isNew: boolean, to?: Receiver): void {
    const { address, beat, bus, incarnation } = this.#options;
    const bytes = encodeBeat({
      incarnation,
      uptime: this.#uptime,
      beat,
      version: this.#announcer.version,
      address,
      software: VERSION,
      protocol: PROTOCOL,
      isNew,
    });
    bus.publish(this.#subject("beat", to), bytes);
  }

  /** Gives a message of another node to a function, which may reject it. */
  #receive(
    { subject, data }: BusMessage,
    use: (from: string, bytes: Uint8Array) => void,
  ): void {
    if (data.length === 0) return; // somebody asks whether this node is subscribed
    const from = senderOf(subject);
    try {
      use(from, data);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      log.warn("A message of the node {node} is ignored: {error}", {
        node: from,
        error: error.message,
      });
    }
  }

  #beat(from: string, beat: Beat): void {
    const { directory, node } = this.#options;
    if (from === node) return this.#meet(beat);
    directory.beat(from, beat);
    if (beat.isNew) this.#welcome.add({ node: from, incarnation: beat.incarnation });
  }

  /** A beat has come from this node, or from another one of its name. */
  #meet(beat: Beat): void {
    const { bus, incarnation, meet, node, subjects } = this.#options;
    if (beat.incarnation === incarnation) return;
    // An old beat of an incarnation that is gone may come late, or a second time.
    bus.hasSubscriber(subjects.to(node, "ask", beat.incarnation)).then((isConnected) => {
      if (isConnected) meet(beat, { incarnation, uptime: this.#uptime });
    }, () => {}); // not connected: its next beat says it again
  }

  /** Another node wants the name of this one. */
  #defend(from: string, bytes: Uint8Array): void {
    const { address, bus, node, subjects } = this.#options;
    if (from !== node) return; // no other one can want it
    bus.publish(subjects.to(node, "taken", decodeIncarnation(bytes)), encodeTaken(address));
  }
}
