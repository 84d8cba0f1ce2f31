/**
 * What the page knows: its connection, what is connected, and what it does with each service.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { Directory } from "./directory.ts";
import { ServiceSession } from "./service_session.ts";
import type { Session } from "./session.ts";

/** The laboratory that a page shows. */
export class Laboratory {
  readonly session: Session;
  readonly directory: Directory = new Directory();
  readonly #services = new Map<string, ServiceSession>();
  readonly #isVisible: () => Promise<void>;

  /** @param isVisible Resolves when the page can be seen. */
  constructor(session: Session, isVisible: () => Promise<void>) {
    this.session = session;
    this.#isVisible = isVisible;
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

  /** Connects, and follows what is connected. */
  start(): void {
    let following: AbortController | undefined;
    this.session.state.subscribe((state) => {
      following?.abort();
      if (state.state === "connected") {
        following = new AbortController();
        this.directory.follow(state.client, following.signal, this.#isVisible);
        return;
      }
      this.directory.lost();
      for (const service of this.#services.values()) {
        if (state.state === "lost") service.away();
        else service.ended();
      }
    });
    this.session.onChange((change) => {
      if (change.state === "unlinked") {
        this.directory.gone(change.service);
        this.#services.get(change.service)?.away();
      } else if (change.state === "linked") this.#services.get(change.service)?.restored();
    });
    this.session.open();
  }
}
