/**
 * One request of a Client, from the call to its result:
 *
 * ```text
 * asked ----> sent ----> settled
 *   |  ^        |
 *   v  |        | (its link was lost while large arguments were encoded)
 *  waiting <----+
 * ```
 *
 * A request is waiting while the connection or the link that it needs is being restored, or others
 * come before it. It is settled from each state: by its reply, an error, a deadline or its caller.
 * `requests.ts` decides when the state changes.
 *
 * @module
 */

import type { Credit } from "../base/credit.ts";
import type { Arrival } from "../device/arrival.ts";
import { type Caller, type RemoteTraceback, showCaller } from "../base/caller.ts";
import { ConnectionAbortedError, RemoteError, TimeoutError } from "../errors.ts";
import type { FutureWithResolvers } from "../future.ts";
import { startTimer } from "../base/timer.ts";
import { KNOWS_ARRAYS } from "../wire/array_key.ts";
import type { CallOptions } from "../wire/call.ts";
import type { JsonObject } from "../wire/message.ts";
import { MANAGER } from "../wire/protocol.ts";
import { repr } from "../base/repr.ts";
import type { Transfer } from "../base/trace_context.ts";
import type { LargeArguments } from "./large_arguments.ts";

/** The state of a request. */
export type RequestState =
  /** It was made, and its turn to be sent has not come. */
  | { readonly state: "asked" }
  /** It is in a queue; the timer settles it at its deadline. */
  | { readonly state: "waiting"; readonly timer: ReturnType<typeof setTimeout> | undefined }
  /** It was sent, or is being encoded to be sent: a reply is pending. */
  | {
    readonly state: "sent";
    /** The extensions of the protocol that its service knew then; `arrays` if the Manager did too. */
    readonly extensions: readonly string[];
    /** Whether large values travel in pieces. */
    readonly usesParts: boolean;
  }
  /** Its Future has a result or an error, or is cancelled. */
  | { readonly state: "settled" };

/** How a request has ended. */
export type RequestOutcome =
  | { readonly state: "fulfilled"; readonly result: unknown }
  | { readonly state: "rejected"; readonly error: unknown }
  /** Its caller does not want it any more. */
  | { readonly state: "cancelled"; readonly error: unknown };

/** What a request is made of. */
export interface RequestParts {
  /** The name of the service, or `"Manager"`. */
  service: string;
  attribute: string;
  args: readonly unknown[];
  kwargs: JsonObject;
  uid: string;
  resolvers: FutureWithResolvers<unknown>;
  /** When it is too late to send it, by `performance.now()`, in milliseconds. */
  deadline: number;
  /** Makes of the result what the caller gets. */
  adapt: ((result: unknown) => unknown) | undefined;
  /** The service whose link it needs. */
  link: string;
  /** The link, which knows the extensions of the protocol that its service knows. */
  peer: { readonly extensions: readonly string[] } | undefined;
  /** Whether only an administrator may send it. */
  isAdministrative: boolean;
  /** Whether it fails where it would have to wait for the connection. */
  failsOffline: boolean;
  /** Takes each value of a stream; `undefined` where the result is not a stream. */
  onValue: ((value: unknown, time: number | undefined, pieces?: number) => void) | undefined;
  /** Called when its arguments may be changed, if they were not written at the call. */
  onSent: (() => void) | undefined;
  /** Called with each piece of a large value. */
  onProgress: CallOptions["onProgress"];
  /** Adds a hint to the error that it was answered with. */
  explain: ((error: RemoteError, attribute: string) => void | Promise<void>) | undefined;
  /** Whether nobody is told that it fails. */
  ignoresErrors: boolean;
  /** Where it was made, for the stacks of its errors; `undefined` if they do not show that. */
  caller: Caller | undefined;
  /** Whether the service is asked when the reading was taken. */
  wantsTime: boolean;
}

const ASKED: RequestState = { state: "asked" };
const SETTLED: RequestState = { state: "settled" };

/** What a request that needs its arguments no more has instead. */
const NO_ARGS: readonly unknown[] = Object.freeze([]);
const NO_KWARGS: JsonObject = Object.freeze({});

/**
 * A request. It holds its arguments until it has a line, and both only until it is sent or settled:
 * a request that is never answered stays pending for as long as the Client is connected.
 */
export class ClientRequest implements Readonly<RequestParts> {
  readonly service: string;
  readonly attribute: string;
  args: readonly unknown[];
  kwargs: JsonObject;
  readonly uid: string;
  readonly resolvers: FutureWithResolvers<unknown>;
  readonly deadline: number;
  readonly adapt: ((result: unknown) => unknown) | undefined;
  readonly link: string;
  readonly peer: { readonly extensions: readonly string[] } | undefined;
  readonly isAdministrative: boolean;
  readonly failsOffline: boolean;
  readonly onValue: RequestParts["onValue"];
  readonly onSent: (() => void) | undefined;
  readonly onProgress: CallOptions["onProgress"];
  readonly explain: RequestParts["explain"];
  readonly ignoresErrors: boolean;
  readonly caller: Caller | undefined;
  readonly wantsTime: boolean;
  /** When the reading was taken, in milliseconds since 1970, if its reply says it. */
  time: number | undefined;
  /** The request as one line without its closing brace; `undefined` if it has large arguments. */
  line: string | undefined;
  /** Its arguments if they are too large for that, until they are sent. */
  large: LargeArguments | undefined;
  /** The pieces of its arguments that the service has room for, while they are sent. */
  credit: Credit | undefined;
  /** What arrives in pieces; made with the first one. */
  arrival: Arrival | undefined;
  /** The members of its line that continue the trace it belongs to; empty without one. */
  trace: string;
  /** Called for each value of a stream, and each piece, if it is traced. */
  onTransfer: ((transfer: Transfer) => void) | undefined;
  #state: RequestState = ASKED;
  #outcome: RequestOutcome | undefined;
  #listeners: ((outcome: RequestOutcome) => void)[] | undefined;

  constructor(parts: RequestParts) {
    this.service = parts.service;
    this.attribute = parts.attribute;
    this.args = parts.args;
    this.kwargs = parts.kwargs;
    this.uid = parts.uid;
    this.resolvers = parts.resolvers;
    this.deadline = parts.deadline;
    this.adapt = parts.adapt;
    this.link = parts.link;
    this.peer = parts.peer;
    this.isAdministrative = parts.isAdministrative;
    this.failsOffline = parts.failsOffline;
    this.onValue = parts.onValue;
    this.onSent = parts.onSent;
    this.onProgress = parts.onProgress;
    this.explain = parts.explain;
    this.ignoresErrors = parts.ignoresErrors;
    this.caller = parts.caller;
    this.wantsTime = parts.wantsTime;
    this.time = undefined;
    this.trace = "";
    this.onTransfer = undefined;
  }

  /** Where it is on its way. */
  get state(): RequestState {
    return this.#state;
  }

  /** What it is called in an error message, e.g. `"add of the 'BasicMath' service"`. */
  get label(): string {
    return labelOf(this.service, this.attribute);
  }

  /** Whether its error would be lost if it failed: no code waits for it, or ignores its errors. */
  get isLost(): boolean {
    return !this.ignoresErrors && !this.resolvers.future.observed();
  }

  /**
   * A queue takes it. It is rejected at its deadline.
   *
   * @param onExpired Called right before that.
   */
  wait(onExpired: () => void = () => {}): void {
    this.#leaveQueue();
    const left = this.deadline - performance.now();
    const expire = () => {
      onExpired();
      this.reject(notSentInTime(this));
    };
    const timer = startTimer(expire, left);
    this.#state = { state: "waiting", timer };
  }

  /** The offline queue gives it back. */
  ask(): void {
    this.#leaveQueue();
    this.#state = ASKED;
  }

  /** It is sent to a service that knows these extensions of the protocol. */
  send(extensions: readonly string[], usesParts: boolean): void {
    this.#leaveQueue();
    this.#state = { state: "sent", extensions, usesParts };
  }

  /** All of it was sent. */
  sent(): void {
    if (KNOWS_ARRAYS) this.large?.release();
    this.large = undefined;
    this.credit = undefined;
    this.onSent?.();
  }

  /** It has a line, and needs its arguments no more. */
  encoded(line: string): void {
    this.line = line;
    this.args = NO_ARGS;
    this.kwargs = NO_KWARGS;
  }

  /** It will not be sent, or not once more: its arguments and its line are dropped. */
  release(): void {
    this.line = undefined;
    this.args = NO_ARGS;
    this.kwargs = NO_KWARGS;
  }

  /**
   * Calls a function when it has ended; at once if it has. Unlike a callback of its Future, this does
   * not observe the Future. The function throws nothing.
   */
  whenSettled(listener: (outcome: RequestOutcome) => void): void {
    if (this.#outcome !== undefined) listener(this.#outcome);
    else (this.#listeners ??= []).push(listener);
  }

  /** Its reply has come. */
  resolve(result: unknown): void {
    let adapted = result;
    try {
      if (this.adapt) adapted = this.adapt(result);
    } catch (error) {
      return this.reject(error);
    }
    this.#settle({ state: "fulfilled", result: adapted });
    this.resolvers.resolve(adapted);
  }

  /** It has failed. */
  reject(error: unknown): void {
    showCaller(error, this.caller, this.#tracebackOf(error));
    this.#settle({ state: "rejected", error });
    this.resolvers.reject(error);
  }

  /** Its caller has ended the connection, and gives it up: nobody is told that it fails. */
  abandon(error: unknown): void {
    this.resolvers.future.catch(() => {});
    this.reject(error);
  }

  /** Its caller has cancelled the Future. */
  cancelled(error: unknown): void {
    this.#settle({ state: "cancelled", error });
  }

  #tracebackOf(error: unknown): RemoteTraceback | undefined {
    if (!(error instanceof RemoteError)) return undefined;
    // The stack shows it: once is enough where an error is printed with its properties.
    Object.defineProperty(error, "traceback", { enumerable: false });
    return { of: nameOf(this.service), lines: error.traceback };
  }

  #settle(outcome: RequestOutcome): void {
    this.release();
    this.#leaveQueue();
    this.#state = SETTLED;
    this.credit?.close();
    this.arrival?.close();
    this.sent();
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    for (const listener of this.#listeners ?? []) listener(outcome);
    this.#listeners = undefined;
  }

  #leaveQueue(): void {
    if (this.#state.state === "waiting") clearTimeout(this.#state.timer);
  }
}

/** What a request is called in an error message. */
export function labelOf(service: string, attribute: string): string {
  return `${attribute} of ${nameOf(service)}`;
}

function nameOf(service: string): string {
  return service === MANAGER ? "the Manager" : `the ${repr(service)} service`;
}

/** The error of a request that was not sent before its deadline. */
export function notSentInTime({ label }: Pick<ClientRequest, "label">): TimeoutError {
  return new TimeoutError(`${label} was not sent in time`);
}

/** The error of a request whose values cannot be written as JSON. */
export function unsendable(attribute: string, cause: unknown): TypeError {
  return new TypeError(`Cannot request ${attribute}: ${(cause as Error).message}`, { cause });
}

/** The error of a request that the end of the connection leaves without a reply. */
export function unanswered(service: string, reason: string): ConnectionAbortedError {
  return new ConnectionAbortedError(
    `The request to ${repr(service)} was not answered: ${reason}`,
  );
}
