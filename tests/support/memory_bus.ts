/**
 * NATS in memory: a network that carries messages in their order, and can lose, double and delay them,
 * and be cut.
 */

import type { Bus, BusMessage, BusState } from "../../cluster/bus.ts";
import { ConnectionAbortedError } from "../../errors.ts";

/** What happens to a message on its way to one bus. A delayed one comes with `deliverDelayed()`. */
export type Fate = "deliver" | "lose" | "double" | "delay";

interface Subscription {
  readonly words: readonly string[];
  readonly receive: (message: BusMessage) => void;
}

/** A message on its way to one bus. */
interface Delivery {
  readonly from: MemoryBus;
  readonly to: MemoryBus;
  readonly message: BusMessage;
}

/** The network: what the NATS servers are. */
export class MemoryNats {
  /** Decides what happens to each message on its way to one bus. */
  fate: (message: BusMessage, from: MemoryBus, to: MemoryBus) => Fate = () => "deliver";
  readonly #buses: MemoryBus[] = [];
  readonly #cut = new Set<string>();
  #delayed: Delivery[] = [];
  #onTheWay = 0;

  /**
   * Connects a bus.
   *
   * @param maxPayload The longest message, in bytes.
   */
  connect(maxPayload = 1024 * 1024): MemoryBus {
    const bus = new MemoryBus(this, this.#buses.length, maxPayload);
    this.#buses.push(bus);
    return bus;
  }

  /** Cuts the network between two buses, in both directions; no event tells them. */
  cut(one: MemoryBus, other: MemoryBus): void {
    this.#cut.add(pairOf(one, other));
  }

  /** Joins two buses again. */
  heal(one: MemoryBus, other: MemoryBus): void {
    this.#cut.delete(pairOf(one, other));
  }

  /** Delivers the delayed messages, in the order of their keys if those are given. */
  deliverDelayed(keys: readonly number[] = []): void {
    const delayed = this.#delayed.map((delivery, index) => ({ delivery, key: keys[index] ?? 0 }));
    this.#delayed = [];
    for (const { delivery } of delayed.sort((a, b) => a.key - b.key)) this.#deliver(delivery);
  }

  /** Waits until no message is on its way, but delayed ones. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet = this.#onTheWay === 0 ? quiet + 1 : 0) {
      await Promise.resolve();
    }
  }

  /** Whether a message of one bus could reach a subscription of any. */
  hasSubscriber(from: MemoryBus, subject: string): boolean {
    return this.#buses.some((to) =>
      to.isConnected && !this.#cut.has(pairOf(from, to)) && to.subscriptionsTo(subject).length > 0
    );
  }

  /** For a bus: sends a message, whose bytes may change after the microtasks that are queued now. */
  send(from: MemoryBus, subject: string, bytes: Uint8Array, reply: string): void {
    this.#onTheWay++;
    queueMicrotask(() => {
      this.#onTheWay--;
      const message = { subject, data: bytes.slice(), reply };
      for (const to of this.#buses) {
        if (this.#cut.has(pairOf(from, to)) || to.subscriptionsTo(subject).length === 0) continue;
        const fate = this.fate(message, from, to);
        if (fate === "delay") this.#delayed.push({ from, to, message });
        else if (fate !== "lose") this.#deliver({ from, to, message });
        if (fate === "double") this.#deliver({ from, to, message });
      }
    });
  }

  #deliver({ to, message }: Delivery): void {
    this.#onTheWay++;
    queueMicrotask(() => {
      this.#onTheWay--;
      to.receive(message);
    });
  }
}

/** A connection with the network in memory. */
export class MemoryBus implements Bus {
  readonly maxPayload: number;
  /** Its number. */
  readonly index: number;
  readonly #nats: MemoryNats;
  readonly #subscriptions = new Set<Subscription>();
  readonly #watchers = new Set<(state: BusState) => void>();
  #state: BusState = { state: "connected", since: 0, server: "memory" };
  #isSilent = false;

  /** For `MemoryNats.connect()`. */
  constructor(nats: MemoryNats, index: number, maxPayload: number) {
    this.#nats = nats;
    this.index = index;
    this.maxPayload = maxPayload;
  }

  get state(): BusState {
    return this.#state;
  }

  get isConnected(): boolean {
    return this.#state.state === "connected";
  }

  publish(subject: string, bytes: Uint8Array, reply = ""): boolean {
    if (!this.isConnected) return false;
    if (bytes.length > this.maxPayload) throw new Error("the message is longer than maxPayload");
    if (!this.#isSilent) this.#nats.send(this, subject, bytes, reply);
    return true;
  }

  subscribe(subject: string, receive: (message: BusMessage) => void): () => void {
    const subscription = { words: subject.split("."), receive };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  async hasSubscriber(subject: string): Promise<boolean> {
    await Promise.resolve();
    if (!this.isConnected) throw new ConnectionAbortedError("the bus is not connected");
    this.publish(subject, new Uint8Array(0));
    return this.#nats.hasSubscriber(this, subject);
  }

  /** This network lets everybody do everything. */
  async tryOut(_subscriptions: readonly string[], publications: readonly string[]): Promise<void> {
    await Promise.resolve();
    if (!this.isConnected) throw new ConnectionAbortedError("the bus is not connected");
    for (const subject of publications) this.publish(subject, new Uint8Array(0));
  }

  watch(changed: (state: BusState) => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  close(): Promise<void> {
    this.#subscriptions.clear();
    this.#change({ state: "closed" });
    return Promise.resolve();
  }

  /** Loses what it sends and what comes, before any event tells it, as a broken connection does. */
  breakSilently(): void {
    this.#isSilent = true;
  }

  /** Ends its connection with the network. */
  disconnect(): void {
    this.#isSilent = true;
    this.#change({ state: "disconnected", since: 0, cause: "the test has cut it" });
  }

  /** Connects it again. */
  reconnect(): void {
    this.#isSilent = false;
    this.#change({ state: "connected", since: 0, server: "memory" });
  }

  /** For the network: its subscriptions that match. */
  subscriptionsTo(subject: string): Subscription[] {
    const words = subject.split(".");
    return [...this.#subscriptions].filter((one) => matches(one.words, words));
  }

  /** For the network: a message has arrived. */
  receive(message: BusMessage): void {
    if (this.#isSilent) return;
    for (const { receive } of this.subscriptionsTo(message.subject)) receive(message);
  }

  #change(state: BusState): void {
    if (this.#state.state === state.state || this.#state.state === "closed") return;
    this.#state = state;
    for (const changed of [...this.#watchers]) changed(state);
  }
}

function pairOf(one: MemoryBus, other: MemoryBus): string {
  return [one.index, other.index].sort((a, b) => a - b).join(" ");
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  if (pattern.at(-1) === ">") {
    return words.length >= pattern.length &&
      matches(pattern.slice(0, -1), words.slice(0, pattern.length - 1));
  }
  return pattern.length === words.length &&
    pattern.every((word, index) => word === "*" || word === words[index]);
}
