/**
 * Answers the questions of NATS tools for services, so that these list ours: `$SRV.PING`, `INFO` and
 * `STATS`, each for all services, those of a name, or one (ADR-32 of NATS). NATS has its own rules for
 * names: other characters become `_`, and the true name is in the metadata.
 *
 * @module
 */

import { CLUSTER_LIMITS } from "../limits.ts";
import type { AnnouncedService } from "../manager/remote_services.ts";
import type { JsonObject } from "../wire/message.ts";
import { joinServiceName } from "../wire/node_name.ts";
import type { Bus, BusMessage } from "./bus.ts";
import type { Clock } from "./clock.ts";

/** What a {@linkcode ServiceListing} needs. */
export interface ServiceListingOptions {
  readonly node: string;
  readonly network: string;
  readonly incarnation: string;
  /** The version of this package. */
  readonly version: string;
  readonly bus: Bus;
  readonly clock: Clock;
  /** The services of this node. */
  services(): Iterable<AnnouncedService>;
}

/** The subject of every question. */
const QUESTIONS = "$SRV.>";

/** What is asked, and the type of its answer. */
const TYPES: Readonly<Record<string, string>> = {
  PING: "io.nats.micro.v1.ping_response",
  INFO: "io.nats.micro.v1.info_response",
  STATS: "io.nats.micro.v1.stats_response",
};

/**
 * Subjects that no answer goes to: those of nodes, where it would be a message of this one, and those
 * of NATS itself.
 */
const FORBIDDEN_REPLY = /^(?:msl\.|\$)/;

/** The longest time for which answers that were not given add up, in milliseconds. */
const BURST_TIME = 1_000;

const encoder = new TextEncoder();

/** Lists the services of this node to tools of NATS. */
export class ServiceListing {
  readonly #options: ServiceListingOptions;
  readonly #unsubscribe: () => void;
  readonly #started = new Date().toISOString();
  /** The number of each service, by its name: a part of its id. */
  readonly #numbers = new Map<string, number>();
  #nextNumber = 1;
  /** How many answers may be given now, and the time up to which they are counted. */
  #credit: number = CLUSTER_LIMITS.toolAnswers;
  #countedAt: number;

  constructor(options: ServiceListingOptions) {
    this.#options = options;
    this.#countedAt = options.clock.now();
    this.#unsubscribe = options.bus.subscribe(QUESTIONS, (message) => this.#answer(message));
  }

  /** Answers nothing more. */
  close(): void {
    this.#unsubscribe();
  }

  #answer({ subject, reply }: BusMessage): void {
    const [, verb, name, id, ...rest] = subject.split(".");
    if (!Object.hasOwn(TYPES, verb) || rest.length > 0) return;
    if (reply === undefined || reply === "" || FORBIDDEN_REPLY.test(reply)) return;
    if (!this.#mayAnswer()) return; // before the services are read, of which there may be 10,000
    const services = [...this.#options.services()];
    this.#forgetNumbers(services);
    let isAnswered = false;
    for (const service of services) {
      const identity = this.#identityOf(service);
      if (name !== undefined && identity.name !== name) continue;
      if (id !== undefined && identity.id !== id) continue;
      if (!this.#mayAnswer()) return;
      this.#credit--;
      isAnswered = true;
      const answer = { type: TYPES[verb], ...identity, ...this.#contentOf(verb) };
      this.#options.bus.publish(reply, encoder.encode(JSON.stringify(answer)));
    }
    if (!isAnswered) this.#credit--; // a question without an answer is work too
  }

  /** What every answer has. */
  #identityOf({ name, address, language, os }: AnnouncedService): JsonObject {
    const { node, network, incarnation, version } = this.#options;
    let number = this.#numbers.get(name);
    if (number === undefined) this.#numbers.set(name, number = this.#nextNumber++);
    return {
      name: name.replaceAll(/[^A-Za-z0-9_-]/g, "_"),
      id: `${incarnation}-${number}`,
      version,
      metadata: { service: joinServiceName(node, name), node, network, address, language, os },
    };
  }

  /** What the answer to a question has besides: services of ours are not called over NATS. */
  #contentOf(verb: string): JsonObject {
    switch (verb) {
      case "INFO":
        return { description: "A service of @msl/network: its clients use it", endpoints: [] };
      case "STATS":
        return { started: this.#started, endpoints: [] };
      default:
        return {};
    }
  }

  /** Whether one more answer may be given. */
  #mayAnswer(): boolean {
    const now = this.#options.clock.now();
    const earned = Math.min(now - this.#countedAt, BURST_TIME) * CLUSTER_LIMITS.toolAnswers / 1_000;
    this.#credit = Math.min(this.#credit + earned, CLUSTER_LIMITS.toolAnswers);
    this.#countedAt = now;
    return this.#credit >= 1;
  }

  /** Services that have gone leave no number behind. */
  #forgetNumbers(services: readonly AnnouncedService[]): void {
    if (this.#numbers.size <= services.length) return;
    const names = new Set(services.map(({ name }) => name));
    for (const name of this.#numbers.keys()) if (!names.has(name)) this.#numbers.delete(name);
  }
}
