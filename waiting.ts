/**
 * The requests of a Client that cannot be sent yet, since the connection or the link that they need
 * is coming back. None of them was sent before, and none is sent after its time-out.
 *
 * @module
 */

import { TimeoutError } from "./errors.ts";
import type { FutureWithResolvers } from "./future.ts";

/** A request that waits. */
export interface WaitingRequest {
  /** What is requested, for an error message: `"add of the 'BasicMath' service"`. */
  label: string;
  settle: FutureWithResolvers<unknown>;
  /** When it is too late to send it, by `performance.now()`. */
  deadline: number;
  send: () => void;
}

interface Entry extends WaitingRequest {
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The longest that a timer can run, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The requests that wait, in the order in which they came. */
export class WaitingRoom {
  /** By the name of the service. */
  readonly #entries = new Map<string, Set<Entry>>();

  /** Has a request wait for a service. */
  add(service: string, request: WaitingRequest): void {
    const queue = this.#entries.get(service) ?? new Set();
    const entry: Entry = { ...request, timer: undefined };
    const left = request.deadline - performance.now();
    if (left <= LONGEST_TIMER) {
      entry.timer = setTimeout(() => {
        queue.delete(entry);
        request.settle.reject(
          new TimeoutError(`${request.label} was not sent in time: the Client is reconnecting`),
        );
      }, Math.max(left, 0));
    }
    this.#entries.set(service, queue.add(entry));
    request.settle.future.addDoneCallback(() => {
      clearTimeout(entry.timer);
      queue.delete(entry);
    });
  }

  /** Sends what waits for a service. */
  release(service: string): void {
    for (const { send } of this.#take(service)) send();
  }

  /** Fails what waits for a service. */
  fail(service: string, errorOf: (label: string) => Error): void {
    for (const { settle, label } of this.#take(service)) settle.reject(errorOf(label));
  }

  /** Fails whatever waits. */
  failAll(errorOf: (label: string) => Error): void {
    for (const service of [...this.#entries.keys()]) this.fail(service, errorOf);
  }

  #take(service: string): Set<Entry> {
    const queue = this.#entries.get(service) ?? new Set();
    this.#entries.delete(service);
    for (const { timer } of queue) clearTimeout(timer);
    return queue;
  }
}
