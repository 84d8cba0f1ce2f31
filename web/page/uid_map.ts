/**
 * In the place of `base/uid_map.ts` in the bundle for browsers: a page has few requests at a time.
 *
 * @module
 */

/** A map from uids to values that are not `undefined`, in the order of insertion. */
export class UidMap<T> implements Iterable<[uid: string, value: T]> {
  readonly #values = new Map<string, T>();

  /** The number of entries. */
  get size(): number {
    return this.#values.size;
  }

  /** The value of a uid; `undefined` if there is none. */
  get(uid: string): T | undefined {
    return this.#values.get(uid);
  }

  /** Adds an entry, or changes the value of one, which keeps its position in the order. */
  set(uid: string, value: T): void {
    this.#values.set(uid, value);
  }

  /** Removes an entry and returns its value; `undefined` if there was none. */
  take(uid: string): T | undefined {
    const value = this.get(uid);
    this.#values.delete(uid);
    return value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#values.clear();
  }

  /** The present entries in the order of insertion. They are copied at the call. */
  [Symbol.iterator](): IterableIterator<[string, T]> {
    return [...this.#values].values();
  }
}
