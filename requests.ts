/**
 * The requests of a Client that are not answered yet, and which of them an answer is for.
 *
 * @module
 */

import type { CallOptions } from "./call.ts";
import { ConnectionAbortedError } from "./errors.ts";
import { Future, type FutureWithResolvers } from "./future.ts";
import { logger } from "./log.ts";
import { MANAGER } from "./message.ts";
import { repr } from "./repr.ts";
import type { Turns } from "./turns.ts";

/** A request that is out. */
interface Pending {
  service: string;
  attribute: string;
  settle: FutureWithResolvers<unknown>;
  /** What the caller gets instead of the result as it was sent. */
  adapt: ((result: unknown) => unknown) | undefined;
}

/** What a Manager does not answer: it ends the connection instead. */
const SHUTDOWN_MANAGER = "shutdown_manager";

const log = logger("client");

/** The requests of one connection. */
export class Requests {
  readonly #turns: Turns;
  readonly #pending = new Map<string, Pending>();
  #lastUid = 0;
  /** Why a question of the Manager could not be answered, so that it will refuse a request. */
  #explanation: Error | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Makes the Future of a request that will be sent. */
  open<R>(
    label: string,
    { timeout, signal }: CallOptions,
  ): { uid: string; settle: FutureWithResolvers<R> } {
    const uid = String(++this.#lastUid); // unique on this connection, which is all that it has to be
    const settle = Future.withResolvers<R>({
      label,
      timeout,
      onCancel: () => this.#pending.delete(uid),
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
  sent<R>(
    { uid, service, attribute }: { uid: string; service: string; attribute: string },
    settle: FutureWithResolvers<R>,
    adapt: ((result: unknown) => R) | undefined,
  ): void {
    if (uid === this.#turns.current) this.#explanation = undefined;
    this.#pending.set(uid, {
      service,
      attribute,
      settle: settle as FutureWithResolvers<unknown>,
      adapt,
    });
  }

  /** Whether somebody still waits for the answer. */
  isOut(uid: string): boolean {
    return this.#pending.has(uid);
  }

  /** Forgets a request that could not be sent after all. */
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

  /** Fails the request with this uid. A Python Manager leaves some errors without one. */
  fail(uid: string, error: Error): void {
    const whose = uid !== "" ? uid : this.#uidOf(error);
    const reason = whose === this.#turns.current ? this.#explanation ?? error : error;
    const pending = this.#take(whose);
    if (pending === undefined) {
      return log.warn("The Manager sent an error: {error}", { error: error.message });
    }
    pending.settle.reject(reason);
  }

  /** Why the administrator's request that is out will fail. Of several reasons the first counts. */
  explain(error: Error): void {
    this.#explanation ??= error;
  }

  /** The connection has ended: nothing will be answered any more. */
  end(reason: string, isLeaving: boolean): void {
    const unanswered = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settle, service, attribute } of unanswered) {
      if (service === MANAGER && attribute === SHUTDOWN_MANAGER && !isLeaving) {
        settle.resolve(true);
        continue;
      }
      const message = `The request to ${repr(service)} was not answered: ${reason}`;
      settle.reject(new ConnectionAbortedError(message));
    }
    this.#turns.done(this.#turns.current ?? "");
  }

  /** The request with this uid, which is then no longer pending. */
  #take(uid: string | undefined): Pending | undefined {
    if (uid === undefined) return undefined;
    const pending = this.#pending.get(uid);
    this.#pending.delete(uid);
    // Also if the caller has cancelled it: only now may the next one be sent.
    this.#turns.done(uid);
    return pending;
  }

  /**
   * The oldest request to the service that an error names, or else the administrator's, or else
   * the oldest of all.
   */
  #uidOf({ message }: Error): string | undefined {
    for (const [uid, { service }] of this.#pending) {
      // A KeyError shows its text in quotes, which escapes some quotes within.
      if (message.includes(repr(`the ${repr(service)} Service`).slice(1, -1))) return uid;
    }
    // It answers a request that was cancelled, no other one.
    if (message.includes(" Service is not connected to ")) return undefined;
    return this.#turns.current ?? this.#pending.keys().next().value;
  }
}
