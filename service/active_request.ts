/**
 * A request while a Service answers it: what it asks for, and whether anybody still waits for that.
 *
 * @module
 */

import type { Request } from "../wire/message.ts";

/** The request that a method is answering. */
export interface ServiceRequest {
  /** The network name of the Client that asks. */
  readonly requester: string;
  /** The attribute that is asked for. */
  readonly attribute: string;
  /** The arguments by position. */
  readonly args: readonly unknown[];
  /** The arguments by name. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** What the Client calls the request. */
  readonly uid: string;
  /**
   * Aborted when nobody waits for the answer any longer: the Client has cancelled the request or
   * has left, or the connection is lost; of a stream also when the Service shuts down. A Client or
   * a Manager of the Python software cancels nothing.
   */
  readonly signal: AbortSignal;
}

/** A request that is being answered. */
export class ActiveRequest implements ServiceRequest {
  readonly requester: string;
  readonly attribute: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly uid: string;
  /** How many more values of a stream are asked for; `undefined` from who knows no streams. */
  #wanted: number | undefined;
  /** Settled when there are more; only a stream waits for that. */
  #more: PromiseWithResolvers<void> | undefined;
  /** Made when it is asked for, which most methods never do. */
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor({ requester, attribute, args, kwargs, uid, stream }: Request) {
    this.requester = requester ?? "";
    this.attribute = attribute;
    this.args = args;
    this.kwargs = kwargs;
    this.uid = uid;
    this.#wanted = stream;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether nobody waits for the answer any longer. */
  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Whether whoever asks takes the values of a stream one by one. */
  get isStreamed(): boolean {
    return this.#wanted !== undefined;
  }

  /** Nobody waits for the answer any longer. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** The Client can take so many values more. */
  want(count: number): void {
    if (this.#wanted === undefined) return; // nobody has asked for a stream
    this.#wanted += count;
    this.#more?.resolve();
  }

  /** Settles when one more value of a stream may be sent, and counts it. */
  async wanted(): Promise<void> {
    while (this.#wanted === 0) {
      this.#more = Promise.withResolvers();
      await this.#more.promise;
    }
    this.#wanted!--;
  }
}
