/**
 * Answers the requests to a Service: each in its own time, with the result of its method or the
 * error that it ended with, exactly once.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { ActiveRequest, type ServiceRequest } from "./active_request.ts";
import { type Attributes, isThenable } from "./attributes.ts";
import type { Connection } from "../net/connection.ts";
import { CancelledError, ConnectionAbortedError } from "../errors.ts";
import { encodeLarge, isLarge } from "../wire/large_values.ts";
import { logger } from "../base/log.ts";
import { beginReply, encodeError, encodeReply, isCount, type Request } from "../wire/message.ts";
import { CANCEL_REQUEST } from "../wire/protocol.ts";
import type { KeyScanner } from "../wire/key_scanner.ts";
import { collectValues, isGenerator, sendValues, type Values } from "./streaming.ts";
import { UidMap } from "../base/uid_map.ts";

/** What the answering of requests depends on. */
export interface AnsweringOptions {
  attributes: Attributes;
  /** Throws why no request is answered any more, if none is. */
  check: () => void;
  /** Called when a request for this attribute was answered with a result. */
  onAnswered: (attribute: string) => void;
}

const log = logger("service");

/** The requests to one Service. */
export class Answering {
  readonly #options: AnsweringOptions;
  readonly #current = new AsyncLocalStorage<ServiceRequest>();
  /** The requests that could not be answered at once, by who asks and the uid, which several share. */
  readonly #active = new UidMap<ActiveRequest[]>();
  /** Those whose answers are streams. */
  readonly #streams = new Set<ActiveRequest>();
  /** Settles when all of them are answered, for who waits for that. */
  #quiet: PromiseWithResolvers<void> | undefined;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  /** The request that is being answered; `undefined` outside of a method. */
  get current(): ServiceRequest | undefined {
    return this.#current.getStore();
  }

  /** Settles when the requests that are running are answered, or the connection has ended. */
  async settled(connection: Connection): Promise<void> {
    // A connection that has ended takes no answers any more.
    while (this.#active.size > 0 && connection.isOpen) {
      this.#quiet ??= Promise.withResolvers();
      await Promise.race([this.#quiet.promise, connection.ended]);
    }
  }

  /** Ends the streams, any of which may be endless. */
  endStreams(reason: Error): void {
    for (const request of this.#streams) request.abort(reason);
  }

  /** The connection has ended: what is running is not waited for, since its answers go nowhere. */
  forget(): void {
    const reason = new ConnectionAbortedError("The connection to the Manager has ended");
    for (const [_key, requests] of this.#active) {
      for (const request of requests) request.abort(reason);
    }
    this.#active.clear();
  }

  /** Answers a request that cannot be read, if it says whose it is. */
  refuse(connection: Connection, keys: KeyScanner, error: Error): void {
    log.warn("Received a message that cannot be read: {error}", { error: error.message });
    const requester = keys.text("requester");
    const uid = keys.text("uid");
    if (requester === undefined || uid === undefined) return;
    connection.sendText(encodeError(requester, uid, error));
  }

  /** Heeds a message about a request that is out. If that is answered there is nothing to do. */
  control({ requester, uid, attribute, args }: Request): void {
    for (const request of this.#active.get(keyOf(requester ?? "", uid)) ?? []) {
      if (attribute === CANCEL_REQUEST) {
        request.abort(new CancelledError(`${request.attribute} was cancelled by ${requester}`));
      } else if (isCount(args[0])) {
        request.want(args[0]);
      }
    }
  }

  /** Answers a request, at once where the method is not asynchronous. */
  answer(connection: Connection, message: Request): void {
    const request = new ActiveRequest(message);
    try {
      const result = this.#perform(request);
      if (isThenable(result) || isGenerator(result) || isLarge(result)) {
        this.#answerLater(connection, request, result);
        return;
      }
      this.#reply(connection, request, result);
    } catch (error) {
      this.#fail(connection, request, error);
    }
  }

  /** What a request asks for: a result, the promise of one, or a generator of its values. */
  #perform(request: ActiveRequest): unknown {
    this.#options.check();
    const { attribute, args, kwargs } = request;
    return this.#current.run(
      request,
      () => this.#options.attributes.request(attribute, args, kwargs),
    );
  }

  /** Never rejects. */
  async #answerLater(
    connection: Connection,
    request: ActiveRequest,
    result: unknown,
  ): Promise<void> {
    this.#begin(request);
    try {
      const value = await result;
      if (isGenerator(value)) return await this.#answerValues(connection, request, value);
      await this.#replyAny(connection, request, value);
    } catch (error) {
      this.#fail(connection, request, error);
    } finally {
      this.#finish(request);
    }
  }

  #begin(request: ActiveRequest): void {
    const key = keyOf(request.requester, request.uid);
    const others = this.#active.get(key);
    if (others === undefined) this.#active.set(key, [request]);
    else others.push(request);
  }

  /** A request is answered, which may have been forgotten since. */
  #finish(request: ActiveRequest): void {
    const key = keyOf(request.requester, request.uid);
    const requests = this.#active.get(key) ?? [];
    const index = requests.indexOf(request);
    if (index === -1) return;
    requests.splice(index, 1);
    if (requests.length === 0) this.#active.take(key);
    if (this.#active.size > 0) return;
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }

  async #answerValues(
    connection: Connection,
    request: ActiveRequest,
    values: Values,
  ): Promise<void> {
    this.#options.check(); // what has made the generator may have taken its time
    this.#streams.add(request);
    try {
      // The generator runs when it is asked for a value, and should find its request then.
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
    await replyLarge(connection, request, result);
    this.#options.onAnswered(request.attribute);
  }

  /** @throws {TypeError} If JSON cannot hold the result. */
  #reply(connection: Connection, request: ActiveRequest, result: unknown): void {
    const { requester, uid, attribute } = request;
    connection.sendText(encodeReply(requester, uid, result));
    this.#options.onAnswered(attribute);
  }

  #fail(connection: Connection, request: ActiveRequest, error: unknown): void {
    const { requester, attribute, uid } = request;
    if (request.isAborted) {
      log.debug("{attribute} for {requester} was given up", { attribute, requester });
    } else {
      log.warn("{attribute} failed for {requester}: {error}", { attribute, requester, error });
    }
    connection.sendText(encodeError(requester, uid, error, tracebackOf(error)));
  }
}

/**
 * Both are any text that a client likes: the length keeps one key from meaning two requests. The uid
 * comes last, for {@linkcode UidMap}.
 */
function keyOf(requester: string, uid: string): string {
  return `${requester.length}:${requester}${uid}`;
}

async function replyLarge(
  connection: Connection,
  { requester, uid }: ActiveRequest,
  result: unknown,
): Promise<void> {
  const pieces = await encodeLarge(result);
  await connection.sendPieces([beginReply(requester, uid), ...pieces, "}"]);
}

/** The lines of an error's stack, after its message. */
function tracebackOf(error: unknown): string[] {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  return stack.split("\n").map((line) => line.trim()).filter((line) => line.startsWith("at "));
}
