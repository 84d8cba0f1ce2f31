/**
 * The Stream: the values that a generator of a Service yields, read one by one as they arrive.
 *
 * A slow reader slows the generator down, and nothing between the two holds more than the window of
 * `stream_window.ts`. A reader that stops ends the generator.
 *
 * @module
 */

import type { AsyncQueue } from "./async_queue.ts";
import { showCaller } from "../base/caller.ts";
import { CancelledError } from "../errors.ts";
import { Future, type ValueOf, type WaitOptions } from "../future.ts";
import type { RequestOutcome } from "./request.ts";
import type { StreamWindow } from "./stream_window.ts";

/** A value of a Stream. */
export interface StreamItem<T> {
  value: T;
  /** When it was taken, in milliseconds since 1970, if the Service says it. */
  time: number | undefined;
  /** How many pieces it had. Default: none. */
  pieces?: number;
}

/** What a Stream is made of. */
export interface StreamParts<T> {
  /** The method and the Service, for error messages. */
  label: string;
  /** How long to wait for each value, in milliseconds; `undefined` for no limit. */
  timeout: number | undefined;
  /** The values that were received and not read. */
  values: AsyncQueue<StreamItem<T>>;
  /** How many more may be sent. */
  window: StreamWindow;
  /**
   * Fulfilled after the last value; with an array, where the values come as a whole. It is observed
   * when the Stream is.
   */
  reply: Future<unknown>;
  /** How the reply has ended. */
  outcome: Promise<RequestOutcome>;
  /** Where the Stream was requested; `undefined` if the stacks of errors do not show that. */
  caller: { readonly stack?: string } | undefined;
  /** Lets the Service send so many more values. */
  requestMore: (count: number) => void;
  /** Called when a value is read that had so many pieces. */
  onRead: (pieces: number) => void;
}

/**
 * The values of a method that is a generator.
 *
 * `for await` gives each value as it arrives. Leaving the loop ends the method. To `await` the
 * Stream instead gives all values as an array. Values are for one reader: several loops over one
 * Stream share them, and `await` after a loop gives the values that the loop has left.
 *
 * At most 32 values are sent before they are read; the generator waits then. Of a stream that is read
 * faster, those of the last 200 ms are sent, 512 at most. If a value takes
 * longer than the `timeout` of the call (in milliseconds), the Stream is cancelled and the reader
 * gets a {@linkcode TimeoutError}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect();
 * const dmm = await cxn.link<{ readings(): AsyncGenerator<number> }>("DigitalMultimeter");
 * for await (const reading of dmm.readings()) {
 *   console.log(reading);
 *   if (reading > 5) break; // this ends the generator
 * }
 * const all = await dmm.readings();
 * ```
 */
export class Stream<T> extends Future<T[]> {
  readonly #parts: StreamParts<T>;
  readonly #resolve: (values: T[]) => void;
  readonly #reject: (error: unknown) => void;
  /** When the value that was read last was taken. */
  #time: number | undefined;
  /** Whether all values are being collected in an array. */
  #isCollected = false;

  /** A Link makes Streams. */
  constructor(parts: StreamParts<T>) {
    let resolve!: (values: T[]) => void;
    let reject!: (error: unknown) => void;
    const { label, reply, caller } = parts;
    super({ label, sent: reply.sent, caller }, (...settle) => [resolve, reject] = settle);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#parts = parts;
    this.#finish();
  }

  /** The values as they arrive. The loop throws the error that ends the Stream. */
  override [Symbol.asyncIterator](): AsyncGenerator<ValueOf<T[]>, void, undefined> {
    if (this.#isCollected) return super[Symbol.asyncIterator]();
    this.#observe();
    const leave = () => {
      this.cancel();
      return Promise.resolve({ value: undefined, done: true } as const);
    };
    const iterator: AsyncGenerator<T, void, undefined> = {
      next: () => this.#next(),
      return: leave,
      throw: (error) => {
        this.cancel();
        return Promise.reject(error);
      },
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: () => leave().then(() => {}),
    };
    return iterator;
  }

  /**
   * Waits for all values.
   *
   * @throws {TimeoutError} If they have not all arrived within `timeout` milliseconds.
   * @throws {CancelledError} If the Stream is cancelled.
   * @throws {RemoteError} If the generator fails.
   * @throws {ConnectionAbortedError} If the Service or the connection ends first.
   */
  override result(options?: WaitOptions): Promise<T[]> {
    this.#collect();
    return super.result(options);
  }

  /**
   * Waits until the Stream ends, and gives the error that ended it; `null` if there is none.
   *
   * @throws {TimeoutError} If it has not ended within `timeout` milliseconds.
   * @throws {CancelledError} If the Stream is cancelled.
   */
  override exception(options?: WaitOptions): Promise<unknown> {
    this.#collect();
    return super.exception(options);
  }

  /** Calls a function when all values have arrived, or the Stream has failed. */
  override addDoneCallback(callback: (future: Future<T[]>) => void): void {
    this.#collect();
    super.addDoneCallback(callback);
  }

  /** As of a promise of the array of all values. */
  override then<A = T[], B = never>(
    onFulfilled?: ((values: T[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#collect();
    return super.then(onFulfilled, onRejected);
  }

  /** Stops reading and ends the generator. Readers get the reason, or a `CancelledError`. */
  override cancel(reason?: unknown): boolean {
    if (this.done()) return this.cancelled();
    const { reply, values, label, caller } = this.#parts;
    const error = reason ?? showCaller(new CancelledError(`${label} was cancelled`), caller);
    reply.cancel(error);
    values.clear(error);
    return super.cancel(error);
  }

  /**
   * When the value that was read last was taken, in milliseconds since 1970 by the clock of the
   * Service. `undefined` before the first one, and from a Service that does not say it.
   *
   * @example
   * ```ts
   * import { assert, assertEquals } from "@std/assert";
   * import { connect, Service } from "@msl/network";
   * import { TestManager } from "@msl/network/testing";
   *
   * class Logger extends Service {
   *   *stored(): Generator<number> {
   *     this.request!.time = Date.UTC(2026, 0, 31); // the instrument has stored it then
   *     yield 21.5;
   *     yield 22; // now
   *   }
   * }
   *
   * await using manager = await TestManager.start();
   * await using service = new Logger();
   * await service.start(manager.connectOptions);
   * await using cxn = await connect(manager.connectOptions);
   * const logger = await cxn.link<Logger>("Logger");
   * const readings = logger.stored();
   * const times: number[] = [];
   * for await (const _reading of readings) times.push(readings.time!);
   * assertEquals(times[0], Date.UTC(2026, 0, 31));
   * assert(times[1] <= Date.now());
   * ```
   */
  override get time(): number | undefined {
    return this.#time;
  }

  /** The tag in `Object.prototype.toString()`. */
  override get [Symbol.toStringTag](): string {
    return "Stream";
  }

  /** Waits for the reply, which arrives after the last value. */
  async #finish(): Promise<void> {
    const { reply, outcome, values, label, caller } = this.#parts;
    const ended = await outcome;
    if (ended.state === "cancelled") this.cancel(ended.error);
    if (ended.state !== "fulfilled") return values.fail(ended.error);
    const { result } = ended;
    if (Array.isArray(result)) {
      for (const value of result) values.push({ value, time: reply.time });
    } else if (result !== null) {
      return values.fail(showCaller(new TypeError(`The result of ${label} is no stream`), caller));
    }
    values.complete();
  }

  /** The Stream is read: its errors reach the reader. */
  #observe(): void {
    this.#parts.reply.catch(() => {});
    super.then(undefined, () => {}); // not catch(), which would read the values
  }

  async #collect(): Promise<void> {
    if (this.#isCollected) return;
    this.#isCollected = true;
    this.#observe();
    const collected: T[] = [];
    try {
      for (let next; !(next = await this.#take()).done;) collected.push(next.value);
      this.#resolve(collected);
    } catch (error) {
      this.#reject(error);
    }
  }

  /** The next value of a loop. */
  async #next(): Promise<IteratorResult<T, void>> {
    try {
      const next = await this.#take();
      if (next.done) this.#resolve([]); // no value is left to collect
      return next;
    } catch (error) {
      this.#reject(error);
      throw error;
    }
  }

  async #take(): Promise<IteratorResult<T, undefined>> {
    const { values, window, label, timeout, requestMore, onRead, reply } = this.#parts;
    const hasWaited = values.size === 0;
    let next: IteratorResult<StreamItem<T>, undefined>;
    try {
      next = await values.take(label, timeout);
    } catch (error) {
      if (!this.#parts.reply.done()) showCaller(error, this.#parts.caller); // the TimeoutError
      reply.cancel(error); // a value took too long: the others are not read
      throw error;
    }
    if (next.done) return next;
    const { value, time, pieces } = next.value;
    if (pieces) onRead(pieces);
    const more = window.read(hasWaited);
    if (more > 0) requestMore(more);
    this.#time = time;
    return { value, done: false };
  }
}
