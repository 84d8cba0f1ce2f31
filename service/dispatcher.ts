/**
 * Dispatches the requests to a Service: calls the method of each, and sends one reply, with the
 * result or the error. Requests run concurrently. `attributes.ts` finds the method, and
 * `streaming.ts` sends the values of a generator.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { ActiveRequest, type ServiceRequest } from "./active_request.ts";
import { type Attributes, isThenable } from "./attributes.ts";
import type { Connection } from "../net/connection.ts";
import { ArgumentsArrival, ArgumentsBudget } from "./arguments_arrival.ts";
import { CancelledError, ConnectionAbortedError, PermissionError, ValueError } from "../errors.ts";
import { isArguments } from "../wire/array_reader.ts";
import { describeFailure } from "./failure.ts";
import { logFailure } from "./failure_log.ts";
import { isLarge } from "../wire/large_values.ts";
import { sendLarge, sendValue } from "./large_reply.ts";
import { logger } from "../base/log.ts";
import {
  beginReply,
  encodeError,
  encodeFailure,
  encodeRoom,
  isCount,
  type Request,
  RESULT,
  toPiece,
} from "../wire/message.ts";
import { CANCEL_REQUEST, MORE_VALUES, PART, ROOM } from "../wire/protocol.ts";
import type { KeyScanner } from "../wire/key_scanner.ts";
import { collectValues, isGenerator, sendValues, type Values } from "./streaming.ts";
import type { RpcSpan } from "../wire/rpc_span.ts";
import type { TraceContext } from "../base/telemetry.ts";
import { UidMap } from "../base/uid_map.ts";

/** What a dispatcher depends on. */
export interface DispatcherOptions {
  attributes: Attributes;
  /** How many requests may run at once. */
  maxRunning: number;
  /** Throws if the Service accepts no more requests. */
  checkRunning: () => void;
  /** Called when a result was sent for this attribute. */
  onReplied: (attribute: string) => void;
  /** Begins the span of a request, if this process traces anything. */
  startSpan: (request: Request, trace: TraceContext) => RpcSpan | undefined;
}

const log = logger("service");

/** The requests to one Service. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #current = new AsyncLocalStorage<ServiceRequest>();
  /** The pending requests, by requester and uid. Several may have the same. */
  readonly #active = new UidMap<ActiveRequest[]>();
  /** The pending requests whose replies are streams. */
  readonly #streams = new Set<ActiveRequest>();
  /** How many methods have not finished, those of aborted requests among them. */
  #running = 0;
  /** The largest arguments that are accepted in pieces, in bytes. */
  #readLimit = Infinity;
  #budget = new ArgumentsBudget();
  /** Settles when no request is pending; made when `drained()` waits for it. */
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** The request that is being answered; `undefined` outside of a method. */
  get current(): ServiceRequest | undefined {
    return this.#current.getStore();
  }

  /** Sets the largest arguments that are accepted in pieces, of all requests together, in bytes. */
  set readLimit(size: number) {
    this.#readLimit = size;
    this.#budget = new ArgumentsBudget(size);
  }

  /** Settles when no request is pending, or the connection has ended. */
  async drained(connection: Connection): Promise<void> {
    // No reply can be sent over a connection that has ended.
    while (this.#active.size > 0 && connection.isOpen) {
      this.#drained ??= Promise.withResolvers();
      await Promise.race([this.#drained.promise, connection.ended]);
    }
  }

  /** The Service shuts down: aborts the streams, any of which may be endless. */
  abortStreams(reason: Error): void {
    for (const request of this.#streams) request.abort(reason);
  }

  /** The Service shuts down: rejects the requests whose arguments have not arrived. */
  rejectIncomplete(connection: Connection, reason: Error): void {
    for (const [_key, requests] of this.#active) {
      for (const request of [...requests]) {
        if (request.arrival !== undefined) this.#rejectIncomplete(connection, request, reason);
      }
    }
  }

  /** The Service has waited long enough: replies with an error to the requests that still run. */
  abandon(connection: Connection, reason: Error): void {
    for (const [_key, requests] of [...this.#active]) {
      for (const request of [...requests]) {
        const { attribute, requester } = request;
        log.warn("{attribute} for {requester} was still running when the service shut down", {
          attribute,
          requester,
        });
        request.abort(reason);
        this.#remove(request);
        this.#replyError(connection, request, reason);
        request.isAbandoned = true;
      }
    }
  }

  /** Aborts all requests, since the connection for their replies has ended. */
  abortAll(): void {
    const reason = new ConnectionAbortedError("The connection to the Manager has ended");
    for (const [_key, requests] of this.#active) {
      for (const request of requests) {
        // Its method is never called: nothing else would end its span.
        if (request.arrival !== undefined) request.span?.fail(reason);
        request.abort(reason);
      }
    }
    this.#active.clear();
  }

  /** Replies with an error to a request that cannot be read, if its requester and uid can be. */
  reject(connection: Connection, keys: KeyScanner, error: Error): void {
    log.warn("Received a message that cannot be read: {error}", { error: error.message });
    const requester = keys.text("requester");
    const uid = keys.text("uid");
    if (requester === undefined || uid === undefined) return;
    connection.sendText(encodeError(requester, uid, error));
  }

  /**
   * Applies a message about a pending request: its cancellation, a piece of its arguments, or room
   * for more of its result. If the reply has been sent already nothing happens.
   */
  control(connection: Connection, { requester, uid, attribute, args }: Request): void {
    for (const request of [...this.#active.get(keyOf(requester ?? "", uid)) ?? []]) {
      switch (attribute) {
        case CANCEL_REQUEST: {
          const error = new CancelledError(`${request.attribute} was cancelled by ${requester}`);
          if (request.arrival === undefined) request.abort(error);
          else this.#rejectIncomplete(connection, request, error);
          break;
        }
        case MORE_VALUES:
          if (isCount(args[0])) request.addCredit(args[0]);
          break;
        case ROOM:
          if (isCount(args[0])) request.parts?.add(args[0]);
          break;
        case PART:
          this.#takePart(connection, request, args[0]);
      }
    }
  }

  /**
   * Calls the method of a request and replies, at once if the method is not asynchronous.
   *
   * @param trace The keys of the request that say which trace it belongs to.
   */
  dispatch(connection: Connection, message: Request, trace: TraceContext): void {
    const request = new ActiveRequest(message);
    request.span = this.#options.startSpan(message, trace);
    if (message.size !== undefined) return this.#await(connection, request, message.size);
    if (request.knowsArrays) {
      try {
        request.readArrays();
      } catch (error) {
        return this.#replyError(connection, request, error);
      }
    }
    this.#run(connection, request);
  }

  /**
   * The same for a request that came in a long line: its arrays are read with pauses. Messages after it
   * wait for that, so that the order of the calls stays.
   */
  async dispatchLong(connection: Connection, message: Request, trace: TraceContext): Promise<void> {
    if (!message.knowsArrays || message.size !== undefined) {
      return this.dispatch(connection, message, trace);
    }
    const request = new ActiveRequest(message);
    request.span = this.#options.startSpan(message, trace);
    this.#add(request); // the end of the connection aborts it
    try {
      await request.readLongArrays();
    } catch (error) {
      return this.#replyError(connection, request, error);
    } finally {
      this.#remove(request);
    }
    if (request.isAborted) request.span?.fail(request.reason);
    else this.#run(connection, request);
  }

  /** Waits for the arguments of a request, which come in pieces. */
  #await(connection: Connection, request: ActiveRequest, size: number): void {
    const { requester, uid } = request;
    request.arrival = new ArgumentsArrival(size, {
      budget: this.#budget,
      limit: this.#readLimit,
      knowsArrays: request.knowsArrays,
      giveRoom: (count) => connection.sendText(encodeRoom(requester, uid, count)),
    });
    this.#add(request);
    try {
      this.#options.checkRunning();
      request.arrival.begin();
    } catch (error) {
      this.#rejectIncomplete(connection, request, error as Error);
    }
  }

  /** Takes a piece of the arguments, and calls the method after the last one. */
  #takePart(connection: Connection, request: ActiveRequest, piece: unknown): void {
    const { arrival } = request;
    if (arrival === undefined) return; // the arguments are complete
    request.span?.add("part");
    try {
      const content = toPiece(piece);
      if (content === undefined) throw new ValueError("A piece of a value must be a text");
      arrival.add(content);
      if (!arrival.isComplete) return;
      const value = arrival.end(arrival.size);
      if (!isArguments(value)) {
        throw new ValueError("The arguments in pieces must be an array of args and kwargs");
      }
      request.takeArguments(...value);
    } catch (error) {
      return this.#rejectIncomplete(connection, request, error as Error);
    }
    this.#remove(request);
    this.#run(connection, request);
  }

  /** Replies with an error to a request whose arguments have not arrived, and drops them. */
  #rejectIncomplete(connection: Connection, request: ActiveRequest, error: Error): void {
    request.abort(error);
    this.#remove(request);
    this.#replyError(connection, request, error);
  }

  #run(connection: Connection, request: ActiveRequest): void {
    if (request.span === undefined) this.#answer(connection, request);
    else request.span.run(() => this.#answer(connection, request));
  }

  #answer(connection: Connection, request: ActiveRequest): void {
    try {
      const result = this.#call(request);
      if (isThenable(result) || isGenerator(result) || isLarge(result)) {
        this.#replyLater(connection, request, result);
        return;
      }
      this.#reply(connection, request, result);
    } catch (error) {
      this.#replyError(connection, request, error);
    }
  }

  /** Gives the result, a promise of it, or a generator of its values. */
  #call(request: ActiveRequest): unknown {
    this.#options.checkRunning();
    const { attribute, args, kwargs } = request;
    const { maxRunning } = this.#options;
    if (this.#running >= maxRunning) {
      throw new PermissionError(
        `Cannot run ${attribute}: ${maxRunning} requests are running already, which is the limit ` +
          `of the Service (maxRunning)`,
      );
    }
    return this.#current.run(
      request,
      () => this.#options.attributes.request(attribute, args, kwargs),
    );
  }

  /** Never rejects. */
  async #replyLater(
    connection: Connection,
    request: ActiveRequest,
    result: unknown,
  ): Promise<void> {
    this.#add(request);
    this.#running++;
    try {
      const value = await result;
      if (request.isAbandoned) return;
      if (isGenerator(value)) return await this.#replyValues(connection, request, value);
      await this.#replyAny(connection, request, value);
    } catch (error) {
      if (!request.isAbandoned) this.#replyError(connection, request, error);
    } finally {
      this.#running--;
      this.#remove(request);
    }
  }

  #add(request: ActiveRequest): void {
    const key = keyOf(request.requester, request.uid);
    const others = this.#active.get(key);
    if (others === undefined) this.#active.set(key, [request]);
    else others.push(request);
  }

  /** Removes a request, unless `abortAll()` has removed it already. */
  #remove(request: ActiveRequest): void {
    const key = keyOf(request.requester, request.uid);
    const requests = this.#active.get(key) ?? [];
    const index = requests.indexOf(request);
    if (index === -1) return;
    requests.splice(index, 1);
    if (requests.length === 0) this.#active.take(key);
    if (this.#active.size > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  async #replyValues(
    connection: Connection,
    request: ActiveRequest,
    values: Values,
  ): Promise<void> {
    this.#options.checkRunning(); // the Service may have shut down meanwhile
    this.#streams.add(request);
    try {
      // The generator runs when a value is taken from it, and reads its request then.
      const result = await this.#current.run(
        request,
        () =>
          request.isStreamed
            ? sendValues(values, request, connection)
            : collectValues(values, request),
      );
      await this.#replyAny(connection, request, result ?? null);
    } finally {
      this.#streams.delete(request);
    }
  }

  async #replyAny(connection: Connection, request: ActiveRequest, result: unknown): Promise<void> {
    if (!isLarge(result)) return this.#reply(connection, request, result);
    await sendLarge(connection, request, result);
    request.span?.end();
    this.#options.onReplied(request.attribute);
  }

  /** @throws {TypeError} If JSON cannot hold the result. */
  #reply(connection: Connection, request: ActiveRequest, result: unknown): void {
    const { requester, uid, attribute, arrays } = request;
    const beginning = beginReply(requester, uid, request.takeResultTime());
    sendValue(connection, beginning, result, RESULT, arrays);
    request.span?.end();
    this.#options.onReplied(attribute);
  }

  #replyError(connection: Connection, request: ActiveRequest, error: unknown): void {
    const { requester, attribute, uid } = request;
    if (request.isAborted) {
      log.debug("{attribute} for {requester} was aborted", { attribute, requester });
    } else logFailure(request, error);
    request.span?.fail(error);
    connection.sendText(encodeFailure(requester, uid, describeFailure(error)));
  }
}

/**
 * Each of the two may be any text, so the length keeps the keys of two requests different. The uid
 * is last, for {@linkcode UidMap}.
 */
function keyOf(requester: string, uid: string): string {
  return `${requester.length}:${requester}${uid}`;
}
