/**
 * The Stream: the values that a generator of a Service yields, read one by one as they come.
 *
 * It takes no more values than it has room for: whoever reads them slowly slows the Service down,
 * and whoever stops reading ends it.
 *
 * @module
 */

import type { AsyncQueue } from "./async_queue.ts";
import { CancelledError } from "../errors.ts";
import { Future, type ValueOf, type WaitOptions } from "../future.ts";

/** How many values may have been sent that nobody has read yet. */
export const WINDOW = 32;

/** What a Stream is made of. */
export interface StreamParts<T> {
  /** What the values are of, for error messages. */
  label: string;
  /** How long each value may take, in milliseconds; `undefined` for no limit. */
  timeout: number | undefined;
  /** The values that were received and not read. */
  values: AsyncQueue<T>;
  /** Fulfilled after the last value; with an array, where the values come as a whole. */
  reply: Future<unknown>;
  /** Lets the Service send so many more values. */
  requestMore: (count: number) => void;
}

/**
 * The values of a method that is a generator.
 *
 * `for await` gives each as it comes, and leaving the loop ends the method. To `await` the Stream
 * instead gives all of them, as it does of any other Future. Values are for one reader: several
 * loops over one Stream share them, and what is awaited after a loop is what the loop has left.
 *
 * The Stream is cancelled when a value takes longer than the time-out that the call was made with.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect();
 * const dmm = await cxn.link<{ readings(): AsyncGenerator<number> }>("DigitalMultimeter");
 * for await (const reading of dmm.readings()) {
 *   console.log(reading);
 *   if (reading > 5) break; // the method hears of it, and ends
 * }
 * const all = await dmm.readings();
 * ```
 */
export class Stream<T> extends Future<T[]> {
  readonly #parts: StreamParts<T>;
  readonly #resolve: (values: T[]) => void;
  readonly #reject: (error: unknown) => void;
  /** How many values were taken since more were asked for. */
  #taken = 0;
  /** Whether somebody has asked for all values as an array. */
  #isCollected = false;

  /** Made by a Link. */
  constructor(parts: StreamParts<T>) {
    let resolve!: (values: T[]) => void;
    let reject!: (error: unknown) => void;
    super({ label: parts.label }, (...settle) => [resolve, reject] = settle);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#parts = parts;
    this.#finish();
  }

  /** The values as they come. */
  override [Symbol.asyncIterator](): AsyncGenerator<ValueOf<T[]>, void, undefined> {
    if (this.#isCollected) return super[Symbol.asyncIterator]();
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

  /** Waits for all values. */
  override result(options?: WaitOptions): Promise<T[]> {
    this.#collect();
    return super.result(options);
  }

  /** Waits for all values, and gives the error that came instead of one. */
  override exception(options?: WaitOptions): Promise<unknown> {
    this.#collect();
    return super.exception(options);
  }

  /** Calls a function when all values are there. */
  override addDoneCallback(callback: (future: Future<T[]>) => void): void {
    this.#collect();
    super.addDoneCallback(callback);
  }

  /** As of a promise of all values. */
  override then<A = T[], B = never>(
    onFulfilled?: ((values: T[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#collect();
    return super.then(onFulfilled, onRejected);
  }

  /** Stops reading, and has the method end. */
  override cancel(reason?: unknown): boolean {
    if (this.done()) return this.cancelled();
    const { reply, values, label } = this.#parts;
    const error = reason ?? new CancelledError(`${label} was cancelled`);
    reply.cancel(error);
    values.clear(error);
    return super.cancel(error);
  }

  /** What `Object.prototype.toString` shows. */
  override get [Symbol.toStringTag](): string {
    return "Stream";
  }

  /** Waits for the answer, which comes after the last value. */
  async #finish(): Promise<void> {
    const { reply, values, label } = this.#parts;
    try {
      const result = await reply.result();
      if (Array.isArray(result)) { for (const value of result) values.push(value); }
      else if (result !== null) throw new TypeError(`The result of ${label} is no stream`);
      values.complete();
    } catch (error) {
      if (reply.cancelled()) this.cancel(error);
      values.fail(error);
    }
  }

  async #collect(): Promise<void> {
    if (this.#isCollected) return;
    this.#isCollected = true;
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
      if (next.done) this.#resolve([]); // nothing is left
      return next;
    } catch (error) {
      this.#reject(error);
      throw error;
    }
  }

  async #take(): Promise<IteratorResult<T, undefined>> {
    const { values, label, timeout, requestMore, reply } = this.#parts;
    let next: IteratorResult<T, undefined>;
    try {
      next = await values.take(label, timeout);
    } catch (error) {
      reply.cancel(error); // a value took too long: nobody reads the others
      throw error;
    }
    if (!next.done && ++this.#taken >= WINDOW / 2) {
      requestMore(this.#taken);
      this.#taken = 0;
    }
    return next;
  }
}
