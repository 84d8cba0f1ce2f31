/** Nodes of a network in memory, each with a clock of its own that tests move. */

import { type MemoryBus, MemoryNats } from "./memory_bus.ts";
import { MovedClock } from "./moved_clock.ts";
import type { Clock } from "../../cluster/clock.ts";
import type { Departure } from "../../cluster/directory.ts";
import { LocalNode } from "../../cluster/local_node.ts";
import { Subjects } from "../../cluster/subjects.ts";
import type { AnnouncedService } from "../../manager/remote_services.ts";

/** How often the nodes send a beat, in milliseconds. */
export const BEAT = 1_000;

/** A service with attributes of that size. */
export function announcedService(name: string, size = 10): AnnouncedService {
  return {
    name,
    address: "lab-pc:50000",
    language: "Python 3.11.2",
    os: "Linux x86_64",
    attributes: JSON.stringify({ read: "x".repeat(size) }),
    maxClients: -1,
    extensions: ["beat"],
    streams: [],
    about: "{}",
  };
}

/** The clock of one computer: it may have another time, be faster, and stand still with its programs. */
class ComputerClock implements Clock {
  readonly #clock: MovedClock;
  readonly #offset: number;
  readonly #rate: number;
  #isStopped = false;
  #late: (() => void)[] = [];

  constructor(clock: MovedClock, offset: number, rate: number) {
    this.#clock = clock;
    this.#offset = offset;
    this.#rate = rate;
  }

  now(): number {
    return this.#offset + this.#rate * this.#clock.now();
  }

  later(callback: () => void, time: number): () => void {
    let isWanted = true;
    const run = () => {
      if (!isWanted) return;
      if (this.#isStopped) this.#late.push(run);
      else callback();
    };
    const cancel = this.#clock.later(run, time / this.#rate);
    return () => {
      isWanted = false;
      cancel();
    };
  }

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    const late = this.#late;
    this.#late = [];
    for (const run of late) run();
  }
}

/** How a node differs from others. */
export interface SimulatedNodeOptions {
  /** By how much its clock is ahead, in milliseconds. */
  readonly offset?: number;
  /** How fast its clock is. */
  readonly rate?: number;
  /** The longest message, in bytes. */
  readonly maxPayload?: number;
}

/** One node. */
export class SimulatedNode {
  readonly name: string;
  readonly bus: MemoryBus;
  readonly local: LocalNode;
  /** Its services by their names. `update()` after a change. */
  readonly services = new Map<string, AnnouncedService>();
  /** Which nodes have come and gone, e.g. `"b here"` and `"b left"`. */
  readonly events: string[] = [];
  /** Under how many incarnations it was a member. */
  entered = 0;
  readonly #clock: ComputerClock;

  constructor(
    nats: MemoryNats,
    name: string,
    clock: MovedClock,
    { offset = 0, rate = 1, maxPayload = 1024 * 1024 }: SimulatedNodeOptions,
  ) {
    this.name = name;
    this.#clock = new ComputerClock(clock, offset, rate);
    this.bus = nats.connect(maxPayload);
    this.local = new LocalNode({
      node: name,
      address: `${name}-pc:1875 #${this.bus.index}`,
      beat: BEAT,
      bus: this.bus,
      subjects: new Subjects("lab", name),
      clock: this.#clock,
      services: () => this.services.values(),
      enter: () => {
        this.entered++;
        return { tick() {}, close() {} };
      },
      onHere: (node) => this.events.push(`${node.name} here`),
      onGone: (node, reason: Departure) => this.events.push(`${node.name} ${reason}`),
    });
  }

  /** Has another set of services. */
  offer(...services: AnnouncedService[]): void {
    this.services.clear();
    for (const service of services) this.services.set(service.name, service);
    this.local.update();
  }

  /** The services that it knows of another node, sorted by name; `undefined` if that is not there. */
  servicesOf(node: string): AnnouncedService[] | undefined {
    const known = this.local.directory.node(node);
    if (!known?.isHere) return undefined;
    return [...known.services.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Ends as a program that is killed: nobody is told, and its connection is closed. */
  kill(): void {
    this.bus.disconnect();
    this.#clock.stop();
  }

  /** Stands still as a program that is stopped, whose connection stays open. */
  stop(): void {
    this.#clock.stop();
  }

  /** Goes on. */
  resume(): void {
    this.#clock.resume();
  }
}

/** A network of nodes. */
export class SimulatedNetwork {
  readonly nats = new MemoryNats();
  readonly clock = new MovedClock();

  /** Starts a node. */
  start(name: string, options: SimulatedNodeOptions = {}): SimulatedNode {
    return new SimulatedNode(this.nats, name, this.clock, options);
  }

  /** Lets time pass, in milliseconds. */
  pass(time: number): Promise<void> {
    return this.clock.advance(time, () => this.nats.settled());
  }
}
