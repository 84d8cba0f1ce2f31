/**
 * The requests of a Client: makes them, sends each once when the connection, the link and its turn
 * allow it, and settles it with the reply. A request that was sent is never sent again.
 *
 * The states of one request are in `request.ts`, the requests that wait for the connection or a
 * link in `offline_queue.ts`, the order in which the others are sent in `send_scheduler.ts`.
 *
 * @module
 */

import { AsyncQueue } from "./async_queue.ts";
import { type Call, type CallOptions, givenArguments } from "../wire/call.ts";
import { callHandler } from "../base/callbacks.ts";
import { captureCaller, showCaller } from "../base/caller.ts";
import { withTimeout } from "../base/with_timeout.ts";
import type { Connection } from "../net/connection.ts";
import { ConnectionAbortedError, RemoteError, TimeoutError, ValueError } from "../errors.ts";
import { Credit } from "../base/credit.ts";
import { Arrival, ArrivalBudget } from "../device/arrival.ts";
import { sendParts } from "../device/part_sender.ts";
import { Future } from "../future.ts";
import { isLarge, isLargeOrHasArrays } from "../wire/large_values.ts";
import { type ArrayForm, LargeArguments } from "./large_arguments.ts";
import { logger } from "../base/log.ts";
import {
  beginRequest,
  encodeArgumentsPart,
  encodeControl,
  type JsonObject,
  openRequest,
  type Reply,
  type ResultPart,
  type RoomForParts,
  type StreamValue,
} from "../wire/message.ts";
import { readArrays, readArraysInSteps } from "../wire/array_reader.ts";
import { KNOWS_ARRAYS, mayHaveReserved } from "../wire/array_key.ts";
import type { ParseJson } from "../wire/json.ts";
import { PIECE_SIZE, sizeInParts } from "../wire/parts.ts";
import {
  ARRAYS,
  CANCEL,
  CANCEL_REQUEST,
  type Control,
  MANAGER,
  MORE_VALUES,
  PARTS,
  ROOM,
  STREAM,
  TIME,
  TRACE,
} from "../wire/protocol.ts";
import { OfflineQueue } from "./offline_queue.ts";
import { repr } from "../base/repr.ts";
import {
  ClientRequest,
  labelOf,
  notSentInTime,
  type RequestOutcome,
  unanswered,
  unsendable,
} from "./request.ts";
import { SendScheduler } from "./send_scheduler.ts";
import { Stream, type StreamItem } from "./stream.ts";
import { StreamWindow, WINDOW } from "./stream_window.ts";
import { UidMap } from "../base/uid_map.ts";
import { UidSource } from "../base/uid_source.ts";

/** What a request needs of a connection. */
type SendingConnection = Pick<
  Connection,
  "sendText" | "sendTexts" | "sendPieces" | "congested" | "drained"
>;

/** What requests are sent over: the reconnecting connection of the Client. */
export interface RequestConnection {
  /** The latest connection; `undefined` before there was one. */
  readonly current: SendingConnection | undefined;
  /** Whether it can be sent to. */
  readonly isUp: boolean;
  /** Whether it is restored when it is lost. */
  readonly reconnects: boolean;
  /** The Manager at its other end, for an error message. */
  readonly manager: string;
}

/** What a request is beside an ordinary call. */
export interface SendOptions<R> {
  /** Makes of the result what the caller gets. Default: the result as it is. */
  adapt?: (result: unknown) => R;
  /** The service whose link it needs. Default: the one that it is sent to. */
  link?: string;
  /** The link, which knows the extensions of the protocol that its service knows. Default: none. */
  peer?: { readonly extensions: readonly string[] };
  /** Whether only an administrator may send it. Default: false. */
  isAdministrative?: boolean;
  /** Whether it fails where it would have to wait for the connection. Default: false. */
  failsOffline?: boolean;
  /** Called when it has ended. Unlike a callback of its Future, it does not observe that. */
  onSettled?: (outcome: RequestOutcome) => void;
  /** Adds a hint to the error that it was answered with, before its caller gets that. Never rejects. */
  explain?: (error: RemoteError, attribute: string) => void | Promise<void>;
}

/** The settings of the requests of one Client. */
export interface RequestsOptions {
  /** How many requests may wait for the connection or a link. */
  maxWaiting: number;
  /**
   * Called when a reply says that a service is not connected any more, before the request is settled.
   */
  onServiceGone: (service: string) => void;
  /** The largest result that is accepted in pieces, in bytes. Default: no limit. */
  readLimit?: number;
  /** Parses such results. */
  parse?: ParseJson;
  /** Whether the stacks of errors show where a request was made. Default: `true`. */
  asyncStackTraces?: boolean;
  /**
   * Traces a request to a service, and may listen to what becomes of it. It gives the members of the
   * line that continue the trace; empty without one.
   */
  trace?: (request: ClientRequest) => string;
}

/** The request that a Manager does not reply to: it ends the connection instead. */
const SHUTDOWN_MANAGER = "shutdown_manager";

/** What a Manager's error says of a service that is not connected. */
const NOT_CONNECTED = " Service is not connected to ";

const log = logger("client");

/** What settles a request. */
type Result = Pick<Reply, "uid" | "result"> & Partial<Reply>;

/** The requests of one Client. */
export class Requests {
  readonly #connection: RequestConnection;
  readonly #onServiceGone: (service: string) => void;
  /** The requests that were sent. */
  readonly #pending = new UidMap<ClientRequest>();
  readonly #scheduler = new SendScheduler((request) => this.#send(request));
  readonly #offline: OfflineQueue;
  readonly #uids = new UidSource();
  readonly #budget = new ArrivalBudget();
  readonly #readLimit: number;
  readonly #parse: ParseJson | undefined;
  readonly #asyncStackTraces: boolean;
  readonly #trace: RequestsOptions["trace"];
  /** The extensions of the protocol that the Manager knows. */
  #managerExtensions: readonly string[] = [];
  /** Why a question of the Manager could not be answered, so that it will refuse a request. */
  #explanation: Error | undefined;

  constructor(
    connection: RequestConnection,
    {
      maxWaiting,
      onServiceGone,
      readLimit = Infinity,
      parse,
      asyncStackTraces = true,
      trace,
    }: RequestsOptions,
  ) {
    this.#parse = parse;
    this.#readLimit = readLimit;
    this.#asyncStackTraces = asyncStackTraces;
    this.#trace = trace;
    this.#connection = connection;
    this.#offline = new OfflineQueue(maxWaiting);
    this.#onServiceGone = onServiceGone;
  }

  /** Makes a request, and sends it as soon as it may be sent. */
  call<R>(
    service: string,
    attribute: string,
    call: Call,
    options: SendOptions<R> = {},
  ): Future<R> {
    return this.#make(service, attribute, call, options).resolvers.future as Future<R>;
  }

  /**
   * Makes a request whose result is a stream.
   *
   * @returns The Stream, and the Future of the request itself: to await a Stream would read it.
   */
  stream(
    service: string,
    attribute: string,
    call: Call,
    options: SendOptions<unknown> = {},
  ): { stream: Stream<unknown>; reply: Future<unknown> } {
    const values = new AsyncQueue<StreamItem<unknown>>();
    const window = new StreamWindow();
    const label = labelOf(service, attribute);
    const onValue: ClientRequest["onValue"] = (value, time, pieces) => {
      if (values.size < window.room) return values.push({ value, time, pieces });
      const overflow =
        `Cannot read ${label}: more than ${window.room} values came before they were read`;
      reply.cancel(showCaller(new ValueError(overflow), request.caller));
    };
    const request = this.#make(service, attribute, call, options, onValue);
    const outcome = Promise.withResolvers<RequestOutcome>();
    request.whenSettled(outcome.resolve);
    const reply = request.resolvers.future;
    const stream = new Stream({
      label,
      timeout: call.options.timeout,
      values,
      window,
      reply,
      outcome: outcome.promise,
      caller: request.caller,
      requestMore: (count) => this.#sendControl(request, STREAM, MORE_VALUES, count),
      onRead: (pieces) => request.arrival?.read(pieces),
    });
    return { stream, reply };
  }

  /** From now on the requests that need the link with a service wait: it is being restored. */
  hold(service: string): void {
    this.#offline.hold(service);
  }

  /** Whether the requests that need the link with a service wait. */
  isHeld(service: string): boolean {
    return this.#offline.isHeld(service);
  }

  /** Sends the requests that wait for the link with a service; later ones do not have to wait. */
  release(service: string): void {
    this.#offline.unhold(service);
    for (const request of this.#offline.take(service)) {
      if (request.state.state !== "waiting") continue; // settled by a callback of one before it
      request.ask();
      this.#submit(request);
    }
  }

  /** Rejects the requests that wait for the link with a service. Later ones still have to wait. */
  reject(service: string, errorOf: (label: string) => Error): void {
    for (const request of this.#offline.take(service)) request.reject(errorOf(request.label));
  }

  /**
   * The link with a service has ended for good: rejects the requests that wait for it.
   *
   * @returns Whether requests had to wait for it.
   */
  dropLink(service: string, errorOf: (label: string) => Error): boolean {
    const wasHeld = this.#offline.unhold(service);
    this.reject(service, errorOf);
    return wasHeld;
  }

  /** Fulfils the request with this uid. A Python Manager leaves it out for an administrator's. */
  fulfil(reply: Result): void {
    const { uid, result, size, time } = reply;
    const request = this.#complete(uid !== "" ? uid : this.#scheduler.current);
    if (request === undefined) {
      return ignore("a reply to", uid);
    }
    request.time = time;
    try {
      const value = isInParts(request, size)
        ? this.#arrivalOf(request).end(size)
        : KNOWS_ARRAYS
        ? withArrays(request, result, reply)
        : result;
      request.resolve(value);
    } catch (error) {
      request.reject(error);
    }
  }

  /** Gives a value of a stream to its reader. */
  give(message: StreamValue): void {
    const { uid, value, size, time, isWhole } = message;
    const request = this.#pending.get(uid);
    if (request === undefined) return;
    request.onTransfer?.("value");
    try {
      const isInOneLine = !isInParts(request, size);
      if (isInOneLine && !(KNOWS_ARRAYS && isWhole && takesWhole(request))) {
        return request.onValue?.(KNOWS_ARRAYS ? withArrays(request, value, message) : value, time);
      }
      const arrival = this.#arrivalOf(request);
      const given = KNOWS_ARRAYS && isInOneLine
        ? withArrays(request, value, message)
        : arrival.end(size!);
      request.onValue?.(given, time, arrival.wait(KNOWS_ARRAYS && isInOneLine));
    } catch (error) {
      this.spoil(uid, error as Error);
    }
  }

  /**
   * Reads the arrays of a result or a value of a stream that has come in a long line, with pauses, as
   * long as its request waits for it.
   *
   * @throws {ValueError} When one is none.
   */
  async readLongArrays(message: Result | StreamValue): Promise<void> {
    const request = KNOWS_ARRAYS ? this.#pending.get(message.uid) : undefined;
    if (!KNOWS_ARRAYS || request === undefined || formNow(request) === "lists") return;
    const isWanted = () => request.state.state === "sent";
    if ("value" in message) message.value = await readArraysInSteps(message.value, isWanted);
    else message.result = await readArraysInSteps(message.result, isWanted);
    message.areArraysRead = true;
  }

  /** Takes a piece of a result, or of a value of a stream. */
  takePart({ uid, content, size }: ResultPart): void {
    const request = this.#pending.get(uid);
    if (request === undefined || request.state.state !== "sent" || !request.state.usesParts) {
      return ignore("a piece of", uid);
    }
    request.onTransfer?.("part");
    try {
      this.#arrivalOf(request).add(content, size);
    } catch (error) {
      this.spoil(uid, error as Error);
    }
  }

  /** The service has room for so many more pieces of the arguments of a request. */
  addRoom({ uid, count }: RoomForParts): void {
    this.#pending.get(uid)?.credit?.add(count);
  }

  /** A message about the request with this uid cannot be read. */
  spoil(uid: string, error: Error): void {
    const request = this.#pending.get(uid);
    // Without that, its service would go on and send more values.
    if (request?.onValue !== undefined || request?.arrival !== undefined) {
      this.#sendControl(request, CANCEL, CANCEL_REQUEST);
    }
    this.fail(uid, error);
  }

  /** Fails the request with this uid. A Python Manager leaves some errors without one. */
  fail(uid: string, error: Error): void {
    const failed = uid !== "" ? uid : this.#uidOf(error);
    const reason = failed === this.#scheduler.current ? this.#explanation ?? error : error;
    const request = this.#complete(failed);
    if (request === undefined) {
      if (uid !== "") return ignore("the error of", uid);
      return log.warn("The Manager sent an error: {error}", { error: error.message });
    }
    if (isOfAbsence(error)) this.#onServiceGone(request.service);
    // If the Manager has rejected a piece, its service waits for it.
    if (request.credit !== undefined) this.#sendControl(request, CANCEL, CANCEL_REQUEST);
    const explaining = reason instanceof RemoteError &&
      request.explain?.(reason, request.attribute);
    if (explaining) explaining.then(() => request.reject(reason));
    else request.reject(reason);
  }

  /** The extensions of the protocol that the Manager is known to know. */
  get managerExtensions(): readonly string[] {
    return this.#managerExtensions;
  }

  /** Says why the administrator's request that is pending will fail. The first reason counts. */
  explain(error: Error): void {
    this.#explanation ??= error;
  }

  /** Whether a request was sent that is not answered. */
  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * The Manager is one of ours: it accepts other requests during an administrator's login.
   *
   * @param extensions The extensions of the protocol that it knows.
   */
  shareConnection(extensions: readonly string[] = []): void {
    this.#managerExtensions = extensions;
    this.#scheduler.share();
  }

  /**
   * The connection has ended: the requests that were sent will have no reply.
   *
   * @param isClosing Whether this Client has ended it.
   */
  disconnected(reason: string, isClosing: boolean): void {
    this.#scheduler.unshare();
    this.#managerExtensions = [];
    const pending = [...this.#pending];
    this.#pending.clear();
    this.#explanation = undefined;
    for (const [_uid, request] of pending) {
      const { service, attribute } = request;
      if (service === MANAGER && attribute === SHUTDOWN_MANAGER && !isClosing) {
        request.resolve(true);
      } else if (isClosing) request.abandon(unanswered(service, reason));
      else request.reject(unanswered(service, reason));
    }
    this.#scheduler.done(this.#scheduler.current);
  }

  /**
   * The connection has ended for good: rejects the requests that wait for it.
   *
   * @param isMeant Whether this Client has ended it.
   */
  end(errorOf: (label: string) => Error, isMeant = false): void {
    for (const request of this.#offline.takeAll()) {
      if (isMeant) request.abandon(errorOf(request.label));
      else request.reject(errorOf(request.label));
    }
  }

  /**
   * Waits until each request that was sent, and whose Future no code observes, is answered: its error
   * would be lost with the connection. Never rejects.
   *
   * @param timeout The longest wait, in milliseconds.
   */
  async unobservedAnswered(timeout: number): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const [_uid, request] of this.#pending) {
      if (!request.isLost) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      request.whenSettled(() => resolve());
      answers.push(promise);
    }
    if (answers.length > 0) await withTimeout(Promise.all(answers), timeout, () => {});
  }

  #make<R>(
    service: string,
    attribute: string,
    { args, kwargs, options }: Call,
    {
      adapt,
      link = service,
      peer,
      isAdministrative = false,
      failsOffline = false,
      onSettled,
      explain,
    }: SendOptions<R>,
    onValue?: ClientRequest["onValue"],
  ): ClientRequest {
    const { timeout, signal, onProgress, ignoreErrors = false, time: wantsTime = false } = options;
    const caller = this.#asyncStackTraces ? captureCaller() : undefined;
    const sent = haveLarge(args, kwargs, KNOWS_ARRAYS && peer?.extensions.includes(ARRAYS))
      ? Promise.withResolvers<void>()
      : undefined;
    const uid = this.#uids.next();
    const request: ClientRequest = new ClientRequest({
      service,
      attribute,
      args,
      kwargs,
      uid,
      resolvers: Future.withResolvers<unknown>({
        label: () => labelOf(service, attribute),
        timeout,
        onCancel: (_future, reason) => this.#cancelled(request, reason),
        sent: sent?.promise,
        ignoreErrors,
        caller,
        time: wantsTime ? () => request.time : undefined,
      }),
      deadline: timeout === undefined ? Infinity : performance.now() + timeout,
      adapt,
      link,
      peer,
      isAdministrative,
      failsOffline,
      onValue,
      onSent: sent?.resolve,
      onProgress,
      explain,
      ignoresErrors: ignoreErrors,
      caller,
      wantsTime,
    });
    if (onSettled !== undefined) request.whenSettled(onSettled);
    if (peer !== undefined) request.trace = this.#trace?.(request) ?? "";
    if (signal !== undefined) cancelOnAbort(request, signal);
    if (request.state.state === "settled") return request;
    try {
      request.args = givenArguments(args);
      // Now, since the caller may change the values later.
      const line = sent === undefined ? openRequest(request) : undefined;
      // A key of the caller could be taken for that of an array.
      if (line === undefined || mayHaveReserved(line)) this.#writeLarge(request);
      else request.encoded(line);
    } catch (cause) {
      request.reject(unsendable(attribute, cause));
      return request;
    }
    this.#submit(request);
    return request;
  }

  /** Writes large arguments, unless that takes so long that it is done while they are sent. */
  #writeLarge(request: ClientRequest): void {
    const { args, kwargs, peer } = request;
    // If the Manager is not known yet, or another one is there later, they are written once more.
    const large = new LargeArguments(args, kwargs, formFor(peer?.extensions ?? []));
    request.release(); // `large` holds the arguments
    request.large = large;
    if (large.isWritten) request.onSent?.();
  }

  /** Sends a request that was asked, or adds it to the offline queue. */
  #submit(request: ClientRequest): void {
    const { isUp, reconnects } = this.#connection;
    const mustWait = reconnects && (!isUp || this.#offline.isHeld(request.link));
    if (mustWait && !request.failsOffline) this.#offline.add(request);
    else this.#scheduler.schedule(request);
  }

  /** Sends a request whose turn it is. Returns whether its reply is pending now. */
  #send(request: ClientRequest): boolean {
    const { attribute, deadline, failsOffline } = request;
    if (request.state.state === "settled") return false; // it was cancelled before its turn
    const { current, isUp, reconnects, manager } = this.#connection;
    if (deadline !== Infinity && deadline < performance.now()) {
      request.reject(notSentInTime(request));
      return false;
    }
    if (!isUp && reconnects && !failsOffline) {
      this.#offline.add(request);
      return false;
    }
    if (!isUp) {
      const message = `Cannot request ${attribute}: not connected to ${manager}`;
      request.reject(new ConnectionAbortedError(message));
      return false;
    }
    const extensions = request.peer?.extensions ?? [];
    const usesParts = this.#managerExtensions.includes(PARTS) && extensions.includes(PARTS);
    const isHindered = KNOWS_ARRAYS && !this.#managerExtensions.includes(ARRAYS);
    const used = isHindered ? extensions.filter((name) => name !== ARRAYS) : extensions;
    request.send(used, usesParts);
    if (request.uid === this.#scheduler.current) this.#explanation = undefined;
    this.#pending.set(request.uid, request);
    const isStreamed = request.onValue !== undefined && extensions.includes(STREAM);
    const stream = isStreamed ? `,"stream":${WINDOW}` : "";
    const time = request.wantsTime && extensions.includes(TIME) ? `,"time":true` : "";
    const trace = request.trace !== "" && extensions.includes(TRACE) ? request.trace : "";
    const whole = KNOWS_ARRAYS && isStreamed && takesWhole(request) ? `,"whole":true` : "";
    const end = `${stream}${usesParts ? `,"parts":1` : ""}${whole}${time}${trace}}`;
    const { line } = request;
    if (line === undefined) {
      this.#sendLarge(current!, request, end);
      return true;
    }
    current!.sendText(line + end);
    request.release();
    return true;
  }

  /** Sends a request with large arguments, before later requests to its service. */
  async #sendLarge(
    connection: SendingConnection,
    request: ClientRequest,
    end: string,
  ): Promise<void> {
    const { uid, service, attribute, link, deadline, state } = request;
    const isWanted = () => request.state === state; // it is sent, and not sent again
    this.#scheduler.block(service);
    let large = request.large!;
    try {
      if (KNOWS_ARRAYS) large = request.large = large.in(formNow(request));
      const usesParts = state.state === "sent" && state.usesParts;
      const value = usesParts ? await large.inParts() : undefined;
      const isShort = value === undefined ||
        value.json.size <= PIECE_SIZE && (!KNOWS_ARRAYS || value.arrays.length === 0);
      const texts = isShort ? await large.texts() : [];
      if (!isWanted()) return this.#scheduler.done(uid); // it was cancelled
      if (deadline < performance.now()) throw notSentInTime(request);
      if (this.#connection.reconnects && this.#offline.isHeld(link)) { // its service has gone
        this.#complete(uid);
        return this.#offline.add(request);
      }
      if (isShort) {
        // A cancellation while another line is being sent would arrive before this one.
        await connection.sendPieces([beginRequest(request), ...texts, end], isWanted);
      } else {
        if (value.isHeld) request.onSent?.();
        const head = `${beginRequest(request)}[],"kwargs":{},"size":${sizeInParts(value)}`;
        connection.sendText(head + end);
        const credit = request.credit = new Credit(1);
        const lineOf = (content: readonly string[]) => {
          request.onTransfer?.("part");
          return encodeArgumentsPart({ service, uid }, content);
        };
        const onProgress = progressOf(request, "sent");
        await sendParts(value, { connection, credit, lineOf, isWanted, onProgress });
      }
      if (isWanted()) request.sent();
    } catch (cause) {
      if (request.credit !== undefined) this.#sendControl(request, CANCEL, CANCEL_REQUEST);
      this.#complete(uid);
      request.reject(cause instanceof TimeoutError ? cause : unsendable(attribute, cause));
    } finally {
      large.releaseTexts();
      for (const next of this.#scheduler.unblock(service)) this.#submit(next);
    }
  }

  /** What arrives in pieces for a request. */
  #arrivalOf(request: ClientRequest): Arrival {
    return request.arrival ??= new Arrival({
      budget: this.#budget,
      limit: this.#readLimit,
      parse: this.#parse,
      isStream: request.onValue !== undefined,
      ...(KNOWS_ARRAYS && { knowsArrays: formNow(request) !== "lists" }),
      giveRoom: (count) => this.#sendControl(request, PARTS, ROOM, count),
      onProgress: progressOf(request, "received"),
    });
  }

  /** The caller has cancelled a request. */
  #cancelled(request: ClientRequest, reason: unknown): void {
    const { state } = request.state;
    if (state === "sent" && this.#pending.take(request.uid) !== undefined) {
      this.#sendControl(request, CANCEL, CANCEL_REQUEST);
    }
    if (state === "waiting") this.#offline.delete(request);
    request.cancelled(reason);
  }

  /** Sends a message about a request that was sent, to a service that knows such messages. */
  #sendControl(
    { service, uid, state }: ClientRequest,
    extension: string,
    attribute: Control,
    ...args: number[]
  ): void {
    if (state.state !== "sent" || !state.extensions.includes(extension)) return;
    this.#connection.current?.sendText(encodeControl({ service, uid }, attribute, ...args));
  }

  /** Takes a request out of the pending ones, and lets the next one of an administrator be sent. */
  #complete(uid: string | undefined): ClientRequest | undefined {
    if (uid === undefined) return undefined;
    const request = this.#pending.take(uid);
    // Also if the caller has cancelled it: only now may the next one be sent.
    this.#scheduler.done(uid);
    return request;
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
    return this.#scheduler.current ?? all[0]?.[0];
  }
}

/**
 * Whether arguments are large, or have arrays that the service may know. `false` if they cannot be
 * read, which writing them reports.
 */
function haveLarge(args: readonly unknown[], kwargs: JsonObject, knowsArrays?: boolean): boolean {
  const isOne = KNOWS_ARRAYS && knowsArrays ? isLargeOrHasArrays : isLarge;
  try {
    return isOne(args) || isOne(kwargs);
  } catch {
    return false;
  }
}

/** A result or a value of a stream that came in one line, with its arrays. */
function withArrays(
  request: ClientRequest,
  value: unknown,
  { areArraysRead }: { areArraysRead?: boolean },
): unknown {
  return areArraysRead || formNow(request) === "lists" ? value : readArrays(value);
}

/** The form of arrays for a request that is sent. */
function formNow({ state }: ClientRequest): ArrayForm {
  if (state.state !== "sent" || !state.extensions.includes(ARRAYS)) return "lists";
  return state.usesParts ? "parts" : "inline";
}

/** Whether a value of its stream may come in one line in the place of a piece. */
function takesWhole(request: ClientRequest): boolean {
  return formNow(request) === "parts";
}

/** The form of arrays for a device with these extensions. */
function formFor(extensions: readonly string[]): ArrayForm {
  if (!KNOWS_ARRAYS || !extensions.includes(ARRAYS)) return "lists";
  return extensions.includes(PARTS) ? "parts" : "inline";
}

/** Whether a value has come in pieces, since a request has offered room for them. */
function isInParts({ state }: ClientRequest, size: number | undefined): size is number {
  return size !== undefined && state.state === "sent" && state.usesParts;
}

/** Calls the handler for the progress of a request; `undefined` if there is none. */
function progressOf(
  { onProgress, label }: ClientRequest,
  direction: "sent" | "received",
): ((done: number, total: number) => void) | undefined {
  if (onProgress === undefined) return undefined;
  return (done, total) =>
    void callHandler("onProgress", label, () => onProgress(done, total, direction));
}

/** Cancels a request when a signal is aborted, with the signal's reason. */
function cancelOnAbort(request: ClientRequest, signal: NonNullable<CallOptions["signal"]>): void {
  const cancel = () => request.resolvers.future.cancel(signal.reason);
  if (signal.aborted) return void cancel();
  signal.addEventListener("abort", cancel, { once: true });
  request.whenSettled(() => signal.removeEventListener("abort", cancel));
}

/** Whether a Manager says that there is no such service. */
function isOfAbsence(error: Error): boolean {
  return error instanceof RemoteError && error.remoteName === "KeyError" &&
    error.message.includes(NOT_CONNECTED);
}

function ignore(what: string, uid: string): void {
  log.debug(`Ignored ${what} {uid}, which is not pending`, { uid });
}
