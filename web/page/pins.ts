/**
 * The readings that a person has pinned. They are kept in the browser, so that they are there after a
 * reload.
 *
 * A service that limits its clients would lose a place to a page that someone has only opened again,
 * and a method that is not known to be safe would be called by nobody's wish: such readings wait for
 * their "Start" after a reload.
 *
 * @module
 */

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { isObject } from "../../wire/message.ts";
import { type AttributeAbout, type Client, type Link, Stream } from "../client.ts";
import { type Reading, ReadingPoller } from "./reading_poller.ts";
import type { LineAbout } from "./series_set.ts";

/** A reading that is requested again and again. */
export interface Pin {
  readonly service: string;
  readonly attribute: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The time from one request to the next, in milliseconds. */
  readonly every: number;
}

/** A pinned reading. */
export interface PinnedReading {
  readonly pin: Pin;
  readonly poller: ReadingPoller;
}

/** What the pins need to know of the laboratory. What they read is followed as signals are. */
export interface PinSource {
  /** The connected Client. */
  client: () => Client | undefined;
  /** What is known of a service; `undefined` if it is not connected. */
  service: (name: string) => ServiceFacts | undefined;
  /** An error in words. */
  explain: (error: unknown) => string;
}

/** What is known of a service that is connected. */
export interface ServiceFacts {
  maxClients: number;
  attributes: Readonly<Record<string, AttributeAbout>>;
}

/** The storage of the browser, as far as the pins use it. */
export type PinStorage = Pick<Storage, "getItem" | "setItem">;

/** The most readings that are pinned. */
export const MAX_PINS = 50;
/** The shortest and the longest time from one request to the next, in milliseconds. */
const SHORTEST = 100;
const LONGEST = 24 * 3_600_000;
/** When a request that is not answered is cancelled, in milliseconds. */
const TIMEOUT = 30_000;
const KEY = "msl-network.pins";

/** The readings that a person has pinned. */
export class Pins {
  readonly #source: PinSource;
  readonly #storage: PinStorage | undefined;
  readonly #list = signal<readonly PinnedReading[]>([]);
  readonly #forget = new Map<PinnedReading, () => void>();
  readonly #links = new PinLinks();

  /** @param storage Where they are kept. Default: nowhere. */
  constructor(source: PinSource, storage?: PinStorage) {
    this.#source = source;
    this.#storage = storage;
    for (const pin of this.#stored()) if (!this.isPinned(pin)) this.#add(pin, false);
  }

  /** The pinned readings, in the order in which they were pinned. */
  get list(): ReadonlySignal<readonly PinnedReading[]> {
    return this.#list;
  }

  /** Whether another one may be pinned. */
  get hasRoom(): boolean {
    return this.#list.value.length < MAX_PINS;
  }

  /** Pins a reading, and begins to read it. One that is pinned already is not pinned twice. */
  pin({ service, attribute, args = [], kwargs = {}, every = 1_000 }: Partial<Pin> & {
    service: string;
    attribute: string;
  }): void {
    const pin = toPin({ service, attribute, args, kwargs, every });
    if (pin === undefined || !this.hasRoom || this.isPinned(pin)) return;
    this.#add(pin, true);
    this.#store();
  }

  /** Whether the same reading is pinned. */
  isPinned(pin: Omit<Pin, "every">): boolean {
    return this.#list.value.some((one) => nameOf(one.pin) === nameOf(pin));
  }

  /** Removes a reading. */
  unpin(reading: PinnedReading): void {
    this.#list.value = this.#list.value.filter((one) => one !== reading);
    this.#forget.get(reading)?.();
    this.#forget.delete(reading);
    reading.poller.stop();
    const { service } = reading.pin;
    if (!this.#list.value.some(({ pin }) => pin.service === service)) this.#links.end(service);
    this.#store();
  }

  /** Changes how often a reading is requested, in milliseconds. */
  setEvery(reading: PinnedReading, every: number): void {
    const pin = toPin({ ...reading.pin, every });
    if (pin === undefined) return;
    reading.poller.every = every;
    const changed = { ...reading, pin };
    this.#forget.set(changed, this.#forget.get(reading)!);
    this.#forget.delete(reading);
    this.#list.value = this.#list.value.map((one) => one === reading ? changed : one);
    this.#store();
  }

  /** @param isAsked Whether a person has pinned it now. */
  #add(pin: Pin, isAsked: boolean): void {
    const facts = () => this.#source.service(pin.service);
    const about = () =>
      Object.hasOwn(facts()?.attributes ?? {}, pin.attribute)
        ? facts()!.attributes[pin.attribute]
        : undefined;
    const poller = new ReadingPoller({
      label: nameOf(pin),
      every: pin.every,
      read: () => this.#read(pin),
      about: () => about()?.result as LineAbout | undefined,
      explain: this.#source.explain,
    });
    const reading = { pin, poller };
    let mayStart = isAsked;
    if (isAsked) poller.start();
    const forget = effect(() => {
      const known = this.#source.client() === undefined ? undefined : facts();
      if (known !== undefined && !mayStart) {
        mayStart = true; // it is decided once
        if (about()?.safe === true && known.maxClients <= 0) poller.start();
      }
      poller.setPresent(known !== undefined);
    });
    this.#forget.set(reading, forget);
    this.#list.value = [...this.#list.value, reading];
  }

  async #read({ service, attribute, args, kwargs }: Pin): Promise<Reading> {
    const client = this.#source.client();
    if (client === undefined) throw new Error("The Manager is away");
    const link = await this.#links.with(client, service);
    const future = link.request(attribute, { args, kwargs, time: true });
    if (future instanceof Stream) {
      future.cancel();
      throw new Error("A stream is not read again and again: call it");
    }
    const timer = setTimeout(
      () => future.cancel(new Error(`No answer within ${TIMEOUT / 1000} s`)),
      TIMEOUT,
    );
    try {
      const value = await future;
      return { value, time: future.time };
    } finally {
      clearTimeout(timer);
    }
  }

  #stored(): Pin[] {
    try {
      const stored: unknown = JSON.parse(this.#storage?.getItem(KEY) ?? "[]");
      if (!Array.isArray(stored)) return [];
      return stored.slice(0, MAX_PINS).map(toPin).filter((pin) => pin !== undefined);
    } catch {
      return []; // not ours, or the storage is switched off
    }
  }

  #store(): void {
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.#list.value.map(({ pin }) => pin)));
    } catch {
      // The storage is full or switched off: the readings are there until the page is closed.
    }
  }
}

/** What a reading is called, e.g. `"DMM.voltage(2)"`. */
export function nameOf({ service, attribute, args, kwargs }: Omit<Pin, "every">): string {
  const given = [
    ...args.map((value) => JSON.stringify(value)),
    ...Object.entries(kwargs).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ];
  return `${service}.${attribute}${given.length === 0 ? "" : `(${given.join(", ")})`}`;
}

/** A pin, if a value is one. */
function toPin(value: unknown): Pin | undefined {
  if (!isObject(value)) return undefined;
  const { service, attribute, args, kwargs, every } = value;
  const isPin = typeof service === "string" && typeof attribute === "string" &&
    Array.isArray(args) && isObject(kwargs) &&
    typeof every === "number" && every >= SHORTEST && every <= LONGEST;
  return isPin ? { service, attribute, args, kwargs, every } : undefined;
}

/** The links of the pinned readings, one for each service. */
class PinLinks {
  readonly #links = new Map<string, { client: Client; link: Promise<Link> }>();

  /** The link with a service. One that was refused is requested again with the next reading. */
  async with(client: Client, service: string): Promise<Link> {
    const known = this.#links.get(service);
    if (known?.client === client) return await known.link;
    const made = { client, link: Promise.resolve(client.link(service)) };
    this.#links.set(service, made);
    try {
      return await made.link;
    } catch (error) {
      if (this.#links.get(service) === made) this.#links.delete(service);
      throw error;
    }
  }

  /** Ends the link with a service. */
  async end(service: string): Promise<void> {
    const known = this.#links.get(service);
    this.#links.delete(service);
    try {
      await (await known?.link)?.unlink();
    } catch {
      // There is none, or it has ended with the connection.
    }
  }
}
