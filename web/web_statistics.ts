/**
 * The counters of the gateway since it was started.
 *
 * @module
 */

import { Counts } from "../manager/statistics.ts";
import type { WebStatus } from "../wire/status.ts";

/** Why a connection to the gateway got no answer. */
export type WebRefusal = "no_tls" | "no_tls_in_time" | "too_many_pending";

/** The counters. Their names are those of the status, which go on the wire. */
export class WebStatistics {
  readonly #answers = new Counts();
  readonly #refusedConnections = new Counts();
  #webSockets = 0;

  /** Counts an answer. */
  addAnswer(status: number): void {
    this.#answers.add(String(status));
  }

  /** Counts a connection that gets no answer. */
  addRefusal(reason: WebRefusal): void {
    this.#refusedConnections.add(reason);
  }

  /** Counts a WebSocket until its connection has ended. */
  async addWebSocket(ended: Promise<void>): Promise<void> {
    this.addAnswer(101);
    this.#webSockets++;
    try {
      await ended;
    } finally {
      this.#webSockets--;
    }
  }

  /** The counts, without the address. */
  get counts(): Omit<WebStatus, "address"> {
    return {
      websockets: this.#webSockets,
      answers: this.#answers.toObject(),
      refused_connections: this.#refusedConnections.toObject(),
    };
  }
}
