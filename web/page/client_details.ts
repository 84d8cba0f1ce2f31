/**
 * What clients are written in, and where they run. The status has no such thing, so the identities are
 * requested when a client appears that is not known yet.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Identities } from "../../wire/identities.ts";
import type { Client } from "../client.ts";

/** What a client says of itself. */
export type ClientEntry = Identities["clients"][string];

/** The parts of a Client that are used. */
export type IdentitiesClient = Pick<Client, "identities">;

/** The least time between two requests, in milliseconds. */
const INTERVAL = 2_000;
/** A request that takes long, since there are many devices, takes at most this part of the time. */
const SHARE = 10;

/** The identities of clients by their network names. */
export class ClientDetails {
  readonly #known = signal<ReadonlyMap<string, ClientEntry>>(new Map());
  readonly #wait: (callback: () => void, time: number) => void;
  #isBusy = false;

  /** @param wait Calls a function after a time in milliseconds. */
  constructor(
    wait: (callback: () => void, time: number) => void = (callback, time) =>
      void setTimeout(callback, time),
  ) {
    this.#wait = wait;
  }

  /** Those that are known. */
  get known(): ReadonlySignal<ReadonlyMap<string, ClientEntry>> {
    return this.#known;
  }

  /** Finds out about these clients; later, if it has just asked. Never rejects. */
  async want(client: IdentitiesClient | undefined, names: readonly string[]): Promise<void> {
    if (client === undefined || this.#isBusy) return;
    if (names.every((name) => this.#known.value.has(name))) return;
    this.#isBusy = true;
    const start = performance.now();
    try {
      const { clients } = await client.identities();
      this.#known.value = new Map(Object.entries(clients));
    } catch {
      // The connection has ended.
    }
    const pause = Math.max(INTERVAL, (performance.now() - start) * SHARE);
    this.#wait(() => this.#isBusy = false, pause);
  }
}
