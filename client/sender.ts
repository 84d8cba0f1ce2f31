/**
 * Sends the requests of a Client. Each waits for the connection and the link that it needs, where
 * these are coming back, then for its turn, and then is sent, once. What is too late by then, or was
 * cancelled, is not sent.
 *
 * @module
 */

import { AsyncQueue } from "./async_queue.ts";
import type { Call } from "../wire/call.ts";
import type { Connection } from "../net/connection.ts";
import { ConnectionAbortedError, TimeoutError, ValueError } from "../errors.ts";
import type { Future, FutureWithResolvers } from "../future.ts";
import { encodeLarge, isLarge } from "../wire/large_values.ts";
import type { ReconnectingConnection } from "../device/reconnecting_connection.ts";
import { beginRequest, encodeControl, encodeRequest } from "../wire/message.ts";
import { CANCEL, CANCEL_REQUEST, MORE_VALUES, STREAM } from "../wire/protocol.ts";
import { type ClientRequest, labelOf, type Requests } from "./requests.ts";
import { Stream, WINDOW } from "./stream.ts";
import type { Turns } from "./turns.ts";
import { tooLate, WaitingRoom } from "./waiting.ts";

/** What the sending of requests depends on. */
export interface SenderOptions {
  connection: ReconnectingConnection;
  requests: Requests;
  turns: Turns;
  /** How many requests may wait. */
  maxWaiting: number;
  /** Whether the link with a service is lost, and is being restored. */
  isLost: (service: string) => boolean;
  /** The extensions of the protocol that a service knows which is linked, and its Manager too. */
  extensionsOf: (service: string) => readonly string[];
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
  /** Called with each value of the result, where it is a stream. */
  take?: (value: unknown) => void;
}

/** Sends requests. */
export class Sender {
  /** The requests that cannot be sent yet. */
  readonly waiting: WaitingRoom;
  readonly #connection: ReconnectingConnection;
  readonly #requests: Requests;
  readonly #turns: Turns;
  readonly #isLost: SenderOptions["isLost"];
  readonly #extensionsOf: SenderOptions["extensionsOf"];

  constructor({ connection, requests, turns, maxWaiting, isLost, extensionsOf }: SenderOptions) {
    this.waiting = new WaitingRoom(maxWaiting);
    this.#connection = connection;
    this.#requests = requests;
    this.#turns = turns;
    this.#isLost = isLost;
    this.#extensionsOf = extensionsOf;
  }

  /** Sends a request as soon as it may be sent. */
  call<R>(
    service: string,
    attribute: string,
    call: Call,
    options: SendOptions<R> = {},
  ): Future<R> {
    return this.#request(service, attribute, call, options).settle.future;
  }

  /**
   * Sends a request whose result is a stream.
   *
   * @param watch Is given the request itself, since whoever waits for a Stream reads it.
   */
  stream(
    service: string,
    attribute: string,
    call: Call,
    watch: (request: Future<unknown>) => void,
  ): Stream<unknown> {
    const arrivals = new AsyncQueue<unknown>();
    const take = (value: unknown) => {
      if (arrivals.size < WINDOW) return arrivals.push(value);
      settle.future.cancel(
        new ValueError(
          `Cannot read ${labelOf(request)}: more than ${WINDOW} values came before they were read`,
        ),
      );
    };
    const request = this.#request<unknown>(service, attribute, call, { take });
    const { uid, settle } = request;
    watch(settle.future);
    return new Stream({
      label: labelOf(request),
      timeout: call.options.timeout,
      arrivals,
      request: settle.future,
      want: (count) => {
        if (this.#requests.isOut(uid)) this.#control(request, STREAM, MORE_VALUES, count);
      },
    });
  }

  /** Tells a service that nobody waits any longer for the answer to a request that is out. */
  giveUp(request: ClientRequest<unknown>): void {
    this.#control(request, CANCEL, CANCEL_REQUEST);
  }

  /** Sends a message about a request that is out, to who knows such a one. */
  #control(
    { service, uid, extensions }: ClientRequest<unknown>,
    extension: string,
    attribute: typeof CANCEL_REQUEST | typeof MORE_VALUES,
    ...args: number[]
  ): void {
    if (!extensions.includes(extension)) return;
    this.#connection.current?.sendText(encodeControl({ service, uid }, attribute, ...args));
  }

  #request<R>(
    service: string,
    attribute: string,
    { args, kwargs, options }: Call,
    { adapt, link = service, isAdministrative = false, neverWaits = false, take }: SendOptions<R>,
  ): ClientRequest<R> {
    const { timeout } = options;
    const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
    const { uid, settle } = this.#requests.open<R>(service, attribute, options);
    const request: ClientRequest<R> = {
      service,
      attribute,
      args,
      kwargs,
      uid,
      settle,
      deadline,
      adapt,
      link,
      isAdministrative,
      neverWaits,
      take,
      extensions: [],
      line: undefined,
    };
    try {
      // Now, since the caller may change the values later.
      if (!isLarge(args) && !isLarge(kwargs)) request.line = encodeRequest(request);
    } catch (cause) {
      settle.reject(unsendable(attribute, cause));
      return request;
    }
    this.#submit(request);
    return request;
  }

  /** Has a request wait for what it needs, and then for its turn. */
  #submit<R>(request: ClientRequest<R>): void {
    const { isUp, reconnects } = this.#connection;
    const isAwaited = reconnects && (!isUp || this.#isLost(request.link));
    if (isAwaited && !request.neverWaits) return this.#wait(request);
    const send = () => this.#send(request);
    if (request.isAdministrative) this.#turns.administer(request.uid, send);
    else this.#turns.send(send);
  }

  #wait<R>(request: ClientRequest<R>): void {
    const { link, deadline } = request;
    const label = labelOf(request);
    const settle = request.settle as FutureWithResolvers<unknown>;
    this.waiting.add(link, { label, settle, deadline, send: () => this.#submit(request) });
  }

  /** Sends a request whose turn it is. True if it is out, so that those after it have to wait. */
  #send<R>(request: ClientRequest<R>): boolean {
    const { attribute, settle, deadline } = request;
    if (settle.future.done()) return false; // it was cancelled before it could be sent
    const { current, isUp, reconnects, manager } = this.#connection;
    const refuse = (error: Error): false => {
      settle.reject(error);
      return false;
    };
    if (deadline !== Infinity && deadline < performance.now()) {
      return refuse(tooLate(labelOf(request)));
    }
    if (!isUp && reconnects && !request.neverWaits) {
      this.#wait(request);
      return false;
    }
    if (!isUp) {
      const message = `Cannot request ${attribute}: not connected to ${manager}`;
      return refuse(new ConnectionAbortedError(message));
    }
    request.extensions = this.#extensionsOf(request.service); // its link may end before it does
    this.#requests.sent(request);
    const isStreamed = request.take !== undefined && request.extensions.includes(STREAM);
    const end = isStreamed ? `,"stream":${WINDOW}}` : "}";
    if (request.line === undefined) this.#sendLarge(current!, request, end);
    else if (isStreamed) current!.sendText(request.line.slice(0, -1) + end);
    else current!.sendText(request.line);
    return true;
  }

  async #sendLarge<R>(
    connection: Connection,
    request: ClientRequest<R>,
    end: string,
  ): Promise<void> {
    const { uid, attribute, args, kwargs, link, settle, deadline } = request;
    try {
      const [argPieces, kwargPieces] = [await encodeLarge(args), await encodeLarge(kwargs)];
      if (!this.#requests.isOut(uid)) return this.#requests.forget(uid); // it was cancelled
      if (deadline < performance.now()) throw tooLate(labelOf(request));
      if (this.#connection.reconnects && this.#isLost(link)) { // its service has gone meanwhile
        this.#requests.forget(uid);
        return this.#wait(request);
      }
      const head = beginRequest(request);
      const pieces = [head, ...argPieces, ',"kwargs":', ...kwargPieces, end];
      // Whoever gives it up while another line is under way would be heard before it.
      await connection.sendPieces(pieces, () => this.#requests.isOut(uid));
    } catch (cause) {
      this.#requests.forget(uid);
      settle.reject(cause instanceof TimeoutError ? cause : unsendable(attribute, cause));
    }
  }
}

function unsendable(attribute: string, cause: unknown): TypeError {
  return new TypeError(`Cannot request ${attribute}: ${(cause as Error).message}`, { cause });
}
