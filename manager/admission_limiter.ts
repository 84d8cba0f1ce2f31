/**
 * Limits how many connections may be unidentified at once. A computer that opens connections and
 * does not identify itself on them takes slots, but does not keep other computers out: when no slot
 * is free, the address with the most slots loses its oldest one to an address with fewer.
 *
 * @module
 */

/** The slot of one unidentified connection. */
export interface Slot {
  /** Frees the slot: the connection is identified, or closed. Does nothing the second time. */
  release(): void;
}

/** Hands out a fixed number of slots. */
export class AdmissionLimiter {
  readonly #size: number;
  /** What to call when a slot is evicted. */
  readonly #onEvicted = new Map<Slot, () => void>();
  /** The slots of each address, the oldest first. */
  readonly #byAddress = new Map<string, Set<Slot>>();

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
   * unless the address that asks has as many itself.
   *
   * @param onEvicted Called if this slot is evicted later.
   * @returns The slot; `undefined` if there is none.
   */
  acquire(address: string, onEvicted: () => void): Slot | undefined {
    if (this.used >= this.#size && !this.#evict(address)) return undefined;
    const slot = { release: () => this.#release(address, slot) };
    const slots = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, slots.add(slot));
    this.#onEvicted.set(slot, onEvicted);
    return slot;
  }

  /** Evicts a slot in favour of an address. False if no other address has more slots than it. */
  #evict(address: string): boolean {
    const own = this.#byAddress.get(address)?.size ?? 0;
    let most = new Set<Slot>();
    for (const slots of this.#byAddress.values()) if (slots.size > most.size) most = slots;
    if (own >= most.size) return false;
    const [oldest] = most;
    const onEvicted = this.#onEvicted.get(oldest)!;
    oldest.release();
    onEvicted();
    return true;
  }

  #release(address: string, slot: Slot): void {
    if (!this.#onEvicted.delete(slot)) return;
    const slots = this.#byAddress.get(address)!;
    slots.delete(slot);
    if (slots.size === 0) this.#byAddress.delete(address);
  }
}
