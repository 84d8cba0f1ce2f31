/**
 * The requests of a Client that are not answered yet, and which of them an answer is for.
 *
 * @module
 */

import type { CallOptions } from "../wire/call.ts";
import { ConnectionAbortedError, RemoteError } from "../errors.ts";
import { Future, type FutureWithResolvers } from "../future.ts";
import { logger } from "../base/log.ts";
import type { JsonObject } from "../wire/message.ts";
import { MANAGER } from "../wire/protocol.ts";
import { repr } from "../base/repr.ts";
import type { Turns } from "./turns.ts";
import { UidMap } from "../base/uid_map.ts";

/** A request, as it is sent and as it is settled. */
export interface ClientRequest<R> {
  service: string;
  attribute: string;
  args: readonly unknown[];
  kwargs: JsonObject;
  uid: string;
  settle: FutureWithResolvers<R>;
  /** When it is too late to send it, by `performance.now()`. */
  deadline: number;
  /** What the caller gets instead of the result as it was sent. */
  adapt: ((result: unknown) => R) | undefined;
  /** The service whose link it needs. */
  link: string;
  /** Whether only an administrator may send it. */
  isAdministrative: boolean;
  /** Whether it fails where it would have to wait for the connection. */
  neverWaits: boolean;
  /** Called with each value of a stream; `undefined` where the result is no stream. */
  take: ((value: unknown) => void) | undefined;
  /** The extensions of the protocol that its service knew when it was sent. */
  extensions: readonly string[];
  /** The request as it is sent; `undefined` where it is too large to be held as a line. */
  line: string | undefined;
}

/**
 * Where the uids begin. Of texts with fewer than 10 characters V8 keeps one copy of each when it
 * reads JSON, and to look for it takes as long as all the rest of reading a reply.
 */
const FIRST_UID = 1_000_000_000;

/** What a Manager does not answer: it ends the connection instead. */
const SHUTDOWN_MANAGER = "shutdown_manager";

/** What a Manager says of a service that it does not know. */
const NOT_CONNECTED = " Service is not connected to ";

const log = logger("client");

/** The requests of one Client. */
export class Requests {
  readonly #turns: Turns;
  readonly #onGone: (service: string) => void;
  readonly #onGivenUp: (request: ClientRequest<unknown>) => void;
  readonly #pending = new UidMap<ClientRequest<unknown>>();
  #lastUid = FIRST_UID;
  /** Why a question of the Manager could not be answered, so that it will refuse a request. */
  #explanation: Error | undefined;

  /**
   * @param onGone Called when an answer tells that a service is not connected any more.
   * @param onGivenUp Called when nobody waits any longer for the answer to a request that is out.
   */
  constructor(
    turns: Turns,
    onGone: (service: string) => void,
    onGivenUp: (request: ClientRequest<unknown>) => void,
  ) {
    this.#turns = turns;
    this.#onGone = onGone;
    this.#onGivenUp = onGivenUp;
  }

  /** Makes the Future of a request that will be sent. */
  open<R>(
    service: string,
    attribute: string,
    { timeout, signal }: CallOptions,
  ): { uid: string; settle: FutureWithResolvers<R> } {
    const uid = String(++this.#lastUid); // unique for this Client, which is all that it has to be
    const settle = Future.withResolvers<R>({
      label: () => labelOf({ service, attribute }),
      timeout,
      onCancel: () => this.#giveUp(uid),
    });
    if (signal?.aborted) {
      settle.future.cancel(signal.reason);
    } else if (signal) {
      const cancel = () => settle.future.cancel(signal.reason);
      signal.addEventListener("abort", cancel, { once: true });
      settle.future.addDoneCallback(() => signal.removeEventListener("abort", cancel));
    }
    return { uid, settle };
  }

  /** Remembers a request that is sent. */
  sent<R>(request: ClientRequest<R>): void {
    if (request.uid === this.#turns.current) this.#explanation = undefined;
    this.#pending.set(request.uid, request as ClientRequest<unknown>);
  }

  /** Whether somebody still waits for the answer. */
  isOut(uid: string): boolean {
    return this.#pending.get(uid) !== undefined;
  }

  /** Forgets a request that was not sent after all, and gives its turn to the next one. */
  forget(uid: string): void {
    this.#take(uid);
  }

  /** Fulfils the request with this uid. A Python Manager leaves it out for an administrator's. */
  fulfil(uid: string, result: unknown): void {
    const pending = this.#take(uid !== "" ? uid : this.#turns.current);
    if (pending === undefined) {
      return log.debug("Ignored an answer to {uid}, which is not pending", { uid });
    }
    try {
      pending.settle.resolve(pending.adapt ? pending.adapt(result) : result);
    } catch (error) {
      pending.settle.reject(error);
    }
  }

  /** Gives a value of a stream to who reads it. */
  give(uid: string, value: unknown): void {
    this.#pending.get(uid)?.take?.(value);
  }

  /** Something that came for the request with this uid cannot be read. */
  spoil(uid: string, error: Error): void {
    const pending = this.#pending.get(uid);
    if (pending?.take !== undefined) this.#onGivenUp(pending); // more values would come
    this.fail(uid, error);
  }

  /** Fails the request with this uid. A Python Manager leaves some errors without one. */
  fail(uid: string, error: Error): void {
    const whose = uid !== "" ? uid : this.#uidOf(error);
    const reason = whose === this.#turns.current ? this.#explanation ?? error : error;
    const pending = this.#take(whose);
    if (pending === undefined) {
      if (uid !== "") return log.debug("Ignored the error of {uid}, which is not pending", { uid });
      return log.warn("The Manager sent an error: {error}", { error: error.message });
    }
    if (isOfAbsence(error)) this.#onGone(pending.service);
    pending.settle.reject(reason);
  }

  /** Why the administrator's request that is out will fail. Of several reasons the first counts. */
  explain(error: Error): void {
    this.#explanation ??= error;
  }

  /** The connection has ended: nothing that was sent will be answered any more. */
  end(reason: string, isLeaving: boolean): void {
    const unanswered = [...this.#pending];
    this.#pending.clear();
    this.#explanation = undefined;
    for (const [_uid, { settle, service, attribute }] of unanswered) {
      if (service === MANAGER && attribute === SHUTDOWN_MANAGER && !isLeaving) {
        settle.resolve(true);
        continue;
      }
      const message = `The request to ${repr(service)} was not answered: ${reason}`;
      settle.reject(new ConnectionAbortedError(message));
    }
    this.#turns.done(this.#turns.current ?? "");
  }

  #giveUp(uid: string): void {
    const request = this.#pending.take(uid);
    if (request !== undefined) this.#onGivenUp(request);
  }

  /** The request with this uid, which is then no longer pending. */
  #take(uid: string | undefined): ClientRequest<unknown> | undefined {
    if (uid === undefined) return undefined;
    const pending = this.#pending.take(uid);
    // Also if the caller has cancelled it: only now may the next one be sent.
    this.#turns.done(uid);
    return pending;
  }

  /**
   * The oldest request to the service that an error names, or else the administrator's, or else
   * the oldest of all.
   */
  #uidOf({ message }: Error): string | undefined {
    const all = [...this.#pending];
    for (const [uid, { service }] of all) {
      // A KeyError shows its text in quotes, which escapes some quotes within.
      if (message.includes(repr(`the ${repr(service)} Service`).slice(1, -1))) return uid;
    }
    // It answers a request that was cancelled, no other one.
    if (message.includes(NOT_CONNECTED)) return undefined;
    return this.#turns.current ?? all[0]?.[0];
  }
}

/** What a request is called in an error message. */
export function labelOf(
  { service, attribute }: Pick<ClientRequest<unknown>, "service" | "attribute">,
): string {
  const whose = service === MANAGER ? "the Manager" : `the ${repr(service)} service`;
  return `${attribute} of ${whose}`;
}

/** Whether a Manager says that there is no such service. */
function isOfAbsence(error: Error): boolean {
  return error instanceof RemoteError && error.remoteName === "KeyError" &&
    error.message.includes(NOT_CONNECTED);
}
