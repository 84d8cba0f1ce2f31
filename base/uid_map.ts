/**
 * A map from uids to pending requests. The Manager, each Client and each Service have maps of this
 * kind.
 *
 * An entry is added and removed with every message, which is slow in a `Map`. A `Map` never reuses
 * the place of a removed entry. When its table is full, V8 copies it, even if most entries are gone;
 * the old table, once it has survived a few garbage collections, then keeps removed entries alive.
 * Here an entry has a slot in a table that stays, and the slot is reused.
 *
 * @module
 */

/** The number of slots at first, and at most; powers of 2. */
const MIN_SLOTS = 16;
const MAX_SLOTS = 4096;
/** How many characters at the end of a uid are hashed. */
const HASHED = 4;

/** A map from uids to values that are not `undefined`, in the order of insertion. */
export class UidMap<T> implements Iterable<[uid: string, value: T]> {
  /** The uid in each slot, and its value. */
  #uids: (string | undefined)[] = empty(MIN_SLOTS);
  #values: (T | undefined)[] = empty(MIN_SLOTS);
  /** The sequence number of the entry in each slot. */
  #order: number[] = new Array(MIN_SLOTS).fill(0);
  /** The entries whose slot was occupied when they were added. */
  readonly #overflow = new Map<string, { value: T; order: number }>();
  #size = 0;
  /** The sequence number of the next entry. */
  #nextOrder = 0;

  /** The number of entries. */
  get size(): number {
    return this.#size;
  }

  /** The value of a uid; `undefined` if there is none. */
  get(uid: string): T | undefined {
    const slot = this.#slotOf(uid);
    if (this.#uids[slot] === uid) return this.#values[slot];
    return this.#overflow.size === 0 ? undefined : this.#overflow.get(uid)?.value;
  }

  /** Adds an entry, or changes the value of one, which keeps its position in the order. */
  set(uid: string, value: T): void {
    const slot = this.#slotOf(uid);
    if (this.#uids[slot] === uid) {
      this.#values[slot] = value;
      return;
    }
    const entry = this.#overflow.size === 0 ? undefined : this.#overflow.get(uid);
    if (entry !== undefined) {
      entry.value = value;
      return;
    }
    this.#size++;
    this.#add(uid, value, this.#nextOrder++);
  }

  /** Removes an entry and returns its value; `undefined` if there was none. */
  take(uid: string): T | undefined {
    const slot = this.#slotOf(uid);
    let value: T | undefined;
    if (this.#uids[slot] === uid) {
      value = this.#values[slot];
      this.#uids[slot] = this.#values[slot] = undefined;
    } else if (this.#overflow.size > 0) {
      value = this.#overflow.get(uid)?.value;
      this.#overflow.delete(uid);
    }
    if (value !== undefined) this.#size--;
    return value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#uids.fill(undefined);
    this.#values.fill(undefined);
    this.#overflow.clear();
    this.#size = 0;
  }

  /** The present entries in the order of insertion. They are copied and sorted at the call. */
  [Symbol.iterator](): ArrayIterator<[uid: string, value: T]> {
    return this.#entries()
      .sort((a, b) => a.order - b.order)
      .map(({ uid, value }): [string, T] => [uid, value])
      .values();
  }

  #entries(): { uid: string; value: T; order: number }[] {
    const entries = Array.from(
      this.#overflow,
      ([uid, { value, order }]) => ({ uid, value, order }),
    );
    for (const [slot, uid] of this.#uids.entries()) {
      if (uid === undefined) continue;
      entries.push({ uid, value: this.#values[slot]!, order: this.#order[slot] });
    }
    return entries;
  }

  #add(uid: string, value: T, order: number): void {
    const slot = this.#slotOf(uid);
    if (this.#uids[slot] !== undefined) return this.#addToOverflow(uid, value, order);
    this.#uids[slot] = uid;
    this.#values[slot] = value;
    this.#order[slot] = order;
  }

  /** Keeps an entry whose slot is occupied. Doubles the slots when there are many of them. */
  #addToOverflow(uid: string, value: T, order: number): void {
    this.#overflow.set(uid, { value, order });
    const count = this.#uids.length;
    if (count === MAX_SLOTS || this.#overflow.size <= count / 8) return;
    const entries = this.#entries();
    this.#overflow.clear();
    this.#uids = empty(count * 2);
    this.#values = empty(count * 2);
    this.#order = new Array(count * 2).fill(0);
    for (const entry of entries) this.#add(entry.uid, entry.value, entry.order);
  }

  /** Hashes the end of a uid, where uids differ most. Consecutive numbers have slots of their own. */
  #slotOf(uid: string): number {
    const { length } = uid;
    let sum = 0;
    for (let at = length > HASHED ? length - HASHED : 0; at < length; at++) {
      sum = sum * 10 + uid.charCodeAt(at);
    }
    return sum & (this.#uids.length - 1);
  }
}

function empty(count: number): undefined[] {
  return new Array(count).fill(undefined);
}
