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
  /** When an answer went to all, and to single nodes in the last interval. */
  #toAllAt = -Infinity;
  readonly #answered = new Map<string, number>();
  readonly #interval: number;

  /**
   * @param delay How long the first one waits for others, in milliseconds.
   * @param send Sends the answer to a node, or to all.
   * @param interval The time between two answers to one node, in milliseconds: one that asks without a
   * break gets no more. Default: 0.
   */
  constructor(
    clock: Clock,
    delay: () => number,
    send: (to: Receiver | undefined) => void,
    interval = 0,
  ) {
    this.#clock = clock;
    this.#delay = delay;
    this.#send = send;
    this.#interval = interval;
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
    for (const [node, at] of this.#answered) {
      if (now >= at + this.#interval) this.#answered.delete(node);
    }
    const due = [...this.#waiting.values()].filter(({ node }) => !this.#answered.has(node));
    if (due.length > FEW_NODES && now >= this.#toAllAt + TO_ALL_INTERVAL) {
      this.#toAllAt = now;
      this.#waiting.clear();
      this.#send(undefined);
    } else if (due.length <= FEW_NODES) {
      for (const to of due) {
        this.#waiting.delete(to.node);
        if (this.#interval > 0) this.#answered.set(to.node, now);
        this.#send(to);
      }
    }
    if (this.#waiting.size === 0) return;
    const times = this.#waiting.values().map(({ node }) => this.#answered.get(node) ?? -Infinity);
    const next = due.length > FEW_NODES
      ? this.#toAllAt + TO_ALL_INTERVAL
      : Math.min(...times) + this.#interval;
    this.#cancel = this.#clock.later(() => this.#answer(), Math.max(next - now, 0));
  }
}
