/**
 * A request that a Service is answering: what it requests, whether it was cancelled, and the credit
 * of its stream. `dispatcher.ts` calls the method and sends the reply.
 *
 * @module
 */

import type { ArgumentsArrival } from "./arguments_arrival.ts";
import { Credit } from "../base/credit.ts";
import { readArguments, readArgumentsInSteps } from "../wire/array_reader.ts";
import { INLINE_ARRAYS } from "../wire/array_writer.ts";
import type { ArrayWriter } from "../wire/json.ts";
import type { JsonObject, Request } from "../wire/message.ts";
import type { RpcSpan } from "../wire/rpc_span.ts";
import { timeOf } from "./time.ts";

/**
 * The request that a method is answering: {@linkcode Service.request}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { Service } from "@msl/network";
 *
 * class Page extends Service {
 *   async read(url: string): Promise<string> {
 *     const { requester, signal } = this.request!;
 *     console.log(`${requester} reads ${url}`);
 *     const response = await fetch(url, { signal }); // ends when the Client cancels
 *     return await response.text();
 *   }
 * }
 * ```
 */
export interface ServiceRequest {
  /** The network name of the Client, `name[host:port]`. */
  readonly requester: string;
  /** The attribute that is requested. */
  readonly attribute: string;
  /** The arguments by position. */
  readonly args: readonly unknown[];
  /** The arguments by name. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The identifier that the Client has given the request. */
  readonly uid: string;
  /**
   * Aborted when the reply is not needed any more: the Client has cancelled the request or has
   * disconnected, or the connection of the Service has ended. The signal of a stream is aborted too
   * when the Service shuts down. A Client or a Manager of the Python software never cancels.
   */
  readonly signal: AbortSignal;
  /**
   * Called while a large result or value of a stream is sent, with the bytes of JSON that were sent
   * and those in all. A method sets it before it returns. Only what has more than 256 KiB of JSON is
   * reported, and only to a Client of this package. Its errors are logged. Default: `undefined`.
   */
  onProgress: ((done: number, total: number) => unknown) | undefined;
  /**
   * When the reading was taken that the method returns, or the generator yields next, in milliseconds
   * since 1970, e.g. `date.getTime()`; it is rounded. A method sets it that returns a reading of an
   * earlier time. Clients get it as the `time` of their Future or Stream. Default: `undefined`, the
   * time at which the method returns or the generator yields. What is set holds for one value.
   */
  time: number | undefined;
}

/** A request from its arrival until its reply is sent. */
export class ActiveRequest implements ServiceRequest {
  readonly requester: string;
  readonly attribute: string;
  readonly uid: string;
  onProgress: ((done: number, total: number) => unknown) | undefined;
  time: number | undefined;
  /** The arguments that arrive in pieces; `undefined` if they are there. */
  arrival: ArgumentsArrival | undefined;
  /** Whether the client knows arrays of numbers. It gets lists if not. */
  readonly knowsArrays: boolean;
  /** Whether a value of a stream with long arrays may be one line, in the place of a piece. */
  readonly takesWhole: boolean;
  /** The span of the request; `undefined` where nothing is traced. */
  span: RpcSpan | undefined;
  /** Whether the Service has replied that it does not wait for the method any more. */
  isAbandoned = false;
  /** The pieces that the client has room for at first; `undefined` if it takes one line. */
  readonly #room: number | undefined;
  /** Made for the first large value: most results are not large. */
  #parts: Credit | undefined;
  #args: readonly unknown[];
  #kwargs: JsonObject;
  /** Whether the client wants to know when the reading was taken. */
  readonly #wantsTime: boolean;
  /** The values that the client has room for; `undefined` if it reads no streams. */
  readonly #stream: Credit | undefined;
  /** Made when the signal is first read: most methods never do. */
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(
    {
      requester,
      attribute,
      args,
      kwargs,
      uid,
      stream,
      parts,
      takesWhole,
      wantsTime,
      knowsArrays,
    }: Request,
  ) {
    this.requester = requester ?? "";
    this.knowsArrays = knowsArrays;
    this.takesWhole = takesWhole;
    this.attribute = attribute;
    this.#args = args;
    this.#kwargs = kwargs;
    this.uid = uid;
    this.onProgress = undefined;
    this.time = undefined;
    this.#wantsTime = wantsTime;
    this.#stream = stream === undefined ? undefined : new Credit(stream);
    this.#room = parts;
  }

  /** The pieces of the result that the client has room for; `undefined` if it takes one line. */
  get parts(): Credit | undefined {
    if (this.#room === undefined) return undefined;
    return this.#parts ??= new Credit(this.#room);
  }

  /** What writes the arrays of numbers of a short result; `undefined` for lists. */
  get arrays(): ArrayWriter | undefined {
    return this.knowsArrays ? INLINE_ARRAYS : undefined;
  }

  get args(): readonly unknown[] {
    return this.#args;
  }

  get kwargs(): Readonly<Record<string, unknown>> {
    return this.#kwargs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether the reply is not needed any more. */
  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Why the reply is not needed any more. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Whether the client reads the values of a stream one by one. */
  get isStreamed(): boolean {
    return this.#stream !== undefined;
  }

  /** The time of the result, for a client that wants it. */
  takeResultTime(): number | undefined {
    return this.#wantsTime ? this.takeTime() : undefined;
  }

  /** The time of a reading: what the method has set, or now. What it has set is used once. */
  takeTime(): number {
    const { time } = this;
    this.time = undefined;
    return timeOf(time);
  }

  /** The reply is not needed any more. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
    this.#parts?.close();
    this.arrival?.close();
  }

  /**
   * Puts the arrays in the arguments, which came in one line, in their places.
   *
   * @throws {ValueError} When an array is none.
   */
  readArrays(): void {
    if (this.#args.every(isSimple) && Object.keys(this.#kwargs).length === 0) return;
    [this.#args, this.#kwargs] = readArguments([...this.#args], this.#kwargs);
  }

  /**
   * The same with pauses, for arguments that came in a long line.
   *
   * @throws {ValueError} When an array is none.
   */
  async readLongArrays(): Promise<void> {
    const isWanted = () => !this.isAborted;
    const read = await readArgumentsInSteps([...this.#args], this.#kwargs, isWanted);
    [this.#args, this.#kwargs] = read;
  }

  /** Takes the arguments, which have arrived in pieces. */
  takeArguments(args: readonly unknown[], kwargs: JsonObject): void {
    this.arrival?.close();
    this.arrival = undefined;
    this.#args = args;
    this.#kwargs = kwargs;
  }

  /** The client has room for so many more values. */
  addCredit(count: number): void {
    this.#stream?.add(count);
  }

  /** Waits until one more value of a stream may be sent, and takes its credit. */
  async takeCredit(): Promise<void> {
    await this.#stream?.take();
  }
}

/** Whether a value has no other values in it. */
function isSimple(value: unknown): boolean {
  return typeof value !== "object";
}
