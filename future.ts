/**
 * The Future: the result that a request will have, or the exception.
 *
 * It is a promise (`await future`), and has what Python users know of `concurrent.futures`. The
 * request was sent when the Future was made: to `await` each call before the next one is the
 * synchronous style, to keep the Futures and ask for their results later the asynchronous one.
 *
 * @module
 */

import { CancelledError, TimeoutError } from "./errors.ts";
import { logger } from "./base/log.ts";
import { remaining, withTimeout } from "./base/with_timeout.ts";

/** How long to wait for a Future. */
export interface WaitOptions {
  /** The longest wait, in milliseconds. Default: no limit. */
  timeout?: number;
}

/** When {@linkcode Future.wait} has waited for enough. */
export type ReturnWhen = "FIRST_COMPLETED" | "FIRST_EXCEPTION" | "ALL_COMPLETED";

/** What a Future is made with. */
export interface FutureOptions<T> extends WaitOptions {
  /**
   * What the result is of, for error messages, e.g. `"add of the 'BasicMath' service"`, or a
   * function that says so when it is needed.
   */
  label?: string | (() => string);
  /** Called once if the Future is cancelled. */
  onCancel?(future: Future<T>): void;
}

/** A Future with the functions that settle it. */
export interface FutureWithResolvers<T> {
  /** The Future. */
  future: Future<T>;
  /** Gives it its result. */
  resolve: (value: T) => void;
  /** Gives it its error. */
  reject: (error: unknown) => void;
}

/** What a loop over a Future gives: the values of its array. */
// deno-lint-ignore no-explicit-any -- what an unknown method returns, the caller knows
export type ValueOf<T> = T extends readonly (infer Value)[] ? Value : any;

/** Gives Futures in the order in which they are done, see {@linkcode Future.asCompleted}. */
export interface FutureIterator<F extends Future<unknown>, _Copy> {
  /** Waits for the next one that is done. */
  next(): Promise<IteratorResult<F, undefined>>;
  /** The same object. */
  [Symbol.asyncIterator](): CompletedFutures<F>;
}

/**
 * What `for await` takes Futures from. TypeScript believes that it awaits them as well, which it
 * does not: of an `AsyncIterable`, and of any other type from the second loop on, but not of a union.
 */
export type CompletedFutures<F extends Future<unknown>> =
  | FutureIterator<F, 1>
  | FutureIterator<F, 2>;

type State<T> =
  | { state: "pending" }
  | { state: "fulfilled"; value: T }
  | { state: "rejected"; error: unknown }
  | { state: "cancelled"; error: unknown };

const log = logger("future");

/**
 * The result that a request will have.
 *
 * A Future that is rejected and that nobody waits for never ends the process.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { future, resolve } = Future.withResolvers<number>();
 * future.addDoneCallback((done) => assertEquals(done.done(), true));
 * resolve(3);
 * assertEquals(await future, 3);
 * assertEquals(await future.result({ timeout: 1_000 }), 3);
 * ```
 */
export class Future<T> implements Promise<T> {
  // With methods rather than function members, a Future<number> is a Future<unknown> too.
  readonly #deferred: {
    readonly promise: Promise<T>;
    resolve(value: T): void;
    reject(error: unknown): void;
  } = Promise.withResolvers<T>();
  readonly #givenLabel: string | (() => string);
  readonly #onCancel: FutureOptions<T>["onCancel"];
  /** When `await` gives up, in milliseconds of `performance.now()`. */
  readonly #deadline: number | undefined;
  readonly #timeout: number | undefined;
  #state: State<T> = { state: "pending" };
  #callbacks: (() => void)[] | undefined;

  /**
   * Made by {@linkcode Future.withResolvers}, or a subclass.
   *
   * @param executor Called at once with the functions that settle the Future.
   */
  protected constructor(
    options: FutureOptions<T>,
    executor?: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ) {
    this.#givenLabel = options.label ?? "the Future";
    this.#onCancel = options.onCancel;
    this.#timeout = options.timeout;
    if (options.timeout !== undefined) this.#deadline = performance.now() + options.timeout;
    executor?.(
      (value) => this.#settle({ state: "fulfilled", value }),
      (error) => this.#settle({ state: "rejected", error }),
    );
  }

  /** A new Future, and the functions that settle it. The first one that is called counts. */
  static withResolvers<T>(options: FutureOptions<T> = {}): FutureWithResolvers<T> {
    const future = new Future<T>(options);
    return {
      future,
      resolve: (value) => future.#settle({ state: "fulfilled", value }),
      reject: (error) => future.#settle({ state: "rejected", error }),
    };
  }

  /**
   * Waits for several Futures.
   *
   * @returns The Futures that are done (in their given order) and those that are not, as soon as
   * `returnWhen` (default: `"ALL_COMPLETED"`) is met or the time is over. Never rejects.
   */
  static async wait<F extends Future<unknown>>(
    futures: Iterable<F>,
    options: WaitOptions & { returnWhen?: ReturnWhen } = {},
  ): Promise<{ done: Set<F>; notDone: Set<F> }> {
    const all = [...new Set(futures)];
    const { returnWhen = "ALL_COMPLETED", timeout } = options;
    const enough = Promise.withResolvers<void>();
    let open = all.length;
    if (open === 0) enough.resolve();
    for (const future of all) {
      future.addDoneCallback(() => {
        open--;
        if (
          open === 0 || returnWhen === "FIRST_COMPLETED" ||
          (returnWhen === "FIRST_EXCEPTION" && future.#failed())
        ) enough.resolve();
      });
    }
    await withTimeout(enough.promise, timeout, () => undefined);
    return {
      done: new Set(all.filter((future) => future.done())),
      notDone: new Set(all.filter((future) => !future.done())),
    };
  }

  /**
   * The Futures in the order in which they are done; those that are done already come first.
   *
   * @param options `timeout` counts from this call. When it is over and some Futures are not
   * done, the next one that is asked for is a {@linkcode TimeoutError}.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect, Future } from "@msl/network";
   *
   * await using cxn = await connect();
   * const bm = await cxn.link("BasicMath");
   * for await (const future of Future.asCompleted([bm.add(1, 2), bm.power(2, 4)])) {
   *   console.log(await future);
   * }
   * ```
   */
  static asCompleted<F extends Future<unknown>>(
    futures: Iterable<F>,
    options: WaitOptions = {},
  ): CompletedFutures<F> {
    const all = new Set(futures);
    const { timeout } = options;
    const deadline = timeout === undefined ? undefined : performance.now() + timeout;
    const completed: F[] = [];
    let given = 0;
    let wake = Promise.withResolvers<void>();
    for (const future of all) {
      if (future.done()) completed.push(future);
      else {
        future.addDoneCallback(() => {
          completed.push(future);
          wake.resolve();
          wake = Promise.withResolvers();
        });
      }
    }
    // Not a generator: `yield` would wait for the Future and give its value.
    return {
      async next() {
        if (given === all.size) return { value: undefined, done: true };
        const index = given++; // taken at once: next() may be called again before this one answers
        while (completed.length <= index) {
          await withTimeout(wake.promise, remaining(deadline), () => {
            given--;
            const open = all.size - completed.length;
            throw new TimeoutError(
              `${open} of ${all.size} Futures were not done within ${timeout} ms`,
            );
          });
        }
        return { value: completed[index], done: false };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Waits for the result.
   *
   * @throws {TimeoutError} If it is not there in time. The Future stays as it is, and a later
   * `result()` still gives the value.
   * @throws What the request was answered with, if that is an error.
   */
  result(options: WaitOptions = {}): Promise<T> {
    return this.#withTimeout(this.#deferred.promise, options.timeout, options.timeout);
  }

  /**
   * Waits for the error.
   *
   * @returns The error, or `null` if there is a result instead.
   * @throws {TimeoutError} If neither is there in time.
   * @throws {CancelledError} If the Future is cancelled.
   */
  exception(options: WaitOptions = {}): Promise<unknown> {
    const outcome = this.#deferred.promise.then(() => null, (error) => {
      if (this.cancelled()) throw error;
      return error;
    });
    return this.#withTimeout(outcome, options.timeout, options.timeout);
  }

  /** Whether there is a result or an error, or the Future was cancelled. */
  done(): boolean {
    return this.#state.state !== "pending";
  }

  /** Whether the request is out and not answered. */
  running(): boolean {
    return this.#state.state === "pending";
  }

  /** Whether the Future was cancelled. */
  cancelled(): boolean {
    return this.#state.state === "cancelled";
  }

  /**
   * Stops waiting. Whoever waits gets the reason, or a {@linkcode CancelledError}; the answer is
   * dropped when it comes. The method of the Service is told so by `this.request.signal`, where
   * the Manager and the Service are those of this package; others finish.
   *
   * @returns Whether it was cancelled: `false` if it is done already, but not cancelled.
   */
  cancel(reason?: unknown): boolean {
    if (this.done()) return this.cancelled();
    const error = reason ?? new CancelledError(`${this.#label} was cancelled`);
    this.#settle({ state: "cancelled", error });
    this.#onCancel?.(this);
    return true;
  }

  /**
   * Calls a function with this Future when it is done; soon, if it is done already. An error in
   * the function is logged and disturbs nobody.
   */
  addDoneCallback(callback: (future: Future<T>) => void): void {
    if (this.done()) queueMicrotask(() => this.#call(callback));
    else (this.#callbacks ??= []).push(() => this.#call(callback));
  }

  /** As of a promise, but for the time limit that the call was made with. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const timeout = this.done() ? undefined : remaining(this.#deadline);
    return this.#withTimeout(this.#deferred.promise, timeout, this.#timeout)
      .then(onFulfilled, onRejected);
  }

  /** As of a promise. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  /** As of a promise. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /**
   * The values of a result that is an array, one after the other. So a loop over a call reads a
   * stream, and also one that comes as a whole, from a Manager or a Service of the Python software.
   *
   * @throws {TypeError} If the result is no array.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ValueOf<T>, void, undefined> {
    const values: unknown = await this;
    if (Array.isArray(values)) yield* values;
    else throw new TypeError(`Cannot read the values of ${this.#label}: the result is no array`);
  }

  /** What `Object.prototype.toString` shows. */
  get [Symbol.toStringTag](): string {
    return "Future";
  }

  get #label(): string {
    return typeof this.#givenLabel === "string" ? this.#givenLabel : this.#givenLabel();
  }

  #failed(): boolean {
    return this.#state.state === "rejected" || this.#state.state === "cancelled";
  }

  #settle(state: Exclude<State<T>, { state: "pending" }>): void {
    if (this.done()) return;
    this.#state = state;
    if (state.state === "fulfilled") this.#deferred.resolve(state.value);
    else {
      this.#deferred.promise.catch(() => {}); // nobody has to wait for it
      this.#deferred.reject(state.error);
    }
    const callbacks = this.#callbacks ?? [];
    this.#callbacks = undefined;
    for (const callback of callbacks) callback();
  }

  #call(callback: (future: Future<T>) => void): void {
    try {
      callback(this);
    } catch (error) {
      log.error("A callback of {label} failed: {error}", { label: this.#label, error });
    }
  }

  /** @param named The limit as the caller gave it; less of it may be left. */
  #withTimeout<R>(promise: Promise<R>, timeout: number | undefined, named?: number): Promise<R> {
    if (timeout === undefined || this.done()) return promise;
    return withTimeout(promise, timeout, () => {
      throw new TimeoutError(`${this.#label} was not done within ${named} ms`);
    });
  }
}
