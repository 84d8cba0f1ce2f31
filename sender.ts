/**
 * Sends the requests of a Client. Each waits for the connection and the link that it needs, where
 * these are coming back, then for its turn, and then is sent, once. What is too late by then, or was
 * cancelled, is not sent.
 *
 * @module
 */

import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import { ConnectionAbortedError, TimeoutError } from "./errors.ts";
import type { Future, FutureWithResolvers } from "./future.ts";
import { encodeLarge, isLarge } from "./large.ts";
import type { Lifeline } from "./lifeline.ts";
import { beginRequest, encodeRequest, MANAGER } from "./message.ts";
import { repr } from "./repr.ts";
import type { ClientRequest, Requests } from "./requests.ts";
import type { Turns } from "./turns.ts";
import { tooLate, WaitingRoom } from "./waiting.ts";

/** What the sending of requests depends on. */
export interface SenderOptions {
  lifeline: Lifeline;
  requests: Requests;
  turns: Turns;
  /** How many requests may wait. */
  maxWaiting: number;
  /** Whether the link with a service is lost, and is being restored. */
  isLost: (service: string) => boolean;
}

/** What a request is beside an ordinary call. */
export interface SendOptions<R> {
  /** Makes of the result what the caller gets. */
  adapt?: (result: unknown) => R;
  /** The service whose link it needs. Default: the one that it is sent to. */
  link?: string;
  /** Whether only an administrator may send it. */
  isAdministrative?: boolean;
  /** Whether it fails where it would have to wait for the connection. */
  neverWaits?: boolean;
}

/** Sends requests. */
export class Sender {
  /** The requests that cannot be sent yet. */
  readonly waiting: WaitingRoom;
  readonly #lifeline: Lifeline;
  readonly #requests: Requests;
  readonly #turns: Turns;
  readonly #isLost: (service: string) => boolean;

  constructor({ lifeline, requests, turns, maxWaiting, isLost }: SenderOptions) {
    this.waiting = new WaitingRoom(maxWaiting);
    this.#lifeline = lifeline;
    this.#requests = requests;
    this.#turns = turns;
    this.#isLost = isLost;
  }

  /** Sends a request as soon as it may be sent. */
  call<R>(
    service: string,
    attribute: string,
    { args, kwargs, options }: Call,
    { adapt, link = service, isAdministrative = false, neverWaits = false }: SendOptions<R> = {},
  ): Future<R> {
    const label = service === MANAGER
      ? `${attribute} of the Manager`
      : `${attribute} of the ${repr(service)} service`;
    const { timeout } = options;
    const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
    const { uid, settle } = this.#requests.open<R>(label, options);
    let line: string | undefined;
    try {
      // Now, since the caller may change the values later.
      if (!isLarge(args) && !isLarge(kwargs)) {
        line = encodeRequest({ service, attribute, args, kwargs, uid });
      }
    } catch (cause) {
      settle.reject(unsendable(attribute, cause));
      return settle.future;
    }
    const keys = { service, attribute, args, kwargs, uid, line };
    this.#submit({ ...keys, label, settle, deadline, adapt, link, isAdministrative, neverWaits });
    return settle.future;
  }

  /** Has a request wait for what it needs, and then for its turn. */
  #submit<R>(request: ClientRequest<R>): void {
    const { isUp, returns } = this.#lifeline;
    const isAwaited = returns && (!isUp || this.#isLost(request.link));
    if (isAwaited && !request.neverWaits) return this.#wait(request);
    const send = () => this.#send(request);
    if (request.isAdministrative) this.#turns.administer(request.uid, send);
    else this.#turns.send(send);
  }

  #wait<R>(request: ClientRequest<R>): void {
    const { link, label, deadline } = request;
    const settle = request.settle as FutureWithResolvers<unknown>;
    this.waiting.add(link, { label, settle, deadline, send: () => this.#submit(request) });
  }

  /** Sends a request whose turn it is. True if it is out, so that those after it have to wait. */
  #send<R>(request: ClientRequest<R>): boolean {
    const { attribute, line, label, settle, deadline } = request;
    if (settle.future.done()) return false; // it was cancelled before it could be sent
    const { connection, isUp, returns, manager } = this.#lifeline;
    const refuse = (error: Error): false => {
      settle.reject(error);
      return false;
    };
    if (deadline !== Infinity && deadline < performance.now()) return refuse(tooLate(label));
    if (!isUp && returns && !request.neverWaits) {
      this.#wait(request);
      return false;
    }
    if (!isUp) {
      const message = `Cannot request ${attribute}: not connected to ${manager}`;
      return refuse(new ConnectionAbortedError(message));
    }
    this.#requests.sent(request);
    if (line === undefined) this.#sendLarge(connection!, request);
    else connection!.sendText(line);
    return true;
  }

  async #sendLarge<R>(connection: Connection, request: ClientRequest<R>): Promise<void> {
    const { uid, attribute, args, kwargs, link, label, settle, deadline } = request;
    try {
      const [argPieces, kwargPieces] = [await encodeLarge(args), await encodeLarge(kwargs)];
      if (!this.#requests.isOut(uid)) return this.#requests.forget(uid); // it was cancelled
      if (deadline < performance.now()) throw tooLate(label);
      if (this.#lifeline.returns && this.#isLost(link)) { // its service has gone meanwhile
        this.#requests.forget(uid);
        return this.#wait(request);
      }
      const head = beginRequest(request);
      await connection.sendPieces(head, ...argPieces, ',"kwargs":', ...kwargPieces, "}");
    } catch (cause) {
      this.#requests.forget(uid);
      settle.reject(cause instanceof TimeoutError ? cause : unsendable(attribute, cause));
    }
  }
}

function unsendable(attribute: string, cause: unknown): TypeError {
  return new TypeError(`Cannot request ${attribute}: ${(cause as Error).message}`, { cause });
}
