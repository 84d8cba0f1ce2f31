/**
 * Sends the requests of a Client: at once, when it is their turn, or when the connection or the link
 * that they need is back.
 *
 * @module
 */

import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import { ConnectionAbortedError } from "./errors.ts";
import type { Future, FutureWithResolvers } from "./future.ts";
import { encodeLarge, isLarge } from "./large.ts";
import type { Lifeline } from "./lifeline.ts";
import { beginRequest, encodeRequest, MANAGER } from "./message.ts";
import { repr } from "./repr.ts";
import type { ClientRequest, Requests } from "./requests.ts";
import type { Turns } from "./turns.ts";
import { WaitingRoom } from "./waiting.ts";

/** What the sending of requests depends on. */
export interface SenderOptions {
  lifeline: Lifeline;
  requests: Requests;
  turns: Turns;
  /** Whether the link with a service is lost, and is being restored. */
  isLost: (service: string) => boolean;
}

/** Sends requests. */
export class Sender {
  /** The requests that cannot be sent yet. */
  readonly waiting = new WaitingRoom();
  readonly #lifeline: Lifeline;
  readonly #requests: Requests;
  readonly #turns: Turns;
  readonly #isLost: (service: string) => boolean;

  constructor({ lifeline, requests, turns, isLost }: SenderOptions) {
    this.#lifeline = lifeline;
    this.#requests = requests;
    this.#turns = turns;
    this.#isLost = isLost;
  }

  /**
   * Sends a request.
   *
   * @param adapt Makes of the result what the caller gets.
   */
  call<R>(
    service: string,
    attribute: string,
    call: Call,
    adapt?: (result: unknown) => R,
  ): Future<R> {
    const request = this.#newRequest(service, attribute, call, adapt);
    this.#turns.send(() => this.#send(request));
    return request.settle.future;
  }

  /** Sends an administrator's request, when those before it are answered. */
  administer<R>(attribute: string, call: Call): Future<R> {
    const request = this.#newRequest<R>(MANAGER, attribute, call);
    this.#turns.administer(request.uid, () => {
      this.#send(request);
      return !request.settle.future.done();
    });
    return request.settle.future;
  }

  #newRequest<R>(
    service: string,
    attribute: string,
    { args, kwargs, options }: Call,
    adapt?: (result: unknown) => R,
  ): ClientRequest<R> {
    const label = service === MANAGER
      ? `${attribute} of the Manager`
      : `${attribute} of the ${repr(service)} service`;
    const { timeout } = options;
    const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
    const { uid, settle } = this.#requests.open<R>(label, options);
    return { service, attribute, args, kwargs, uid, label, settle, deadline, adapt };
  }

  #send<R>(request: ClientRequest<R>): void {
    const { service, attribute, args, kwargs, uid, settle } = request;
    if (settle.future.done()) return; // it was cancelled before it could be sent
    const { connection, isUp, returns, manager } = this.#lifeline;
    if (returns && (!isUp || this.#isLost(service))) return this.#wait(request);
    if (!isUp) {
      const error = `Cannot request ${attribute}: not connected to ${manager}`;
      return settle.reject(new ConnectionAbortedError(error));
    }
    const refuse = (cause: unknown) =>
      settle.reject(
        new TypeError(`Cannot request ${attribute}: ${(cause as Error).message}`, { cause }),
      );
    if (isLarge(args) || isLarge(kwargs)) {
      this.#requests.sent(request);
      this.#sendLarge(connection!, request).catch((cause) => {
        this.#requests.forget(uid);
        refuse(cause);
      });
      return;
    }
    let line: string;
    try {
      line = encodeRequest(request);
    } catch (cause) {
      return refuse(cause);
    }
    this.#requests.sent(request);
    connection!.sendText(line);
  }

  #wait<R>(request: ClientRequest<R>): void {
    const { service, label, deadline } = request;
    const settle = request.settle as FutureWithResolvers<unknown>;
    this.waiting.add(service, { label, settle, deadline, send: () => this.#send(request) });
  }

  async #sendLarge<R>(connection: Connection, request: ClientRequest<R>): Promise<void> {
    const { uid, args, kwargs } = request;
    const [argPieces, kwargPieces] = [await encodeLarge(args), await encodeLarge(kwargs)];
    if (!this.#requests.isOut(uid)) return; // it was cancelled meanwhile
    await connection.sendPieces(
      beginRequest(request),
      ...argPieces,
      ',"kwargs":',
      ...kwargPieces,
      "}",
    );
  }
}
