/**
 * The uids of the requests of one client that one service has not answered.
 *
 * @module
 */

import { UidMap } from "../base/uid_map.ts";

/**
 * The uids of one client's pending requests to one service, and when each request came. A uid may
 * occur several times: clients give each request a uid of its own, but all requests typed at a terminal
 * have the same.
 */
export class PendingUids implements Iterable<string> {
  /** When the request with each uid came; the times of all, the oldest first, if there are several. */
  readonly #starts = new UidMap<number | number[]>();
  #size = 0;

  /** How many requests are pending. */
  get size(): number {
    return this.#size;
  }

  /** The uid that has been pending for the longest time. */
  get oldest(): string | undefined {
    const [first] = this.#starts;
    return first?.[0];
  }

  /** Whether a request with that uid is pending. */
  has(uid: string): boolean {
    return this.#starts.get(uid) !== undefined;
  }

  /**
   * Adds a request.
   *
   * @param start When it came, in milliseconds; `NaN` if that does not matter.
   */
  add(uid: string, start: number): void {
    this.#size++;
    const earlier = this.#starts.get(uid);
    if (earlier === undefined) this.#starts.set(uid, start);
    else if (typeof earlier === "number") this.#starts.set(uid, [earlier, start]);
    else earlier.push(start);
  }

  /** Removes the oldest request with that uid. Returns when it came; `undefined` if none is pending. */
  complete(uid: string): number | undefined {
    const found = this.#starts.get(uid);
    if (found === undefined) return undefined;
    this.#size--;
    const start = typeof found === "number" ? found : found.shift();
    if (typeof found === "number" || found.length === 0) this.#starts.take(uid);
    return start;
  }

  /** Each uid, as many times as it is pending, in any order. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (const [uid, starts] of this.#starts.unordered()) {
      for (let rest = typeof starts === "number" ? 1 : starts.length; rest > 0; rest--) yield uid;
    }
  }
}
