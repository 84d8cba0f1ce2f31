/**
 * A map from uids to pending requests. A Manager, a Client and a Service keep theirs in one.
 *
 * An entry is added and removed with every message, which a `Map` is slow at: each time as many
 * entries have been added as V8 has reserved room for, it copies all of them into a new table,
 * whether others have been removed or not, and an old table that has survived a few garbage
 * collections keeps its entries alive. Here an entry has a slot in a table that stays, and the slot
 * is used again.
 *
 * An entry is in the slot of its hash, or in one of the next few. Between the two no slot is empty,
 * so a search ends at the first empty slot. This makes random uids as cheap as consecutive ones.
 *
 * @module
 */

/** The number of slots at first, and at most; powers of 2. */
const MIN_SLOTS = 16;
const MAX_SLOTS = 4096;
/** How many characters at the end of a uid are hashed. */
const HASHED = 4;
/** How many slots an entry may be in: the one of its hash, and those after it. */
const PROBES = 16;
/** The hash of an empty slot, and the slot of an entry that is in none. */
const NONE = -1;

/** A map from uids to values that are not `undefined`, in the order of insertion. */
export class UidMap<T> implements Iterable<[uid: string, value: T]> {
  /** The hash of the uid in each slot. It is compared before the uid. */
  #hashes: number[] = new Array(MIN_SLOTS).fill(NONE);
  /** The uid in each slot, and its value. */
  #uids: (string | undefined)[] = empty(MIN_SLOTS);
  #values: (T | undefined)[] = empty(MIN_SLOTS);
  /** The sequence number of the entry in each slot. */
  #order: number[] = new Array(MIN_SLOTS).fill(0);
  /** The entries that found no slot when they were added. */
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
    const slot = this.#find(uid, hashOf(uid));
    if (slot !== NONE) return this.#values[slot];
    return this.#overflow.size === 0 ? undefined : this.#overflow.get(uid)?.value;
  }

  /** Adds an entry, or changes the value of one, which keeps its position in the order. */
  set(uid: string, value: T): void {
    const hash = hashOf(uid);
    const slot = this.#find(uid, hash);
    if (slot !== NONE) {
      this.#values[slot] = value;
      return;
    }
    const entry = this.#overflow.size === 0 ? undefined : this.#overflow.get(uid);
    if (entry !== undefined) {
      entry.value = value;
      return;
    }
    if (++this.#size * 4 > this.#hashes.length) this.#grow();
    this.#add(uid, hash, value, this.#nextOrder++);
  }

  /** Removes an entry and returns its value; `undefined` if there was none. */
  take(uid: string): T | undefined {
    const slot = this.#find(uid, hashOf(uid));
    let value: T | undefined;
    if (slot !== NONE) {
      value = this.#values[slot];
      this.#remove(slot);
    } else if (this.#overflow.size > 0) {
      value = this.#overflow.get(uid)?.value;
      this.#overflow.delete(uid);
    }
    if (value !== undefined) this.#size--;
    return value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#hashes.fill(NONE);
    this.#uids.fill(undefined);
    this.#values.fill(undefined);
    this.#overflow.clear();
    this.#size = 0;
  }

  /** The entries in any order, without copying them. The map must not change meanwhile. */
  *unordered(): IterableIterator<[uid: string, value: T]> {
    for (const [uid, { value }] of this.#overflow) yield [uid, value];
    for (const [slot, uid] of this.#uids.entries()) {
      if (uid !== undefined) yield [uid, this.#values[slot]!];
    }
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

  /** The slot that an entry is in; {@linkcode NONE} if it is in no slot. */
  #find(uid: string, hash: number): number {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let probe = 0; probe < PROBES; probe++) {
      const slot = (hash + probe) & mask;
      const found = hashes[slot];
      if (found === NONE) return NONE;
      if (found === hash && this.#uids[slot] === uid) return slot;
    }
    return NONE;
  }

  #add(uid: string, hash: number, value: T, order: number): void {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let probe = 0; probe < PROBES; probe++) {
      const slot = (hash + probe) & mask;
      if (hashes[slot] !== NONE) continue;
      hashes[slot] = hash;
      this.#uids[slot] = uid;
      this.#values[slot] = value;
      this.#order[slot] = order;
      return;
    }
    this.#overflow.set(uid, { value, order });
  }

  /** Empties a slot, and moves entries after it, so that none has an empty slot before it. */
  #remove(slot: number): void {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let next = slot;;) {
      next = (next + 1) & mask;
      const distance = (next - slot) & mask;
      const hash = hashes[next];
      if (hash === NONE || distance >= PROBES) break; // none after it may be in the empty slot
      if (((next - hash) & mask) < distance) continue;
      hashes[slot] = hash;
      this.#uids[slot] = this.#uids[next];
      this.#values[slot] = this.#values[next];
      this.#order[slot] = this.#order[next];
      slot = next;
    }
    hashes[slot] = NONE;
    this.#uids[slot] = this.#values[slot] = undefined;
  }

  /** Doubles the slots, if there may be more. */
  #grow(): void {
    const count = this.#hashes.length * 2;
    if (count > MAX_SLOTS) return;
    const entries = this.#entries();
    this.#overflow.clear();
    this.#hashes = new Array(count).fill(NONE);
    this.#uids = empty(count);
    this.#values = empty(count);
    this.#order = new Array(count).fill(0);
    for (const { uid, value, order } of entries) this.#add(uid, hashOf(uid), value, order);
  }
}

/** Hashes the end of a uid, where uids differ most. Consecutive numbers have hashes of their own. */
function hashOf(uid: string): number {
  const { length } = uid;
  let sum = 0;
  for (let at = length > HASHED ? length - HASHED : 0; at < length; at++) {
    sum = sum * 10 + uid.charCodeAt(at);
  }
  return sum;
}

function empty(count: number): undefined[] {
  return new Array(count).fill(undefined);
}
