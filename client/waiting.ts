/**
 * The requests of a Client that cannot be sent yet, since the connection or the link that they need
 * is coming back. None of them was sent before, and none is sent after its time-out.
 *
 * @module
 */

import { ConnectionAbortedError, TimeoutError } from "../errors.ts";
import type { FutureWithResolvers } from "../future.ts";
import { LONGEST_TIME } from "../limits.ts";

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

/** The requests that wait, in the order in which they came. */
export class WaitingRoom {
  /** By the name of the service. */
  readonly #entries = new Map<string, Set<Entry>>();
  readonly #size: number;
  #count = 0;

  /** @param size How many may wait. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Has a request wait for a service. */
  add(service: string, request: WaitingRequest): void {
    const { settle, label, deadline } = request;
    if (this.#count >= this.#size) {
      return settle.reject(
        new ConnectionAbortedError(
          `Cannot request ${label}: ${this.#size} requests wait for the connection already ` +
            `(reconnect: { maxWaiting })`,
        ),
      );
    }
    const queue = this.#entries.get(service) ?? new Set();
    const entry: Entry = { ...request, timer: undefined };
    const left = deadline - performance.now();
    if (left <= LONGEST_TIME) {
      entry.timer = setTimeout(() => settle.reject(tooLate(label)), Math.max(left, 0));
    }
    this.#entries.set(service, queue.add(entry));
    this.#count++;
    settle.future.addDoneCallback(() => {
      clearTimeout(entry.timer);
      if (queue.delete(entry)) this.#count--;
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

  #take(service: string): Entry[] {
    const queue = this.#entries.get(service) ?? new Set();
    this.#entries.delete(service);
    const entries = [...queue];
    queue.clear();
    this.#count -= entries.length;
    for (const { timer } of entries) clearTimeout(timer);
    return entries;
  }
}

/** The error of a request that was not sent before its time-out. */
export function tooLate(label: string): TimeoutError {
  return new TimeoutError(`${label} was not sent in time`);
}
