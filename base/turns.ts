/**
 * Turns of many that come at once, e.g. the clients of a node that opens or loses all its sessions: each
 * does its work, and after some of them there is a pause in which everybody else is served.
 *
 * @module
 */

import { Yielder } from "./pause.ts";

/** Those of one asker that wait, in the order in which they have come. */
interface Queue {
  readonly starts: (() => void)[];
  /** The index of the next one. */
  next: number;
}

/** Turns, by who has asked for them: each asker in turn, so that one with many does not keep others out. */
export class Turns {
  readonly #yielder: Yielder;
  readonly #queues = new Map<string, Queue>();
  #isRunning = false;

  /** @param slice The time from one pause to the next, in milliseconds. */
  constructor(slice: number) {
    this.#yielder = new Yielder(slice);
  }

  /** Waits for a turn. The work that follows it at once has to be short. */
  take(asker: string): Promise<void> {
    return new Promise((start) => {
      const queue = this.#queues.get(asker);
      if (queue !== undefined) queue.starts.push(start);
      else this.#queues.set(asker, { starts: [start], next: 0 });
      if (!this.#isRunning) this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queues.size > 0) {
      for (const [asker, queue] of this.#queues) {
        queue.starts[queue.next++]();
        if (queue.next === queue.starts.length) this.#queues.delete(asker);
        await undefined; // its work is done
        if (this.#yielder.isDue) await this.#yielder.pause();
      }
    }
    this.#isRunning = false;
  }
}
