/**
 * The offline queue of a Client: the requests that cannot be sent yet, since the connection or the
 * link that they need is being restored. None of them was sent before, and none is sent after its
 * deadline.
 *
 * @module
 */

import { ConnectionAbortedError } from "../errors.ts";
import type { ClientRequest } from "./request.ts";

/** The requests that wait, in the order in which they were made. */
export class OfflineQueue {
  readonly #size: number;
  /** By the name of the service whose link they need. */
  readonly #requests = new Map<string, Set<ClientRequest>>();
  /** The services whose link is being restored. */
  readonly #held = new Set<string>();
  #count = 0;

  /** @param size How many requests may wait. */
  constructor(size: number) {
    this.#size = size;
  }

  /** From now on the requests that need the link with a service have to wait. */
  hold(service: string): void {
    this.#held.add(service);
  }

  /** The requests that need the link with a service do not have to wait any more. */
  unhold(service: string): boolean {
    return this.#held.delete(service);
  }

  /** Whether the requests that need the link with a service have to wait. */
  isHeld(service: string): boolean {
    return this.#held.has(service);
  }

  /** Adds a request, or rejects it if too many wait. */
  add(request: ClientRequest): void {
    if (this.#count >= this.#size) {
      return request.reject(
        new ConnectionAbortedError(
          `Cannot request ${request.label}: ${this.#size} requests wait for the connection ` +
            `already (reconnect: { maxWaiting })`,
        ),
      );
    }
    const { link } = request;
    this.#requests.set(link, (this.#requests.get(link) ?? new Set()).add(request));
    this.#count++;
    request.wait(() => this.delete(request));
  }

  /** Removes a request that has been settled. */
  delete(request: ClientRequest): void {
    const requests = this.#requests.get(request.link);
    if (!requests?.delete(request)) return;
    this.#count--;
    if (requests.size === 0) this.#requests.delete(request.link);
  }

  /** Removes the requests that need the link with a service, and gives them. */
  take(service: string): ClientRequest[] {
    const requests = [...this.#requests.get(service) ?? []];
    this.#requests.delete(service);
    this.#count -= requests.length;
    return requests;
  }

  /** Removes all requests, and gives them. */
  takeAll(): ClientRequest[] {
    return [...this.#requests.keys()].flatMap((service) => this.take(service));
  }
}
