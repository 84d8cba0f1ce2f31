/**
 * What the page knows: its connection, what is connected, and what it does with each service.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { Administrator } from "./administrator.ts";
import { ClientDetails } from "./client_details.ts";
import { Directory } from "./directory.ts";
import { ManagerLog } from "./manager_log.ts";
import { Pins, type PinStorage } from "./pins.ts";
import { ServiceSession } from "./service_session.ts";
import { reasonOf, type Session } from "./session.ts";

/** What a laboratory depends on. */
export interface LaboratoryOptions {
  session: Session;
  /** Resolves when the page can be seen. */
  isVisible: () => Promise<void>;
  /** Where the pinned readings are kept. Default: nowhere. */
  storage?: PinStorage;
}

/** The laboratory that a page shows. */
export class Laboratory {
  readonly session: Session;
  readonly directory: Directory = new Directory();
  /** The person at the page, perhaps an administrator. */
  readonly administrator: Administrator = new Administrator();
  readonly clientDetails: ClientDetails = new ClientDetails();
  /** The log of the Manager, for an administrator. */
  readonly log: ManagerLog = new ManagerLog();
  /** The readings that a person has pinned. */
  readonly pins: Pins;
  readonly #services = new Map<string, ServiceSession>();
  readonly #isVisible: () => Promise<void>;

  /** Connects when it is started. */
  constructor({ session, isVisible, storage }: LaboratoryOptions) {
    this.session = session;
    session.administrator = this.administrator.prompt;
    this.#isVisible = isVisible;
    const source = {
      client: () => this.client,
      service: (name: string) => {
        const known = this.directory.find(name);
        if (known === undefined || !known.isHere) return undefined;
        return { maxClients: known.entry.max_clients, attributes: known.about.attributes };
      },
      explain: reasonOf,
    };
    this.pins = new Pins(source, storage);
  }

  /** The Client, while it is connected. */
  get client(): Client | undefined {
    const state = this.session.state.value;
    return state.state === "connected" ? state.client : undefined;
  }

  /** What the page does with a service. */
  service(name: string): ServiceSession {
    let service = this.#services.get(name);
    if (service === undefined) {
      service = new ServiceSession(name, () => this.client);
      this.#services.set(name, service);
    }
    return service;
  }

  /** Requests what is connected now, e.g. after a lock was taken. Never rejects. */
  async refresh(): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    await this.directory.update(client, new AbortController().signal).catch(() => {}); // asked again
  }

  /** Follows the log of the Manager, until the function that is returned is called. */
  followLog(): () => void {
    const following = new AbortController();
    const request = (after: number) => this.administrator.request("log", after);
    this.log.follow(request, following.signal, this.#isVisible);
    return () => following.abort();
  }

  /** Connects, and follows what is connected. */
  start(): void {
    let following: AbortController | undefined;
    this.session.state.subscribe((state) => {
      following?.abort();
      if (state.state === "connected") {
        this.administrator.follow(state.client, this.session.login.value?.username);
        following = new AbortController();
        this.directory.follow(state.client, following.signal, this.#isVisible);
        return;
      }
      this.directory.lost();
      for (const service of this.#services.values()) {
        if (state.state === "lost") service.away();
        else service.ended();
      }
      if (state.state === "login") this.#forget();
    });
    this.session.onChange((change) => {
      if (change.state === "unlinked") {
        this.directory.gone(change.service);
        this.#services.get(change.service)?.away();
      } else if (change.state === "linked") this.#services.get(change.service)?.restored();
      else if (change.state === "unlocked") {
        this.#services.get(change.service)?.lockLost(reasonOf(change.error));
      }
    });
    this.session.open();
  }

  /** The person has logged out. */
  #forget(): void {
    this.administrator.follow(undefined, undefined);
    this.administrator.forget();
    this.log.clear();
    this.directory.clear();
    this.#services.clear();
  }
}
