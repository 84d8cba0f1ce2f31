/**
 * The send scheduler of a Client: when a request may be sent. Those of an administrator are sent
 * one after the other, since a Python Manager's reply does not say which of them it answers.
 *
 * While one of them is pending, a Python Manager may be asking for a username, and takes the next
 * line for it, whatever that is; so every other request is held. Our Manager tells the two apart,
 * and nothing is held.
 *
 * While the large arguments of a request are sent, which takes several messages, later requests to
 * the same service wait, so that they arrive in the order in which they were made. Requests to other
 * services do not wait.
 *
 * @module
 */

import type { ClientRequest } from "./request.ts";

/** Calls `send` with each request when it may be sent. */
export class SendScheduler {
  readonly #send: (request: ClientRequest) => boolean;
  readonly #administrative: ClientRequest[] = [];
  readonly #held: ClientRequest[] = [];
  /** The requests that wait for large arguments, by the name of their service. */
  readonly #behind = new Map<string, ClientRequest[]>();
  #current: string | undefined;
  #isShared = false;

  /** @param send Sends a request. Returns whether its reply is pending now. */
  constructor(send: (request: ClientRequest) => boolean) {
    this.#send = send;
  }

  /** The uid of the administrator's request whose reply is pending. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Sends a request, at once if it may be. */
  schedule(request: ClientRequest): void {
    const behind = this.#behind.size > 0 ? this.#behind.get(request.service) : undefined;
    if (behind !== undefined) return queue(behind, request);
    if (request.isAdministrative) {
      queue(this.#administrative, request);
      if (this.#current === undefined) this.#sendNext();
    } else if (this.#current === undefined || this.#isShared) {
      this.#send(request);
    } else {
      queue(this.#held, request);
    }
  }

  /** From now on the requests to a service wait: large arguments are being sent to it. */
  block(service: string): void {
    if (!this.#behind.has(service)) this.#behind.set(service, []);
  }

  /** Requests to a service do not wait any more. Gives those that have waited. */
  unblock(service: string): ClientRequest[] {
    const behind = this.#behind.get(service) ?? [];
    this.#behind.delete(service);
    return behind;
  }

  /** The request with this uid has a reply, or never will have one. */
  done(uid: string | undefined): void {
    if (uid === this.#current) this.#sendNext();
  }

  /** The Manager accepts other requests while it asks for a username and password. */
  share(): void {
    this.#isShared = true;
    this.#sendHeld();
  }

  /** The connection has ended. The next Manager may be a Python one. */
  unshare(): void {
    this.#isShared = false;
  }

  #sendNext(): void {
    this.#current = undefined;
    this.#sendHeld();
    for (let next; (next = this.#administrative.shift()) !== undefined;) {
      this.#current = next.uid;
      if (this.#send(next)) return;
      this.#current = undefined;
    }
  }

  #sendHeld(): void {
    for (const request of this.#held.splice(0)) {
      const behind = this.#behind.get(request.service);
      if (behind === undefined) this.#send(request);
      else queue(behind, request);
    }
  }
}

/** Adds a request that has to wait. One that is settled meanwhile stays, without its content. */
function queue(requests: ClientRequest[], request: ClientRequest): void {
  requests.push(request);
  request.wait();
}
