/**
 * Announces the services of this node to the others: each change to all, as one message with the
 * versions before and after it, and all services to those that ask. Changes that come quickly after
 * each other are one message. What the others do with it is the job of `directory.ts`.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { CLUSTER_LIMITS } from "../limits.ts";
import { encodeNamesOnly, NOTHING_SAID_JSON } from "../manager/peer.ts";
import type { AnnouncedService } from "../manager/remote_services.ts";
import {
  encodeChange,
  encodeSnapshotPart,
  inMessages,
  isAccepted,
  LONGEST,
  sizeOfService,
} from "./announcement.ts";
import { Answers, type Receiver } from "./answers.ts";
import type { Clock } from "./clock.ts";

/** What an {@linkcode Announcer} needs. */
export interface AnnouncerOptions {
  /** The incarnation of this node. */
  readonly incarnation: string;
  /** The longest message that can be sent, in bytes. */
  readonly maxPayload: number;
  readonly clock: Clock;
  /** Sends a message to all nodes, or to one. */
  send(kind: "change" | "services", bytes: Uint8Array<ArrayBuffer>, to?: Receiver): void;
}

/** How long after a change others are sent with it, in milliseconds. */
export const CHANGE_INTERVAL = 50;

/** How long a question for all services waits for others, in milliseconds. */
export const ANSWER_DELAY = 20;

/** The time between two answers to one node, in milliseconds. */
const ANSWER_INTERVAL = 1_000;

/** Which part of the time may be spent on changes, of many large services that come and go. */
const CHANGE_SHARE = 0.1;

/** How much of a message is not services, in bytes. */
const OVERHEAD = 1024;

const log = logger("cluster");

/** The services that this node announces. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  /** How many bytes of services a message has, and how many a service. */
  readonly #messageSize: number;
  readonly #serviceSize: number;
  /** By their names. */
  #announced = new Map<string, AnnouncedService>();
  #version = 0;
  /** The services that will be announced, if a change waits. */
  #next: Iterable<AnnouncedService> | undefined;
  /** When the next change may be announced. */
  #nextAt = -Infinity;
  readonly #answers: Answers;
  #cancelChange: (() => void) | undefined;
  #isWarned = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#messageSize = Math.min(CLUSTER_LIMITS.messageSize, options.maxPayload) - OVERHEAD;
    const sendAll = (to: Receiver | undefined) => this.#sendAll(to);
    this.#answers = new Answers(options.clock, () => ANSWER_DELAY, sendAll, ANSWER_INTERVAL);
    this.#serviceSize = Math.min(CLUSTER_LIMITS.serviceSize, Math.floor(this.#messageSize / 2));
  }

  /** The version of the services that others should know. */
  get version(): number {
    return this.#version;
  }

  /**
   * Announces all services of this node from now on. They are read when they are announced, a little
   * later if there was a change just before.
   */
  update(services: Iterable<AnnouncedService>): void {
    this.#next = services;
    if (this.#cancelChange !== undefined) return;
    const { clock } = this.#options;
    const wait = Math.max(this.#nextAt - clock.now(), 0);
    this.#cancelChange = clock.later(() => this.#change(), wait);
  }

  /** Sends all services to a node that has asked for them. */
  answer(to: Receiver): void {
    this.#answers.add(to);
  }

  /** Announces nothing more. */
  close(): void {
    this.#cancelChange?.();
    this.#answers.close();
  }

  #change(): void {
    const { clock } = this.#options;
    this.#cancelChange = undefined;
    const begin = clock.now();
    this.#announceChange();
    const end = clock.now();
    this.#nextAt = end + Math.max(CHANGE_INTERVAL, (end - begin) / CHANGE_SHARE);
  }

  #announceChange(): void {
    const { incarnation, send } = this.#options;
    const services = this.#fitting(this.#next!);
    const set = [...services.values()].filter((one) => !isSame(one, this.#announced.get(one.name)));
    const removed = [...this.#announced.keys()].filter((name) => !services.has(name));
    if (set.length === 0 && removed.length === 0) return;
    const from = this.#version++;
    this.#announced = services;
    const change = encodeChange({ incarnation, from, version: this.#version, set, removed });
    if (change.length <= this.#messageSize) send("change", change);
    else this.#sendAll();
  }

  #sendAll(to?: Receiver): void {
    const { incarnation, send } = this.#options;
    const lists = inMessages(this.#announced.values(), this.#messageSize);
    for (const [part, set] of lists.entries()) {
      const version = this.#version;
      const message = { incarnation, version, part, parts: lists.length, set };
      send("services", encodeSnapshotPart(message), to);
    }
  }

  /** Those services that are within the limits. */
  #fitting(services: Iterable<AnnouncedService>): Map<string, AnnouncedService> {
    const fitting = new Map<string, AnnouncedService>();
    let left: number = CLUSTER_LIMITS.nodeSize;
    let leftOut = 0;
    for (const service of services) {
      const announced = this.#announcedAs(service);
      const size = sizeOfService(announced);
      if (!isAccepted(announced) || size > left || fitting.size >= CLUSTER_LIMITS.services) {
        leftOut++;
      } else {
        fitting.set(announced.name, announced);
        left -= size;
      }
    }
    if (leftOut > 0 && !this.#isWarned) {
      log.warn(
        "{count} services are not announced to other nodes, which cannot use them: a node has at " +
          "most {services} services, of together {size} bytes, and no name has more than {longest} " +
          "characters",
        {
          count: leftOut,
          services: CLUSTER_LIMITS.services,
          size: CLUSTER_LIMITS.nodeSize,
          longest: LONGEST,
        },
      );
    }
    this.#isWarned = leftOut > 0;
    return fitting;
  }

  /** A service with as much of what it says of itself as is announced. */
  #announcedAs(service: AnnouncedService): AnnouncedService {
    const forms = [
      service,
      { ...service, about: NOTHING_SAID_JSON },
      { ...service, about: NOTHING_SAID_JSON, attributes: encodeNamesOnly(service, "null") },
      { ...service, about: NOTHING_SAID_JSON, attributes: "{}", streams: [] },
    ];
    const fits = (one: AnnouncedService) =>
      sizeOfService(one) <= this.#serviceSize && isAccepted(one);
    return forms.find(fits) ?? forms.at(-1)!;
  }
}

function isSame(one: AnnouncedService, other: AnnouncedService | undefined): boolean {
  return other !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
