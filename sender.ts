/**
 * Sends the requests of a Client. Each waits for the connection and the link that it needs, where
 * these are coming back, then for its turn, and then is sent, once. What is too late by then, or was
 * cancelled, is not sent.
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
    { adapt, link = service, isAdministrative = false }: SendOptions<R> = {},
  ): Future<R> {
    const label = service === MANAGER
      ? `${attribute} of the Manager`
      : `${attribute} of the ${repr(service)} service`;
    const { timeout } = options;
    const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
    const { uid, settle } = this.#requests.open<R>(label, options);
    const request = {
      ...{ service, attribute, args, kwargs, uid },
      ...{ label, settle, deadline, adapt, link, isAdministrative },
    };
    this.#submit(request);
    return settle.future;
  }

  /** Has a request wait for what it needs, and then for its turn. */
  #submit<R>(request: ClientRequest<R>): void {
    const { isUp, returns } = this.#lifeline;
    if (returns && (!isUp || this.#isLost(request.link))) return this.#wait(request);
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
    const { attribute, args, kwargs, uid, label, settle, deadline } = request;
    if (settle.future.done()) return false; // it was cancelled before it could be sent
    const { connection, isUp, returns, manager } = this.#lifeline;
    const refuse = (error: Error): false => {
      settle.reject(error);
      return false;
    };
    if (deadline !== Infinity && deadline < performance.now()) return refuse(tooLate(label));
    if (!isUp && returns) {
      this.#wait(request);
      return false;
    }
    if (!isUp) {
      const message = `Cannot request ${attribute}: not connected to ${manager}`;
      return refuse(new ConnectionAbortedError(message));
    }
    const refuseValue = (cause: unknown) =>
      refuse(new TypeError(`Cannot request ${attribute}: ${(cause as Error).message}`, { cause }));
    if (isLarge(args) || isLarge(kwargs)) {
      this.#requests.sent(request);
      this.#sendLarge(connection!, request).catch((cause) => {
        this.#requests.forget(uid);
        refuseValue(cause);
      });
      return true;
    }
    let line: string;
    try {
      line = encodeRequest(request);
    } catch (cause) {
      return refuseValue(cause);
    }
    this.#requests.sent(request);
    connection!.sendText(line);
    return true;
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
