/**
 * Limits how many connections may be unidentified at once. A computer that opens connections and
 * does not identify itself on them takes slots, but does not keep other computers out: when no slot
 * is free, the address with the most slots loses its oldest one to an address with fewer. A computer
 * that was let in before loses none to others, so that thousands of addresses do not keep it out.
 *
 * @module
 */

/** The slot of one unidentified connection. */
export interface Slot {
  /** Frees the slot: the connection is identified, or closed. Does nothing the second time. */
  release(): void;
}

/** The slots of one address. */
interface Holder {
  readonly slots: Set<Slot>;
  /** Whether a device was let in from there before. */
  isKnown: boolean;
}

/** Hands out a fixed number of slots. */
export class AdmissionLimiter {
  readonly #size: number;
  /** What to call when a slot is evicted. */
  readonly #onEvicted = new Map<Slot, () => void>();
  /** The slots of each address, the oldest first. */
  readonly #byAddress = new Map<string, Holder>();

  /** @param size How many slots there are. */
  constructor(size: number) {
    this.#size = size;
  }

  /** How many slots are in use. */
  get used(): number {
    return this.#onEvicted.size;
  }

  /**
   * Takes a slot. If none is free, the oldest slot of the address that has the most is evicted,
   * unless the address that asks has as many itself. Known addresses count only among themselves:
   * they take slots from others, and others none from them.
   *
   * @param isKnown Whether a device was let in from that address before.
   * @param onEvicted Called if this slot is evicted later.
   * @returns The slot; `undefined` if there is none.
   */
  acquire(address: string, onEvicted: () => void, isKnown = false): Slot | undefined {
    if (this.used >= this.#size && !this.#evict(address, isKnown)) return undefined;
    const slot = { release: () => this.#release(address, slot) };
    const holder = this.#byAddress.get(address) ?? { slots: new Set(), isKnown };
    holder.isKnown = isKnown;
    holder.slots.add(slot);
    this.#byAddress.set(address, holder);
    this.#onEvicted.set(slot, onEvicted);
    return slot;
  }

  /** Evicts a slot in favour of an address. False if no other address has more slots than it. */
  #evict(address: string, isKnown: boolean): boolean {
    const strangers = this.#most(false);
    const most = strangers ?? (isKnown ? this.#most(true) : undefined);
    if (most === undefined) return false;
    const isFirst = isKnown && strangers !== undefined; // and need not have fewer
    const own = this.#byAddress.get(address)?.slots.size ?? 0;
    if (!isFirst && own >= most.size) return false;
    const [oldest] = most;
    const onEvicted = this.#onEvicted.get(oldest)!;
    oldest.release();
    onEvicted();
    return true;
  }

  /** The slots of the address that has the most, of the known ones or of the others. */
  #most(isKnown: boolean): Set<Slot> | undefined {
    let most: Set<Slot> | undefined;
    for (const holder of this.#byAddress.values()) {
      if (holder.isKnown !== isKnown || holder.slots.size <= (most?.size ?? 0)) continue;
      most = holder.slots;
    }
    return most;
  }

  #release(address: string, slot: Slot): void {
    if (!this.#onEvicted.delete(slot)) return;
    const { slots } = this.#byAddress.get(address)!;
    slots.delete(slot);
    if (slots.size === 0) this.#byAddress.delete(address);
  }
}
