/**
 * Values that have come and that nobody has taken yet.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import { remaining, withTimeout } from "../base/with_timeout.ts";

/** How the values came to their end. */
type End = { error: unknown } | "complete";

/** Values that come one by one, and are taken one by one. */
export class AsyncQueue<T> {
  #coming: T[] = [];
  /** Those that came before them, the next one last: what is taken is let go of at once. */
  #leaving: T[] = [];
  #end: End | undefined;
  #news = Promise.withResolvers<void>();

  /** How many they are. */
  get size(): number {
    return this.#coming.length + this.#leaving.length;
  }

  /** One more. Dropped after the end. */
  push(value: T): void {
    if (this.#end !== undefined) return;
    this.#coming.push(value);
    this.#tell();
  }

  /** There are no more. Those that have come can still be taken. The first end counts. */
  complete(): void {
    this.#end ??= "complete";
    this.#tell();
  }

  /** There are no more, and this is why. Those that have come can still be taken. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#tell();
  }

  /** Nobody wants those that have come. */
  clear(error: unknown): void {
    this.#end = { error };
    this.#coming = [];
    this.#leaving = [];
    this.#tell();
  }

  /**
   * Takes the next one, when it has come.
   *
   * @param timeout How long it may take, in milliseconds.
   * @throws {TimeoutError} If it takes longer.
   * @throws Why there are no more, if there is a reason.
   */
  async take(label: string, timeout?: number): Promise<IteratorResult<T, undefined>> {
    const deadline = timeout === undefined ? undefined : performance.now() + timeout;
    while (this.size === 0 && this.#end === undefined) { // others may wait too, and be faster
      await withTimeout(this.#news.promise, remaining(deadline), () => {
        throw new TimeoutError(`A value of ${label} was not there within ${timeout} ms`);
      });
    }
    if (this.size > 0) return { value: this.#takeNow(), done: false };
    if (this.#end === "complete") return { value: undefined, done: true };
    throw this.#end!.error;
  }

  #takeNow(): T {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#coming.reverse();
      this.#coming = [];
    }
    return this.#leaving.pop()!;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
