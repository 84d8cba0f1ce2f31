/**
 * The Future: the result that a request will have, or its error.
 *
 * It is a promise (`await future`) with the methods of Python's `concurrent.futures`. The request is
 * sent at the call: `await` each call before the next one for the synchronous style, or keep the
 * Futures and `await` them later for the asynchronous one.
 *
 * @module
 */

import { type Caller, captureCaller, placeOf, showCaller } from "./base/caller.ts";
import { CancelledError, shownMessage, TimeoutError } from "./errors.ts";
import { reportFailure } from "./base/failure_report.ts";
import { logger } from "./base/log.ts";
import { printable } from "./base/printable.ts";
import { UnobservedFailures } from "./base/unobserved_failures.ts";
import { checkTimeout, remaining, withTimeout } from "./base/with_timeout.ts";

/** How long to wait for a Future. */
export interface WaitOptions {
  /**
   * The longest wait, in milliseconds; 0 for not waiting at all: what is done already counts.
   * Default: no limit.
   */
  timeout?: number;
}

/**
 * When {@linkcode Future.wait} returns: when the first Future is done, when the first one is rejected
 * or cancelled (or all are done), or when all are done.
 */
export type ReturnWhen = "FIRST_COMPLETED" | "FIRST_EXCEPTION" | "ALL_COMPLETED";

/** The options of {@linkcode Future.withResolvers}. */
export interface FutureOptions<T> {
  /**
   * How long `await`, `then()`, `catch()` and `finally()` wait, in milliseconds from the creation of
   * the Future. It must be positive. Default: no limit.
   */
  timeout?: number;
  /**
   * The name of the result in error messages, e.g. `"add of the 'BasicMath' service"`, or a function
   * that gives it when it is needed. Default: `"the Future"`.
   */
  label?: string | (() => string);
  /** Called once if the Future is cancelled, with the error that it rejects with. */
  onCancel?(future: Future<T>, reason: unknown): void;
  /** What {@linkcode Future.sent} gives. Default: a promise that is fulfilled. */
  sent?: Promise<void>;
  /** Whether a failure that no code observes is ignored, and not reported. Default: `false`. */
  ignoreErrors?: boolean;
  /**
   * The place that the stack of a `TimeoutError` and a report show, as an object that
   * `Error.captureStackTrace` has given a `stack`; `undefined` for none. Default: where the Future is
   * made.
   */
  caller?: { readonly stack?: string } | undefined;
  /** Gives the value of {@linkcode Future.time}. Default: there is none. */
  time?: () => number | undefined;
}

/** A Future with the functions that settle it. */
export interface FutureWithResolvers<T> {
  /** The Future. */
  future: Future<T>;
  /** Fulfils the Future with a result. Does nothing if it is done. */
  resolve: (value: T) => void;
  /** Rejects the Future with an error. Does nothing if it is done. */
  reject: (error: unknown) => void;
}

/** The type of the values in a loop over a Future: those of its array. */
// deno-lint-ignore no-explicit-any -- only the caller knows the result of an unknown method
export type ValueOf<T> = T extends readonly (infer Value)[] ? Value : any;

/** Gives Futures in the order in which they are done, see {@linkcode Future.asCompleted}. */
export interface FutureIterator<F extends Future<unknown>, _Copy> {
  /**
   * Waits for the next Future that is done.
   *
   * @throws {TimeoutError} When none is done in time.
   */
  next(): Promise<IteratorResult<F, undefined>>;
  /** The same object. */
  [Symbol.asyncIterator](): CompletedFutures<F>;
}

/**
 * The type of a loop over Futures. It is a union because TypeScript takes the variable of `for await`
 * for the awaited value, although the Futures themselves are given: it does so for an
 * `AsyncIterable`, and for any other type from the second loop on, but not for a union.
 */
export type CompletedFutures<F extends Future<unknown>> =
  | FutureIterator<F, 1>
  | FutureIterator<F, 2>;

type State<T> =
  | { state: "pending" }
  | { state: "fulfilled"; value: T }
  | { state: "rejected"; error: unknown }
  | { state: "cancelled"; error: unknown };

const RETURN_WHEN: readonly string[] = [
  "FIRST_COMPLETED",
  "FIRST_EXCEPTION",
  "ALL_COMPLETED",
] satisfies ReturnWhen[];

const log = logger("future");

/** How many UTF-16 code units of a Future `console.log` shows. */
const LONGEST_SHOWN = 1_000;

/** Those of all Futures of this program. */
const unobserved = new UnobservedFailures();

/**
 * The result that a request will have, as a promise.
 *
 * A Future that is rejected never ends the process at once, as a promise does that no code waits for
 * yet. It has a second to be _observed_: by `await`, `then()`, `catch()`, `finally()`, `result()`,
 * `exception()`, `addDoneCallback()`, {@linkcode Future.wait} or {@linkcode Future.asCompleted}. If
 * it is not, one line on the standard error says what has failed, where it was called and why, and
 * the exit code of the program is 1, unless the program sets another one. At the end of the program
 * what is left is reported at once. A Future that was cancelled is not reported, unless its reason is
 * a time-out, nor one with `ignoreErrors`.
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
  readonly #sent: Promise<void> | undefined;
  readonly #time: (() => number | undefined) | undefined;
  /** When the wait of `await` ends, in milliseconds of `performance.now()`. */
  readonly #deadline: number | undefined;
  readonly #timeout: number | undefined;
  readonly #ignoresErrors: boolean;
  readonly #caller: Caller | undefined;
  #state: State<T> = { state: "pending" };
  #isObserved = false;
  #callbacks: (() => void)[] | undefined;

  /**
   * For {@linkcode Future.withResolvers} and for subclasses.
   *
   * @param executor Called at once with the functions that settle the Future.
   * @throws {RangeError} When `timeout` is not a positive number of milliseconds.
   */
  protected constructor(
    options: FutureOptions<T>,
    executor?: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ) {
    this.#givenLabel = options.label ?? "the Future";
    this.#onCancel = options.onCancel;
    this.#sent = options.sent;
    this.#ignoresErrors = options.ignoreErrors ?? false;
    this.#caller = "caller" in options ? options.caller : captureCaller();
    this.#time = options.time;
    this.#timeout = options.timeout;
    if (options.timeout !== undefined) {
      checkTimeout(() => this.#cannotWait, options.timeout);
      this.#deadline = performance.now() + options.timeout;
    }
    executor?.(
      (value) => this.#settle({ state: "fulfilled", value }),
      (error) => this.#settle({ state: "rejected", error }),
    );
  }

  /**
   * Creates a Future and the functions that settle it. The first call of one of them counts.
   *
   * @throws {RangeError} When `timeout` is not a positive number of milliseconds.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * const { future, resolve } = Future.withResolvers<string>({ label: "the answer" });
   * resolve("yes");
   * assertEquals(await future, "yes");
   * ```
   */
  static withResolvers<T>(options: FutureOptions<T> = {}): FutureWithResolvers<T> {
    const future = new Future<T>(options);
    return {
      future,
      resolve: (value) => future.#settle({ state: "fulfilled", value }),
      reject: (error) => future.#settle({ state: "rejected", error }),
    };
  }

  /**
   * Waits for several Futures. Neither an error of a Future nor the end of the time is thrown.
   *
   * @param options `returnWhen` says what is waited for (default: `"ALL_COMPLETED"`), `timeout` how
   * long, in milliseconds from this call (default: no limit; 0 looks at them without a wait).
   * @returns The Futures that are done and those that are not, both in the given order.
   * @throws {RangeError} When `timeout` is negative or `NaN`, or there is no such `returnWhen`.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * const [one, other] = [Future.withResolvers<number>(), Future.withResolvers<number>()];
   * one.resolve(1);
   * const futures = [one.future, other.future];
   * const { done, notDone } = await Future.wait(futures, { timeout: 10 });
   * assertEquals([[...done], [...notDone]], [[one.future], [other.future]]);
   * ```
   */
  static async wait<F extends Future<unknown>>(
    futures: Iterable<F>,
    options: WaitOptions & { returnWhen?: ReturnWhen } = {},
  ): Promise<{ done: Set<F>; notDone: Set<F> }> {
    const all = [...new Set(futures)];
    const { returnWhen = "ALL_COMPLETED", timeout } = options;
    checkTimeout("Cannot wait for the Futures", timeout, true);
    if (!RETURN_WHEN.includes(returnWhen)) {
      throw new RangeError(
        `Cannot wait for the Futures: returnWhen must be one of ${RETURN_WHEN.join(", ")}, ` +
          `got ${returnWhen}`,
      );
    }
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
   * Gives the Futures themselves, not their results, in the order in which they are done. Those that
   * are done already come first.
   *
   * @param options `timeout` is the time that all Futures have, in milliseconds from this call.
   * Default: no limit; 0 gives those that are done already. When it is over and a Future is not
   * done, the loop throws a {@linkcode TimeoutError}.
   * @throws {RangeError} When `timeout` is negative or `NaN`.
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
    checkTimeout("Cannot wait for the Futures", timeout, true);
    const deadline = timeout === undefined ? undefined : performance.now() + timeout;
    const completed: F[] = [];
    let given = 0;
    let wake = Promise.withResolvers<void>();
    for (const future of all) {
      future.#observe();
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
        const index = given++; // before the wait: next() may be called again before this call ends
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
   * @param options `timeout` is the longest wait, in milliseconds from this call. Default: no limit,
   * also if the call had a time-out. With 0 a Future that is done gives its result, another one a
   * {@linkcode TimeoutError}.
   * @throws {RangeError} When `timeout` is negative or `NaN`.
   * @throws {TimeoutError} When the Future is not done in time. It stays pending, and a later
   * `result()` still gives the value.
   * @throws {CancelledError} When the Future was cancelled; if it was cancelled with a reason, that
   * reason.
   * @throws {RemoteError} When the request was answered with an error.
   * @throws {ConnectionAbortedError} When the connection or the link ended before the reply.
   * @throws {TypeError} When JSON cannot hold the arguments.
   * @throws {ValueError} When the reply is longer than `readLimit`.
   * @throws {JSONDecodeError} When the reply cannot be read.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * await using cxn = await connect();
   * const bm = await cxn.link("BasicMath");
   * const sum = bm.add(1, 2); // sent now
   * console.log(await sum.result({ timeout: 5_000 })); // waits for 5 s at most
   * ```
   */
  result(options: WaitOptions = {}): Promise<T> {
    this.#observe();
    return this.#waitFor(this.#deferred.promise, options.timeout);
  }

  /**
   * Waits until the Future is done, and gives its error.
   *
   * @param options `timeout` is the longest wait, in milliseconds from this call. Default: no limit,
   * also if the call had a time-out. With 0 a Future that is done gives its error, another one a
   * {@linkcode TimeoutError}.
   * @returns The error; `null` if the Future has a result.
   * @throws {RangeError} When `timeout` is negative or `NaN`.
   * @throws {TimeoutError} When the Future is not done in time.
   * @throws {CancelledError} When the Future was cancelled; if it was cancelled with a reason, that
   * reason.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * const { future, reject } = Future.withResolvers<number>();
   * const error = new Error("no power");
   * reject(error);
   * assertEquals(await future.exception(), error);
   * ```
   */
  exception(options: WaitOptions = {}): Promise<unknown> {
    this.#observe();
    const outcome = this.#deferred.promise.then(() => null, (error) => {
      if (this.cancelled()) throw error;
      return error;
    });
    return this.#waitFor(outcome, options.timeout);
  }

  /**
   * Fulfilled when the arguments of the call may be changed. It never rejects.
   *
   * The arguments of a call are written as JSON at the call if that has up to 4 MiB. Larger ones are
   * read while they are sent. Until then a change of them may fail the request, or be sent in part.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * await using cxn = await connect();
   * const generator = await cxn.link("WaveformGenerator");
   * const samples = new Float64Array(2_000_000);
   * const loading = generator.load(samples);
   * await loading.sent;
   * samples.fill(0);
   * await loading;
   * ```
   */
  get sent(): Promise<void> {
    return this.#sent ?? Promise.resolve();
  }

  /**
   * When the reading was taken, in milliseconds since 1970 by the clock of the Service: of a call with
   * `options({ time: true })`, once it has its result. `undefined` before that, without that option, and
   * from a Service that does not say it, e.g. one in Python.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect, options } from "@msl/network";
   *
   * await using cxn = await connect();
   * const dmm = await cxn.link("DigitalMultimeter");
   * const reading = dmm.voltage(options({ time: true }));
   * console.log(await reading, new Date(reading.time!));
   * ```
   */
  get time(): number | undefined {
    return this.#time?.();
  }

  /** Whether the Future has a result or an error, or was cancelled. */
  done(): boolean {
    return this.#state.state !== "pending";
  }

  /** Whether the Future is pending. It is the opposite of {@linkcode Future.done}. */
  running(): boolean {
    return this.#state.state === "pending";
  }

  /** Whether the Future was cancelled. */
  cancelled(): boolean {
    return this.#state.state === "cancelled";
  }

  /**
   * Whether some code waits for the Future, or has asked for its result or error. If the Future fails
   * while none does, that is reported.
   */
  observed(): boolean {
    return this.#isObserved;
  }

  /**
   * Cancels the Future: it rejects with the reason, and the reply to the request is dropped. A method
   * of a Service of this package, behind a Manager of this package, can stop: its
   * `this.request.signal` is aborted. Any other method runs to its end.
   *
   * @param reason The error that the Future rejects with. Default: a {@linkcode CancelledError}.
   * @returns Whether the Future is cancelled now: `false` if it has a result or an error already.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * const { future } = Future.withResolvers<number>();
   * assertEquals(future.cancel(), true);
   * assertEquals(future.cancelled(), true);
   * ```
   */
  cancel(reason?: unknown): boolean {
    if (this.done()) return this.cancelled();
    const error = reason ??
      showCaller(new CancelledError(`${this.#label} was cancelled`), this.#caller);
    this.#settle({ state: "cancelled", error });
    this.#onCancel?.(this, error);
    return true;
  }

  /**
   * Calls a function with this Future when it is done; if it is done already, in a microtask. An
   * error that the function throws, or rejects with, is logged, and nothing else is affected.
   *
   * @example
   * ```ts
   * const { future, resolve } = Future.withResolvers<number>();
   * future.addDoneCallback((done) => console.log("cancelled:", done.cancelled()));
   * resolve(3);
   * ```
   */
  addDoneCallback(callback: (future: Future<T>) => unknown): void {
    this.#observe();
    if (this.done()) queueMicrotask(() => this.#call(callback));
    else (this.#callbacks ??= []).push(() => this.#call(callback));
  }

  /**
   * The method of a promise, which `await` calls. It waits no longer than the time-out of the call:
   * then the promise that it returns rejects with a {@linkcode TimeoutError}, and the Future stays
   * pending. Otherwise it rejects as {@linkcode Future.result} does.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observe();
    const timeout = this.done() ? undefined : remaining(this.#deadline);
    return this.#withTimeout(this.#deferred.promise, timeout, this.#timeout)
      .then(onFulfilled, onRejected);
  }

  /** The method of a promise, with the time-out of {@linkcode Future.then}. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  /** The method of a promise, with the time-out of {@linkcode Future.then}. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /**
   * Waits for a result that is an array, and gives its values. So `for await` reads the values of a
   * method in the same way whether they arrive as a stream, or as one array from a Service or through
   * a Manager of the Python software.
   *
   * @throws {TypeError} When the result is not an array.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * const { future, resolve } = Future.withResolvers<number[]>();
   * resolve([1, 2]);
   * assertEquals(await Array.fromAsync(future), [1, 2]);
   * ```
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ValueOf<T>, void, undefined> {
    const values: unknown = await this;
    if (Array.isArray(values)) yield* values;
    else throw new TypeError(`Cannot read the values of ${this.#label}: the result is no array`);
  }

  /** The name of the class in the text of `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return "Future";
  }

  /** What `console.log` shows, in Deno, Node and Bun. It does not observe the Future. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What a text with the Future in it shows, e.g. if an `await` is missing. It does not observe it. */
  toString(): string {
    const { state } = this.#state;
    const error = "error" in this.#state ? `: ${shownMessage(this.#state.error)}` : "";
    const kind = this[Symbol.toStringTag];
    const shown = printable(`${kind} of ${this.#label}, ${state}${error}`.slice(0, LONGEST_SHOWN));
    return `${shown} (${this.#advice})`;
  }

  get #advice(): string {
    return this[Symbol.toStringTag] === "Stream"
      ? "read it with for await, or await an array of all values"
      : "await it for the result";
  }

  get #label(): string {
    return typeof this.#givenLabel === "string" ? this.#givenLabel : this.#givenLabel();
  }

  get #cannotWait(): string {
    return `Cannot wait for ${this.#label}`;
  }

  #failed(): boolean {
    return this.#state.state === "rejected" || this.#state.state === "cancelled";
  }

  #settle(state: Exclude<State<T>, { state: "pending" }>): void {
    if (this.done()) return;
    this.#state = state;
    if (state.state === "fulfilled") this.#deferred.resolve(state.value);
    else {
      this.#deferred.promise.catch(() => {}); // no unhandled rejection if no code waits for it
      this.#deferred.reject(state.error);
      this.#watch(state);
    }
    const callbacks = this.#callbacks ?? [];
    this.#callbacks = undefined;
    for (const callback of callbacks) callback();
  }

  #observe(): void {
    if (this.#isObserved) return;
    this.#isObserved = true;
    if (this.done()) unobserved.delete(this);
  }

  /** Reports a failure unless it is observed in time, or its caller has given the Future up. */
  #watch({ state, error }: { state: string; error: unknown }): void {
    if (this.#isObserved || this.#ignoresErrors) return;
    if (state === "cancelled" && !isTimeout(error)) return;
    unobserved.add(this, () => {
      const stack = error instanceof Error ? error.stack : undefined;
      const place = placeOf(this.#caller?.stack) ?? placeOf(stack);
      const where = place === undefined ? "" : ` (${place})`;
      return printable(`Not awaited: ${this.#label}${where} has failed: ${shownMessage(error)}`);
    });
  }

  #call(callback: (future: Future<T>) => void): void {
    const failed = (error: unknown) =>
      reportFailure(log, "A callback of {label} failed: {error}", { label: this.#label, error });
    try {
      const returned: unknown = callback(this);
      // At once, not with `await`: nearly all callbacks return nothing.
      if (returned instanceof Promise) returned.catch(failed);
      else if (returned !== undefined) Promise.resolve(returned).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Waits no longer than a time-out that a caller of `result()` or `exception()` gives. */
  #waitFor<R>(promise: Promise<R>, timeout: number | undefined): Promise<R> {
    try {
      checkTimeout(() => this.#cannotWait, timeout, true);
    } catch (error) {
      promise.catch(() => {}); // it is not awaited
      return Promise.reject(error);
    }
    return this.#withTimeout(promise, timeout, timeout);
  }

  /** @param given The time-out that the caller gave, for the message. `timeout` is the rest of it. */
  #withTimeout<R>(promise: Promise<R>, timeout: number | undefined, given?: number): Promise<R> {
    if (timeout === undefined || this.done()) return promise;
    return withTimeout(promise, timeout, () => {
      const error = new TimeoutError(`${this.#label} was not done within ${given} ms`);
      throw showCaller(error, this.#caller);
    });
  }
}

/** Whether a Future was cancelled since its time was over, and not by what its caller wanted. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}
