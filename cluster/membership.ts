/**
 * Whether this node is a member of the network, and under which incarnation. It joins as soon as NATS
 * is there, and its name is free. Then it tells the others with each beat that it is there.
 *
 * - A name is free if nobody is subscribed to what is sent to a node of that name: so a node that was
 *   killed and started again joins at once. Somebody who is subscribed, and does not answer for five
 *   beats, is not there either; NATS has not noticed it yet.
 * - It joins only if NATS lets it subscribe and publish to what a node needs: a node that is heard and
 *   hears nothing, or the other way round, would look as if all was well.
 * - Two nodes of one name may meet later, after a cut of the network. The one with the larger uptime
 *   stays; the other leaves, and tries again.
 * - A program that was stopped for more than five beats is gone for the others, and its sessions are.
 *   It joins again with another incarnation.
 *
 * A clock and the bus are passed in. What a member does is the job of `member.ts`.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { NetworkError } from "../errors.ts";
import { UidSource } from "../base/uid_source.ts";
import { decodeTaken, encodeIncarnation } from "./announcement.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";
import { MISSED_BEATS } from "./directory.ts";
import { senderOf, type Subjects } from "./subjects.ts";

/** What this node is in the network. Times are in milliseconds since 1970. */
export type MembershipState =
  /** It has not joined yet, or NATS is not there. */
  | { readonly state: "joining"; readonly since: number }
  | { readonly state: "joined"; readonly since: number }
  /** Another node has its name. */
  | { readonly state: "refused"; readonly since: number; readonly address: string }
  /** NATS does not let it be this node. */
  | { readonly state: "forbidden"; readonly since: number; readonly problem: string }
  | { readonly state: "left"; readonly since: number };

/** One incarnation of this node while it is a member. */
export interface Incarnation {
  /** Called in each beat. */
  tick(): void;
  /**
   * It is no member any more.
   *
   * @param isSaid Whether the others are told.
   */
  close(isSaid: boolean): void;
}

/** What a {@linkcode Membership} needs. */
export interface MembershipOptions {
  readonly node: string;
  /** How often this node sends a beat, in milliseconds. */
  readonly beat: number;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly clock: Clock;
  /** This node is a member from now on. */
  enter(incarnation: string): Incarnation;
}

const log = logger("cluster");

/** The membership of this node. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #incarnations = new UidSource();
  readonly #unwatch: () => void;
  #cancelTick: () => void;
  #tickedAt: number;
  #state: MembershipState = { state: "joining", since: Date.now() };
  #incarnation: Incarnation | undefined;
  /** The attempt to join that is under way. */
  #attempt: AbortController | undefined;
  /** When the next attempt is made, if the last one has failed. */
  #retryAt = -Infinity;

  /** Joins as soon as that is possible. */
  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#tickedAt = options.clock.now();
    this.#unwatch = options.bus.watch(() => this.#joinIfPossible());
    this.#cancelTick = options.clock.later(() => this.#tick(), options.beat);
    this.#joinIfPossible();
  }

  /** What this node is in the network. */
  get state(): MembershipState {
    return this.#state;
  }

  /**
   * Another incarnation has the name of this node too. The one with the larger uptime stays.
   *
   * @param other The other one, and the address of its Manager.
   * @param own This one.
   */
  meet(
    other: { incarnation: string; uptime: number; address: string },
    own: { incarnation: string; uptime: number },
  ): void {
    if (this.#incarnation === undefined) return;
    const isOlder = other.uptime > own.uptime ||
      other.uptime === own.uptime && other.incarnation > own.incarnation;
    if (isOlder) this.#refuse(other.address);
  }

  /**
   * NATS does not let this node do what a node has to. It leaves, and tries again.
   *
   * @param problem What NATS says.
   */
  forbid(problem: string): void {
    const { node } = this.#options;
    if (this.#state.state === "left") return;
    if (this.#state.state !== "forbidden") {
      log.error(
        "Cannot be the node {node}: NATS refuses what a node needs ({problem}). Compare --node and " +
          "--join-name with the permissions of the user of --join-credentials. The services of this " +
          "Manager are for its own clients alone meanwhile",
        { node, problem },
      );
      this.#state = { state: "forbidden", since: Date.now(), problem };
    }
    this.#attempt?.abort();
    this.#retryLater();
    this.#close(true);
  }

  /** Leaves the network for ever. */
  leave(): void {
    this.#unwatch();
    this.#cancelTick();
    this.#attempt?.abort();
    this.#state = { state: "left", since: Date.now() };
    this.#close(true);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #tick(): void {
    const { beat, clock, node } = this.#options;
    this.#cancelTick = clock.later(() => this.#tick(), beat);
    const now = this.#now();
    const passed = now - this.#tickedAt;
    this.#tickedAt = now;
    if (this.#incarnation !== undefined && passed > (MISSED_BEATS + 1) * beat) {
      log.warn(
        "The node {node} was stopped for {time} s, and is gone for the others: it joins again",
        { node, time: Math.round(passed / 1_000) },
      );
      this.#state = { state: "joining", since: Date.now() };
      this.#close(false);
    }
    this.#incarnation?.tick();
    this.#joinIfPossible();
  }

  #joinIfPossible(): void {
    const { bus } = this.#options;
    const isWanted = this.#incarnation === undefined && this.#attempt === undefined &&
      this.#state.state !== "left" && bus.isConnected && this.#now() >= this.#retryAt;
    if (!isWanted) return;
    const attempt = this.#attempt = new AbortController();
    this.#join(attempt.signal).catch((error) => {
      if (!(error instanceof NetworkError)) throw error;
      log.debug("Cannot join yet: {error}", { error: error.message });
    }).finally(() => {
      if (this.#attempt === attempt) this.#attempt = undefined;
    });
  }

  async #join(signal: AbortSignal): Promise<void> {
    const incarnation = this.#incarnations.next();
    const { bus, subjects } = this.#options;
    await bus.tryOut(
      [subjects.fromAny("beat"), subjects.forUs("beat", incarnation)],
      [subjects.toAll("beat")],
    );
    if (signal.aborted) return;
    const address = await this.#holderOf(incarnation, signal);
    if (signal.aborted || !bus.isConnected) return;
    if (address !== undefined) return this.#refuse(address);
    const { node, enter } = this.#options;
    this.#state = { state: "joined", since: Date.now() };
    log.info("Joined the other Managers as the node {node}", { node });
    this.#incarnation = enter(incarnation);
  }

  /** The address of the node that has the name of this one; `undefined` if none answers. */
  async #holderOf(incarnation: string, signal: AbortSignal): Promise<string | undefined> {
    const { node, beat, bus, subjects, clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const unsubscribe = bus.subscribe(subjects.forUs("taken", incarnation), (message) => {
      if (message.data.length > 0 && senderOf(message.subject) === node) {
        resolve(addressOf(message.data));
      }
    });
    const question = subjects.to(node, "name", incarnation);
    const stop = () => resolve(undefined);
    signal.addEventListener("abort", stop);
    let cancel = () => {};
    try {
      if (!await bus.hasSubscriber(question)) return undefined;
      bus.publish(question, encodeIncarnation(incarnation));
      cancel = clock.later(stop, MISSED_BEATS * beat);
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
      unsubscribe();
    }
  }

  #refuse(address: string): void {
    const { node } = this.#options;
    this.#retryLater();
    const isKnown = this.#state.state === "refused" && this.#state.address === address;
    if (!isKnown) {
      log.error(
        "Cannot be the node {node}: the Manager {address} is. Give one of them another name " +
          "(--node). The services of this one are for its own clients alone meanwhile",
        { node, address },
      );
      this.#state = { state: "refused", since: Date.now(), address };
    }
    this.#close(true);
  }

  #retryLater(): void {
    this.#retryAt = this.#now() + MISSED_BEATS * this.#options.beat;
  }

  #close(isSaid: boolean): void {
    const incarnation = this.#incarnation;
    this.#incarnation = undefined;
    incarnation?.close(isSaid);
  }
}

/** The address in an answer; empty if the answer has none. */
function addressOf(bytes: Uint8Array): string {
  try {
    return decodeTaken(bytes);
  } catch {
    return "";
  }
}
