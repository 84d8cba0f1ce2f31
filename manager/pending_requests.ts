/**
 * The answers that a service owes to one client.
 *
 * @module
 */

import { UidMap } from "../base/uid_map.ts";

/**
 * The uids of requests that are not answered. Hardly any is there twice, since clients give each
 * request one of its own; those that a person types at a terminal all have the same.
 */
export class Debts implements Iterable<string> {
  /** How often each is owed. */
  readonly #counts = new UidMap<number>();

  /** How many answers are owed. */
  get size(): number {
    return [...this].length;
  }

  /** The uid that has been owed for the longest time. */
  get oldest(): string | undefined {
    const [first] = this.#counts;
    return first?.[0];
  }

  /** Whether an answer is owed. */
  has(uid: string): boolean {
    return this.#counts.get(uid) !== undefined;
  }

  /** Another answer is owed. */
  add(uid: string): void {
    this.#counts.set(uid, (this.#counts.get(uid) ?? 0) + 1);
  }

  /** An answer is no longer owed. False if it was not. */
  settle(uid: string): boolean {
    const count = this.#counts.get(uid);
    if (count === undefined) return false;
    if (count === 1) this.#counts.take(uid);
    else this.#counts.set(uid, count - 1);
    return true;
  }

  /** Each uid as often as it is owed. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (const [uid, count] of this.#counts) {
      for (let rest = count; rest > 0; rest--) yield uid;
    }
  }
}
