/**
 * What is connected, live. A service that has gone stays in the list, with the time of its last word,
 * until the page is closed.
 *
 * The Manager tells a client only of the services that it is linked with. So the page asks for the
 * status once a second while it is visible: names, links and locks, without the attributes. What a
 * service has is requested when the service is new, or has connected again.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { delay } from "@std/async/delay";
import {
  type CallOptions,
  type Client,
  options as callOptions,
  type ServiceAbout,
  type ServiceEntry,
} from "../client.ts";
import { NOTHING_SAID } from "../../wire/about.ts";
import { isStatus, type ManagerStatus } from "../../wire/status.ts";

/** A service that is connected, or was while the page was open. */
export interface DirectoryEntry {
  readonly name: string;
  /** Whether it is connected. */
  readonly isHere: boolean;
  /** When it was heard of last, in milliseconds since 1970; of one that is connected, when it came. */
  readonly lastSeen: number;
  /** `host:port` as the Manager sees it. */
  readonly address: string;
  /** The network names of the clients that are linked, and of those that hold a lock. */
  readonly links: readonly string[];
  readonly locks: readonly string[];
  /** What it has and says; of its last connection, if it has gone. */
  readonly entry: ServiceEntry;
  readonly about: ServiceAbout;
}

/** The parts of a Client that a directory uses. */
export type DirectoryClient = Pick<Client, "identities" | "about" | "adminRequest">;

/** The time between two requests, in milliseconds. */
const INTERVAL = 1_000;
/** A request that takes long is made less often: it takes at most this part of the time. */
const SHARE = 10;
/** When a request that is not answered is made again, in milliseconds. */
const TIMEOUT = 10_000;

/** What is connected. */
export class Directory {
  readonly #entries = signal<ReadonlyMap<string, DirectoryEntry>>(new Map());
  readonly #status = signal<ManagerStatus | undefined>(undefined);
  readonly #now: () => number;
  /** When the Manager has answered last, in milliseconds since 1970. */
  #answeredAt = 0;
  /** The services that have disconnected while an answer was awaited, which may still have them. */
  readonly #departed = new Set<string>();

  /** @param now The time in milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Every service by its name, those that have gone too, in the order of their names. */
  readonly services: ReadonlySignal<readonly DirectoryEntry[]> = computed(() =>
    [...this.#entries.value.values()].sort((one, other) => compareNames(one.name, other.name))
  );

  /** The last status of the Manager. */
  get status(): ReadonlySignal<ManagerStatus | undefined> {
    return this.#status;
  }

  /** A service; `undefined` if none of that name was connected. */
  find(name: string): DirectoryEntry | undefined {
    return this.#entries.value.get(name);
  }

  /**
   * Requests what is connected, again and again until the signal is aborted.
   *
   * @param isVisible Resolves when the page can be seen.
   */
  async follow(
    client: DirectoryClient,
    signal: AbortSignal,
    isVisible: () => Promise<void>,
  ): Promise<void> {
    while (!signal.aborted) {
      await isVisible();
      const start = performance.now();
      try {
        await this.update(client, signal);
      } catch {
        // The connection has ended, which its state shows; or the answer is late.
      }
      const pause = Math.max(INTERVAL, (performance.now() - start) * SHARE);
      await delay(pause, { signal }).catch(() => {}); // it was aborted
    }
  }

  /** Requests what is connected, once. */
  async update(client: DirectoryClient, signal: AbortSignal): Promise<void> {
    const options: CallOptions = {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    };
    this.#departed.clear();
    const status = await client.adminRequest("status", callOptions(options));
    if (!isStatus(status) || signal.aborted) return;
    const fresh = Object.entries(status.services).some(([name, { address }]) => {
      const known = this.find(name);
      return known === undefined || !known.isHere || known.address !== address;
    });
    if (!fresh) return this.#merge(status, {}, {});
    const [{ services }, abouts] = await Promise.all([
      client.identities(options),
      client.about(undefined, options),
    ]);
    if (!signal.aborted) this.#merge(status, services, abouts);
  }

  /** A service has disconnected: the Manager has said so. */
  gone(name: string): void {
    this.#departed.add(name);
    const known = this.find(name);
    if (known === undefined || !known.isHere) return;
    this.#entries.value = new Map(this.#entries.value).set(name, leave(known, this.#now()));
  }

  /** The connection is away: nothing is known of any service until it is back. */
  lost(): void {
    this.#entries.value = new Map(
      Array.from(this.#entries.value, ([name, entry]) => [name, leave(entry, this.#answeredAt)]),
    );
  }

  /** Forgets everything: the person has logged out, and another one may see less. */
  clear(): void {
    this.#status.value = undefined;
    this.#entries.value = new Map();
  }

  #merge(
    status: ManagerStatus,
    services: Readonly<Record<string, ServiceEntry>>,
    abouts: Readonly<Record<string, ServiceAbout>>,
  ): void {
    const isHere = (name: string) =>
      Object.hasOwn(status.services, name) && !this.#departed.has(name);
    const entries = new Map<string, DirectoryEntry>();
    for (const [name, known] of this.#entries.value) {
      if (!isHere(name)) entries.set(name, leave(known, this.#answeredAt));
    }
    const now = this.#now();
    for (const [name, { address, links, locks }] of Object.entries(status.services)) {
      if (!isHere(name)) continue;
      const known = this.find(name);
      const entry = Object.hasOwn(services, name) ? services[name] : known?.entry;
      if (entry === undefined) continue; // it has connected just now
      const about = Object.hasOwn(abouts, name) ? abouts[name] : known?.about ?? NOTHING_SAID;
      const lastSeen = known?.isHere ? known.lastSeen : now;
      const one = { name, isHere: true, lastSeen, address, links, locks, entry, about };
      entries.set(name, known !== undefined && isSame(known, one) ? known : one);
    }
    this.#answeredAt = now;
    this.#status.value = status;
    const before = this.#entries.value;
    const isNew = entries.size !== before.size ||
      [...entries].some(([name, entry]) => before.get(name) !== entry);
    if (isNew) this.#entries.value = entries; // else nothing is drawn again
  }
}

function leave(entry: DirectoryEntry, lastSeen: number): DirectoryEntry {
  return entry.isHere ? { ...entry, isHere: false, lastSeen, links: [], locks: [] } : entry;
}

/** Whether nothing has changed that is shown. */
function isSame(one: DirectoryEntry, other: DirectoryEntry): boolean {
  const isEqual = (some: readonly string[], others: readonly string[]) =>
    some.length === others.length && some.every((name, at) => name === others[at]);
  return one.isHere === other.isHere && one.entry === other.entry && one.about === other.about &&
    one.address === other.address && isEqual(one.links, other.links) &&
    isEqual(one.locks, other.locks);
}

/** As a person sorts names: `DMM2` before `DMM10`. */
function compareNames(one: string, other: string): number {
  return one.localeCompare(other, undefined, { numeric: true, sensitivity: "base" });
}
