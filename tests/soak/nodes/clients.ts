/**
 * The clients of a soak of several nodes: ours, which reconnects, and one that is a bare socket and
 * would notice an answer that comes twice.
 */

import { delay } from "@std/async/delay";
import { type Client, connect, type Link, type ReconnectOptions } from "../../../mod.ts";
import type { JsonObject } from "../../../wire/message.ts";
import { type ManagerAddress, RawPeer } from "../../support/raw_peer.ts";
import type { Random } from "../random.ts";
import { clientName, nodeOfService } from "./history.ts";
import type { Journal } from "./journal.ts";
import type { CallArguments, Counted } from "./services.ts";

const RECONNECT: ReconnectOptions = { firstDelay: 20, longestDelay: 500 };
/** The mean time between two actions of a client, in milliseconds. */
const PAUSE = 60;
/** The mean time after which a client disconnects and another one connects, in milliseconds. */
const LIFETIME = 30_000;
/** The length of a large text, in characters: two and a half pieces. */
const LARGE = 640_000;
/** The longest time that a slow call takes, in milliseconds. */
const SLOW = 1_000;

/** What a client needs to know. */
export interface ClientOptions {
  address: ManagerAddress;
  /** Its node, and the name of its process. */
  node: string;
  process: string;
  /** The full names of all services; of those, the ones that are locked. */
  services: readonly string[];
  locked: readonly string[];
  journal: Journal;
  random: Random;
}

/** What every client of the soak does. */
export abstract class SoakClient {
  static #count = 0;
  protected readonly options: ClientOptions;
  protected name: string;
  protected readonly pending = new Set<string>();
  #order = 0;
  #connecting: Promise<void> | undefined;

  constructor(options: ClientOptions) {
    this.options = options;
    this.name = this.#newName();
  }

  /** Connects unless it is connected, and tries until it succeeds. */
  connect(): Promise<void> {
    return this.#connecting ??= this.open().finally(() => this.#connecting = undefined);
  }

  /** Disconnects. */
  abstract leave(): Promise<void>;
  /** Works until the signal is aborted. Never rejects. */
  abstract work(signal: AbortSignal): Promise<void>;
  protected abstract open(): Promise<void>;
  /** Calls a service. Throws if the answer is an error. */
  protected abstract callQuickly(service: string): Promise<void>;

  /** Whether every call was answered. */
  get isAnswered(): boolean {
    return this.pending.size === 0;
  }

  /** Calls every service until each has answered. */
  async probe(signal: AbortSignal): Promise<void> {
    const { services } = this.options;
    await Promise.all(services.map(async (service) => {
      while (!signal.aborted) {
        try {
          return await this.callQuickly(service);
        } catch {
          await pause(20, signal);
        }
      }
    }));
  }

  /** The name by which the client knows a service: plain at its own node. */
  protected localName(service: string): string {
    const { node } = this.options;
    return nodeOfService(service) === node ? service.slice(node.length + 1) : service;
  }

  /** Writes down a call that is about to be made. */
  protected ask(service: string, lock?: string): string {
    const order = ++this.#order;
    const call = `${this.name}#${order}`;
    const { journal } = this.options;
    journal.write({ kind: "asked", call, client: this.name, service, order, lock });
    this.pending.add(call);
    return call;
  }

  protected answered(call: string, result: unknown): void {
    this.options.journal.write({ kind: "answered", call, result });
    this.pending.delete(call);
  }

  protected failed(call: string, error: string, message: string): void {
    this.options.journal.write({ kind: "failed", call, error, message });
    this.pending.delete(call);
  }

  protected changed(client: string, service?: string): void {
    this.options.journal.write({ kind: "changed", client, service });
  }

  protected notified(client: string, service: string, [incarnation, number]: unknown[]): void {
    this.options.journal.write({
      kind: "notified",
      client,
      service,
      incarnation: incarnation as string,
      number: number as number,
    });
  }

  /**
   * The client disconnects, and the next one is another, which may connect at once.
   *
   * @returns Writes down that the client has disconnected.
   */
  protected retire(): () => void {
    const client = this.name;
    this.name = this.#newName();
    this.#order = 0;
    return () => this.options.journal.write({ kind: "ended", client, at: Date.now() });
  }

  #newName(): string {
    const { node, process } = this.options;
    return clientName(node, process, SoakClient.#count++);
  }
}

/** Our Client, which reconnects. */
export class DeviceClient extends SoakClient {
  #client: Client | undefined;
  readonly #links = new Map<string, Promise<Link<Counted>>>();
  #lock = 0;

  protected override async open(): Promise<void> {
    if (this.#client !== undefined) return;
    const { address } = this.options;
    const reconnect = { ...RECONNECT, waitOnFirstConnect: true };
    const { name } = this;
    const client = await connect({ ...address, name, reconnect });
    client.connectionHandler = () => {
      this.#lock++;
      this.changed(name);
    };
    this.#client = client;
  }

  async leave(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    this.#client = undefined;
    this.#links.clear();
    const ended = this.retire();
    await client.disconnect();
    ended();
  }

  async work(signal: AbortSignal): Promise<void> {
    const { random, services, locked } = this.options;
    while (!signal.aborted) {
      await this.connect();
      const dice = random.next();
      if (dice < PAUSE / LIFETIME) {
        await this.leave();
      } else if (dice < 0.08) {
        await this.#useLocked(random.pick(locked), signal);
      } else {
        await this.#use(random.pick(services), dice, signal);
      }
      await pause(random.until(PAUSE), signal);
    }
  }

  protected override async callQuickly(service: string): Promise<void> {
    await this.connect();
    const link = await this.#link(service);
    await this.#call(service, (call) => link.quick(...call));
  }

  /** One Link with each service, which is restored with the connection. */
  #link(service: string): Promise<Link<Counted>> {
    let link = this.#links.get(service);
    if (link !== undefined) return link;
    const { name } = this;
    link = this.#client!.link<Counted>(this.localName(service)).then((link) => {
      link.notificationHandler = (...args) => this.notified(name, service, args);
      return link;
    }) as Promise<Link<Counted>>;
    this.#links.set(service, link);
    link.catch(() => this.#links.delete(service));
    return link;
  }

  async #use(service: string, dice: number, signal: AbortSignal): Promise<void> {
    let link: Link<Counted>;
    try {
      link = await this.#link(service);
    } catch {
      return; // the service is not there at the moment
    }
    const { random } = this.options;
    if (dice < 0.14) {
      await this.#callValues(service, link, random.below(200), signal);
    } else if (dice < 0.18) {
      await this.#callLarge(service, link);
    } else if (dice < 0.25) {
      const future = this.#callSlowly(service, link, random.below(SLOW));
      if (random.chance(0.5)) {
        await pause(random.until(PAUSE), signal);
        future.cancel();
      }
    } else if (dice < 0.28) {
      this.#links.delete(service);
      this.changed(this.name, service);
      await link.unlink().catch(() => {});
    } else {
      for (let count = 1 + random.below(20); count > 0; count--) {
        this.#call(service, (call) => link.quick(...call)).catch(() => {});
      }
    }
  }

  /** Makes a call, and writes down its outcome. Rejects with its error. */
  async #call(
    service: string,
    run: (call: CallArguments) => PromiseLike<unknown>,
    lock?: string,
  ): Promise<void> {
    const call = this.ask(service, lock);
    try {
      this.answered(call, await run([call, this.name, lock ?? null]));
    } catch (error) {
      this.#failed(call, error);
      throw error;
    }
  }

  async #callLarge(service: string, link: Link<Counted>): Promise<void> {
    const text = "x".repeat(LARGE);
    await this.#call(service, async (call) => {
      const [name, echo] = await link.large(...call, text);
      return echo === text ? name : `${name}, and another text of ${echo.length} characters`;
    }).catch(() => {});
  }

  /** Never throws, and returns at once. */
  #callSlowly(service: string, link: Link<Counted>, time: number): { cancel(): void } {
    const call = this.ask(service);
    const future = link.slow(call, this.name, null, time);
    future.then(
      (result) => this.answered(call, result),
      (error) => this.#failed(call, error),
    );
    return { cancel: () => future.cancel() };
  }

  async #callValues(
    service: string,
    link: Link<Counted>,
    count: number,
    signal: AbortSignal,
  ): Promise<void> {
    const call = this.ask(service);
    const { journal, random } = this.options;
    const isSlow = random.chance(0.2);
    try {
      for await (const value of link.values(call, this.name, null, count)) {
        journal.write({ kind: "value", call, value });
        if (isSlow) await pause(random.until(10), signal);
      }
      this.answered(call, count);
    } catch (error) {
      this.#failed(call, error);
    }
  }

  /** Locks a service that nobody keeps a link with, and calls it meanwhile. */
  async #useLocked(service: string, signal: AbortSignal): Promise<void> {
    const { random } = this.options;
    try {
      const link = await this.#client!.link<Counted>(this.localName(service));
      try {
        await link.acquireLock();
        for (let count = 1 + random.below(5); count > 0; count--) {
          const lock = `lock ${this.#lock} of ${this.name}`;
          this.#call(service, (call) => link.quick(...call), lock).catch(() => {});
          await pause(random.until(PAUSE), signal);
        }
        await link.releaseLock();
        this.#lock++;
      } finally {
        await link.unlink();
      }
    } catch {
      // Another client has it, or the service is not there at the moment.
    }
  }

  #failed(call: string, error: unknown): void {
    const { name, message, remoteName } = error as Error & { remoteName?: string };
    this.failed(call, remoteName ?? name, message);
  }
}

/** A client that is a bare socket. It links with nothing, and does not reconnect by itself. */
export class RawClient extends SoakClient {
  #peer: RawPeer | undefined;
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  protected override async open(): Promise<void> {
    while (this.#peer === undefined || this.#peer.hasEnded) {
      if (this.#peer !== undefined) this.#lost(this.#peer); // before the next one has a name
      try {
        const identity = { type: "client", name: this.name };
        const peer = await RawPeer.connect(
          this.options.address,
          identity,
          (line) => this.#receive(JSON.parse(line)),
        );
        this.#peer = peer;
        peer.ended.then(() => this.#lost(peer));
      } catch {
        await delay(50); // the Manager is not there at the moment
      }
    }
  }

  async leave(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#lost(peer);
    await peer.abort();
  }

  async work(signal: AbortSignal): Promise<void> {
    const { random, services } = this.options;
    while (!signal.aborted) {
      await this.connect();
      if (random.chance(PAUSE / LIFETIME)) {
        await this.leave();
      } else {
        const service = random.pick(services);
        for (let count = 1 + random.below(20); count > 0; count--) {
          this.#call(service).catch(() => {});
        }
      }
      await pause(random.until(PAUSE), signal);
    }
  }

  protected override async callQuickly(service: string): Promise<void> {
    await this.connect();
    await this.#call(service);
  }

  #call(service: string): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return Promise.reject(new Error("the connection has ended again"));
    const uid = this.ask(service);
    const outcome = Promise.withResolvers<void>();
    this.#waiting.set(uid, outcome);
    const args: CallArguments = [uid, this.name, null];
    const request = { service: this.localName(service), uid, attribute: "quick", args, kwargs: {} };
    peer.send({ error: false, ...request });
    return outcome.promise;
  }

  #receive({ uid, error, message, result }: JsonObject): void {
    const call = uid as string;
    // A second answer is written down too, for the checker.
    if (!error) {
      this.answered(call, result);
      this.#waiting.get(call)?.resolve();
    } else {
      const [name, ...text] = (message as string).split(": ");
      this.failed(call, name, text.join(": "));
      this.#waiting.get(call)?.reject(new Error(message as string));
    }
    this.#waiting.delete(call);
  }

  /** The connection has ended, and no answer can come any more. */
  #lost(peer: RawPeer): void {
    if (this.#peer !== peer) return;
    this.#peer = undefined;
    for (const [call, { reject }] of this.#waiting) {
      this.failed(call, "ConnectionAbortedError", "the connection has ended");
      reject(new Error("the connection has ended"));
    }
    this.#waiting.clear();
    this.retire()();
  }
}

async function pause(time: number, signal: AbortSignal): Promise<void> {
  await delay(time, { signal }).catch(() => {});
}
