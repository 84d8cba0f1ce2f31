/**
 * What is pending, by its uid.
 *
 * Entries come and go with every message, and that is what a `Map` is not made for: V8 moves all of
 * it into a new table each time as many have come as it has room for, whether others have gone or
 * not, and an old table that has outlived a few collections keeps alive what was in it. A place in
 * a table that stays is emptied and filled again.
 *
 * @module
 */

/** How many places there are at first, and at the most; powers of 2. */
const FEWEST = 16;
const MOST = 4096;
/** How much of a uid tells its place, in characters. */
const DIGITS = 4;

/** A map of uids to values that are not `undefined`. */
export class UidMap<T> implements Iterable<[uid: string, value: T]> {
  /** What is in each place. */
  #uids: (string | undefined)[] = empty(FEWEST);
  #values: (T | undefined)[] = empty(FEWEST);
  /** When it has come: the how-manieth it was. */
  #order: number[] = new Array(FEWEST).fill(0);
  /** What has come while its place was taken, and when. */
  readonly #displaced = new Map<string, { value: T; order: number }>();
  #size = 0;
  #come = 0;

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** The value of a uid, `undefined` if there is none. */
  get(uid: string): T | undefined {
    const place = this.#placeOf(uid);
    if (this.#uids[place] === uid) return this.#values[place];
    return this.#displaced.size === 0 ? undefined : this.#displaced.get(uid)?.value;
  }

  /** Adds an entry, or changes the value of one, which stays where it is in the order. */
  set(uid: string, value: T): void {
    const place = this.#placeOf(uid);
    if (this.#uids[place] === uid) {
      this.#values[place] = value;
      return;
    }
    const displaced = this.#displaced.size === 0 ? undefined : this.#displaced.get(uid);
    if (displaced !== undefined) {
      displaced.value = value;
      return;
    }
    this.#size++;
    this.#add(uid, value, this.#come++);
  }

  /** Removes an entry. Its value, `undefined` if there was none. */
  take(uid: string): T | undefined {
    const place = this.#placeOf(uid);
    let value: T | undefined;
    if (this.#uids[place] === uid) {
      value = this.#values[place];
      this.#uids[place] = this.#values[place] = undefined;
    } else if (this.#displaced.size > 0) {
      value = this.#displaced.get(uid)?.value;
      this.#displaced.delete(uid);
    }
    if (value !== undefined) this.#size--;
    return value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#uids.fill(undefined);
    this.#values.fill(undefined);
    this.#displaced.clear();
    this.#size = 0;
  }

  /** The entries that there are now, in the order in which they have come. They are sorted first. */
  [Symbol.iterator](): ArrayIterator<[uid: string, value: T]> {
    return this.#entries()
      .sort((a, b) => a.order - b.order)
      .map(({ uid, value }): [string, T] => [uid, value])
      .values();
  }

  #entries(): { uid: string; value: T; order: number }[] {
    const entries = Array.from(
      this.#displaced,
      ([uid, { value, order }]) => ({ uid, value, order }),
    );
    for (const [place, uid] of this.#uids.entries()) {
      if (uid === undefined) continue;
      entries.push({ uid, value: this.#values[place]!, order: this.#order[place] });
    }
    return entries;
  }

  #add(uid: string, value: T, order: number): void {
    const place = this.#placeOf(uid);
    if (this.#uids[place] !== undefined) return this.#displace(uid, value, order);
    this.#uids[place] = uid;
    this.#values[place] = value;
    this.#order[place] = order;
  }

  /** Keeps what finds its place taken; where that happens often, there are too few places. */
  #displace(uid: string, value: T, order: number): void {
    this.#displaced.set(uid, { value, order });
    const count = this.#uids.length;
    if (count === MOST || this.#displaced.size <= count / 8) return;
    const entries = this.#entries();
    this.#displaced.clear();
    this.#uids = empty(count * 2);
    this.#values = empty(count * 2);
    this.#order = new Array(count * 2).fill(0);
    for (const entry of entries) this.#add(entry.uid, entry.value, entry.order);
  }

  /** By the end of a uid, which differs the most. Numbers that follow each other get each its own. */
  #placeOf(uid: string): number {
    const { length } = uid;
    let sum = 0;
    for (let at = length > DIGITS ? length - DIGITS : 0; at < length; at++) {
      sum = sum * 10 + uid.charCodeAt(at);
    }
    return sum & (this.#uids.length - 1);
  }
}

function empty(count: number): undefined[] {
  return new Array(count).fill(undefined);
}
