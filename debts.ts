/**
 * The answers that a service owes to one client.
 *
 * @module
 */

/**
 * The uids of requests that are not answered. Hardly any is there twice, since clients give each
 * request one of its own; those that a person types at a terminal all have the same.
 */
export class Debts implements Iterable<string> {
  readonly #uids = new Set<string>();
  /** How often a uid is owed beside the first time, where it is. */
  readonly #repeats = new Map<string, number>();

  /** How many answers are owed. */
  get size(): number {
    return this.#uids.size + this.#repeats.values().reduce((sum, count) => sum + count, 0);
  }

  /** The uid that has been owed for the longest time. */
  get oldest(): string | undefined {
    return this.#uids.values().next().value;
  }

  /** Whether an answer is owed. */
  has(uid: string): boolean {
    return this.#uids.has(uid);
  }

  /** Another answer is owed. */
  add(uid: string): void {
    const before = this.#uids.size;
    if (this.#uids.add(uid).size > before) return;
    this.#repeats.set(uid, (this.#repeats.get(uid) ?? 0) + 1);
  }

  /** An answer is no longer owed. False if it was not. */
  settle(uid: string): boolean {
    const count = this.#repeats.size === 0 ? undefined : this.#repeats.get(uid);
    if (count === undefined) return this.#uids.delete(uid);
    if (count === 1) this.#repeats.delete(uid);
    else this.#repeats.set(uid, count - 1);
    return true;
  }

  /** Each uid as often as it is owed. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (const uid of this.#uids) {
      for (let count = this.#repeats.get(uid) ?? 0; count >= 0; count--) yield uid;
    }
  }
}
