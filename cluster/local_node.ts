/**
 * This node, and what it knows of the others: its membership, what it says while it is a member, and
 * the directory.
 *
 * @module
 */

import type { AnnouncedService } from "../manager/remote_services.ts";
import type { Receiver } from "./answers.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";
import { type Departure, Directory, type KnownNode } from "./directory.ts";
import { Member } from "./member.ts";
import { type Incarnation, Membership, type MembershipState } from "./membership.ts";
import type { Subjects } from "./subjects.ts";

/** What a {@linkcode LocalNode} needs. */
export interface LocalNodeOptions {
  readonly node: string;
  /** The address of the Manager, `host:port`. */
  readonly address: string;
  /** How often a beat is sent, in milliseconds. */
  readonly beat: number;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly clock: Clock;
  /** The services of this node. */
  services(): Iterable<AnnouncedService>;
  /** This node is a member from now on: what else begins and ends with that. */
  enter?(incarnation: string): Incarnation;
  /** Another node is there that was not. */
  onHere?(node: KnownNode): void;
  /** Another node is gone, or its incarnation is. */
  onGone?(node: KnownNode, reason: Departure): void;
}

/** This node. */
export class LocalNode {
  /** The other nodes. */
  readonly directory: Directory;
  readonly #options: LocalNodeOptions;
  readonly #membership: Membership;
  #member: Member | undefined;

  /** Joins as soon as that is possible. */
  constructor(options: LocalNodeOptions) {
    this.#options = options;
    const { bus, clock, subjects } = options;
    this.directory = new Directory({
      clock,
      ask: (to) => this.#member?.ask(to),
      isConnected: ({ node, incarnation }: Receiver) =>
        bus.hasSubscriber(subjects.to(node, "ask", incarnation)),
      onHere: options.onHere,
      onGone: options.onGone,
    });
    this.#membership = new Membership({
      ...options,
      enter: (incarnation) => this.#enter(incarnation),
    });
  }

  /** What this node is in the network. */
  get state(): MembershipState {
    return this.#membership.state;
  }

  /** The services of this node have changed. */
  update(): void {
    this.#member?.update();
  }

  /**
   * Sends a beat to a node. It knows of this one before the messages that follow, also if it was told
   * nothing yet.
   */
  introduce(node: string): void {
    const known = this.directory.node(node);
    if (known !== undefined) this.#member?.introduce({ node, incarnation: known.incarnation });
  }

  /** NATS does not let this node do what a node has to, for this reason. */
  forbid(problem: string): void {
    this.#membership.forbid(problem);
  }

  /** Leaves the network for ever. */
  leave(): void {
    this.#membership.leave();
  }

  #enter(incarnation: string): Incarnation {
    const member = this.#member = new Member({
      ...this.#options,
      incarnation,
      directory: this.directory,
      meet: (other, own) => this.#membership.meet(other, own),
    });
    const further = this.#options.enter?.(incarnation);
    return {
      tick() {
        member.tick();
        further?.tick();
      },
      close: (isSaid) => {
        this.#member = undefined;
        further?.close(isSaid);
        member.close(isSaid);
      },
    };
  }
}
