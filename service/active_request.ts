/**
 * A request that a Service is answering: what it requests, whether it was cancelled, and the credit
 * of its stream. `dispatcher.ts` calls the method and sends the reply.
 *
 * @module
 */

import type { Request } from "../wire/message.ts";

/**
 * The request that a method is answering: {@linkcode Service.request}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { Service } from "@msl/network";
 *
 * class Page extends Service {
 *   async read(url: string): Promise<string> {
 *     const { requester, signal } = this.request!;
 *     console.log(`${requester} reads ${url}`);
 *     const response = await fetch(url, { signal }); // ends when the Client cancels
 *     return await response.text();
 *   }
 * }
 * ```
 */
export interface ServiceRequest {
  /** The network name of the Client, `name[host:port]`. */
  readonly requester: string;
  /** The attribute that is requested. */
  readonly attribute: string;
  /** The arguments by position. */
  readonly args: readonly unknown[];
  /** The arguments by name. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The identifier that the Client has given the request. */
  readonly uid: string;
  /**
   * Aborted when the reply is not needed any more: the Client has cancelled the request or has
   * disconnected, or the connection of the Service has ended. The signal of a stream is aborted too
   * when the Service shuts down. A Client or a Manager of the Python software never cancels.
   */
  readonly signal: AbortSignal;
}

/** A request from its arrival until its reply is sent. */
export class ActiveRequest implements ServiceRequest {
  readonly requester: string;
  readonly attribute: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly uid: string;
  /** How many values of a stream may still be sent; `undefined` if the client reads no streams. */
  #credit: number | undefined;
  /** Settles when credit is added; only a stream waits for it. */
  #added: PromiseWithResolvers<void> | undefined;
  /** Made when the signal is first read: most methods never do. */
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor({ requester, attribute, args, kwargs, uid, stream }: Request) {
    this.requester = requester ?? "";
    this.attribute = attribute;
    this.args = args;
    this.kwargs = kwargs;
    this.uid = uid;
    this.#credit = stream;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether the reply is not needed any more. */
  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Whether the client reads the values of a stream one by one. */
  get isStreamed(): boolean {
    return this.#credit !== undefined;
  }

  /** The reply is not needed any more. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** The client has room for so many more values. */
  addCredit(count: number): void {
    if (this.#credit === undefined) return; // it is not streamed
    this.#credit += count;
    this.#added?.resolve();
  }

  /** Waits until one more value of a stream may be sent, and takes its credit. */
  async takeCredit(): Promise<void> {
    while (this.#credit === 0) {
      this.#added = Promise.withResolvers();
      await this.#added.promise;
    }
    this.#credit!--;
  }
}
