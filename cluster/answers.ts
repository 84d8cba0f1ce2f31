/**
 * Answers to nodes that may all ask at the same time: they are collected for a moment. A few get an
 * answer each; if there are more, one answer goes to all nodes, at most once in a second: when all nodes
 * start together, most of those that ask meanwhile have not read yet what was sent to all.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** A node to which something is sent: one of its incarnations. */
export interface Receiver {
  readonly node: string;
  readonly incarnation: string;
}

/** Of so many nodes each gets an answer. */
const FEW_NODES = 2;

/** The time between two answers to all, in milliseconds. */
const TO_ALL_INTERVAL = 1_000;

/** Answers that are all the same. */
export class Answers {
  readonly #clock: Clock;
  readonly #delay: () => number;
  readonly #send: (to: Receiver | undefined) => void;
  readonly #waiting = new Map<string, Receiver>();
  #cancel: (() => void) | undefined;
  /** When an answer went to all. */
  #toAllAt = -Infinity;

  /**
   * @param delay How long the first one waits for others, in milliseconds.
   * @param send Sends the answer to a node, or to all.
   */
  constructor(clock: Clock, delay: () => number, send: (to: Receiver | undefined) => void) {
    this.#clock = clock;
    this.#delay = delay;
    this.#send = send;
  }

  /** Answers a node soon. */
  add(to: Receiver): void {
    if (this.#waiting.size <= FEW_NODES) this.#waiting.set(to.node, to);
    this.#cancel ??= this.#clock.later(() => this.#answer(), this.#delay());
  }

  /** Answers nobody any more. */
  close(): void {
    this.#cancel?.();
    this.#waiting.clear();
  }

  #answer(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    if (this.#waiting.size > FEW_NODES && now < this.#toAllAt + TO_ALL_INTERVAL) {
      const wait = this.#toAllAt + TO_ALL_INTERVAL - now;
      this.#cancel = this.#clock.later(() => this.#answer(), wait);
      return;
    }
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    if (waiting.length > FEW_NODES) {
      this.#toAllAt = now;
      this.#send(undefined);
    } else {
      for (const to of waiting) this.#send(to);
    }
  }
}
