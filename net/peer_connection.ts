/**
 * A connection of a Manager to one of its peers: that of any device, with the outbox of
 * `peer_outbox.ts`.
 *
 * @module
 */

import type { Holder } from "../base/budget.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "../limits.ts";
import type { HeldLine } from "../wire/held_line.ts";
import { Connection } from "./connection.ts";
import { PeerOutbox } from "./peer_outbox.ts";
import type { QueueBudget } from "./queue_budget.ts";
import type { Transport } from "./transport.ts";

/** A stream of lines in both directions, to one of many peers. */
export class PeerConnection extends Connection {
  readonly #outbox: PeerOutbox;

  /**
   * @param transport The byte stream.
   * @param limits Default: the default ones.
   * @param budget What may wait for all peers together. Default: no limit.
   */
  constructor(
    transport: Transport,
    limits: ConnectionLimits = CONNECTION_LIMITS,
    budget?: QueueBudget,
  ) {
    let outbox!: PeerOutbox;
    super(transport, limits, (options) => outbox = new PeerOutbox(options, budget));
    this.#outbox = outbox;
  }

  /** The peer, as a holder of the held lines that it sends and of those that wait for it. */
  get holder(): Holder {
    return this.#outbox.holder;
  }

  set holder(holder: Holder) {
    this.#outbox.holder = holder;
  }

  /** Sends bytes as one line, joined from its parts. Dropped like text. */
  sendBytes(...parts: readonly Uint8Array[]): void {
    this.#outbox.sendBytes(...parts);
  }

  /**
   * The same, for a line whose sender is not slowed down by a slow consumer. The connection ends if
   * its queue is full.
   */
  sendOrDrop(...parts: readonly Uint8Array[]): void {
    this.#outbox.sendOrDrop(...parts);
  }

  /** Sends a held line from its own memory, as {@linkcode PeerOutbox.sendHeld} does. */
  sendHeld(line: HeldLine, count: number, ending: Uint8Array): void {
    this.#outbox.sendHeld(line, count, ending);
  }

  /** The same, for a line whose sender is not slowed down by a slow consumer. */
  sendHeldOrDrop(line: HeldLine): void {
    this.#outbox.sendHeldOrDrop(line);
  }

  /** Sends a line, with its bytes from an index on replaced. Dropped like text. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void {
    this.#outbox.sendSpliced(line, index, ending);
  }
}
