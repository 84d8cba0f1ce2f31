/**
 * An asynchronous queue: values are pushed as they arrive, and taken one by one. A Stream reads the
 * values of its Service from one.
 *
 * @module
 */

import { remaining, withTimeout } from "../base/with_timeout.ts";
import { TimeoutError } from "../errors.ts";

/** How the values ended. */
type End = { error: unknown } | "complete";

/** Values in the order in which they were pushed. */
export class AsyncQueue<T> {
  #pushed: T[] = [];
  /** The values before them, the next one last: a value that is taken is not kept alive. */
  #next: T[] = [];
  #end: End | undefined;
  #changed = Promise.withResolvers<void>();

  /** How many values were pushed and not taken. */
  get size(): number {
    return this.#pushed.length + this.#next.length;
  }

  /** Adds a value. It is dropped after the end. */
  push(value: T): void {
    if (this.#end !== undefined) return;
    this.#pushed.push(value);
    this.#wake();
  }

  /** Ends the queue. The values in it can still be taken. The first end counts. */
  complete(): void {
    this.#end ??= "complete";
    this.#wake();
  }

  /** Ends the queue with an error, which is thrown after the values in it are taken. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** Drops the values in it, and ends it with an error. */
  clear(error: unknown): void {
    this.#end = { error };
    this.#pushed = [];
    this.#next = [];
    this.#wake();
  }

  /**
   * Takes the next value, and waits until there is one.
   *
   * @param label What the values are of, for the message of a `TimeoutError`.
   * @param timeout How long to wait, in milliseconds. Default: no limit.
   * @throws {TimeoutError} If no value arrives in that time.
   * @throws The error that the queue was ended with.
   */
  async take(label: string, timeout?: number): Promise<IteratorResult<T, undefined>> {
    const deadline = timeout === undefined ? undefined : performance.now() + timeout;
    while (this.size === 0 && this.#end === undefined) { // another reader may take the value first
      await withTimeout(this.#changed.promise, remaining(deadline), () => {
        throw new TimeoutError(`A value of ${label} was not there within ${timeout} ms`);
      });
    }
    if (this.size > 0) return { value: this.#takeNow(), done: false };
    if (this.#end === "complete") return { value: undefined, done: true };
    throw this.#end!.error;
  }

  #takeNow(): T {
    if (this.#next.length === 0) {
      this.#next = this.#pushed.reverse();
      this.#pushed = [];
    }
    return this.#next.pop()!;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
