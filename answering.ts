/**
 * Answers the requests to a Service: each in its own time, with the result of its method or the
 * error that it ended with, exactly once.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { type Attributes, isThenable } from "./attributes.ts";
import type { Connection } from "./connection.ts";
import { encodeLarge, isLarge } from "./large.ts";
import { logger } from "./log.ts";
import { beginReply, encodeError, encodeReply, type Request } from "./message.ts";
import type { Skimmer } from "./skimmer.ts";

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
}

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
  readonly #requests = new AsyncLocalStorage<ServiceRequest>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  /** The request that is being answered; `undefined` outside of a method. */
  get current(): ServiceRequest | undefined {
    return this.#requests.getStore();
  }

  /** Settles when the requests that are running are answered, or the connection has ended. */
  async settled(connection: Connection): Promise<void> {
    // A connection that has ended takes no answers any more.
    while (this.#running.size > 0 && connection.isOpen) {
      await Promise.race([Promise.all(this.#running), connection.ended]);
    }
  }

  /** The connection has ended: what is running is not waited for, since its answers go nowhere. */
  forget(): void {
    this.#running.clear();
  }

  /** Answers a request that cannot be read, if it says whose it is. */
  refuse(connection: Connection, keys: Skimmer, error: Error): void {
    log.warn("Received a message that cannot be read: {error}", { error: error.message });
    const requester = keys.text("requester");
    const uid = keys.text("uid");
    if (requester === undefined || uid === undefined) return;
    connection.sendText(encodeError(requester, uid, error));
  }

  /** Answers a request, at once where the method is not asynchronous. */
  answer(connection: Connection, request: Request): void {
    const { requester, attribute, uid } = request;
    const fail = (error: unknown) => {
      log.warn("{attribute} failed for {requester}: {error}", { attribute, requester, error });
      connection.sendText(encodeError(requester, uid, error, tracebackOf(error)));
    };
    const wait = (answer: Promise<void>) => {
      const task: Promise<void> = answer.finally(() => this.#running.delete(task));
      this.#running.add(task);
    };
    const finish = () => this.#options.onAnswered(attribute);
    const succeed = (result: unknown) => {
      if (isLarge(result)) {
        return wait(replyLarge(connection, request, result).then(finish).catch(fail));
      }
      let line: string;
      try {
        line = encodeReply(requester, uid, result);
      } catch (error) {
        return fail(error);
      }
      connection.sendText(line);
      finish();
    };
    try {
      const result = this.#perform(request);
      if (!isThenable(result)) return succeed(result);
      wait(Promise.resolve(result).then(succeed, fail));
    } catch (error) {
      fail(error);
    }
  }

  /** What a request asks for: a result, or the promise of one. */
  #perform({ requester, attribute, args, kwargs, uid }: Request): unknown {
    this.#options.check();
    return this.#requests.run(
      { requester: requester ?? "", attribute, args, kwargs, uid },
      () => this.#options.attributes.request(attribute, args, kwargs),
    );
  }
}

async function replyLarge(
  connection: Connection,
  { requester, uid }: Request,
  result: unknown,
): Promise<void> {
  const pieces = await encodeLarge(result);
  await connection.sendPieces(beginReply(requester, uid), ...pieces, "}");
}

/** The lines of an error's stack, after its message. */
function tracebackOf(error: unknown): string[] {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  return stack.split("\n").map((line) => line.trim()).filter((line) => line.startsWith("at "));
}
