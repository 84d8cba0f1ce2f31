/**
 * The connections that have not said who they are: no more than so many at once, so that whoever
 * opens connections and says nothing keeps nobody else out.
 *
 * @module
 */

/** A connection on its way in. */
export interface Place {
  /** Gives the place free: the connection has come in, or has gone. */
  leave(): void;
}

/** Hands out the places. */
export class Entrance {
  readonly #size: number;
  readonly #turnAway = new Map<Place, () => void>();
  /** The places that each address has, the oldest first. */
  readonly #byAddress = new Map<string, Set<Place>>();

  /** @param size How many places there are. */
  constructor(size: number) {
    this.#size = size;
  }

  /** How many places are taken. */
  get taken(): number {
    return this.#turnAway.size;
  }

  /**
   * Takes a place. When there is none, the address that has most of them loses its oldest one; it
   * gets no other in exchange.
   *
   * @param turnAway Called if the place is lost.
   * @returns `undefined` if there is no place.
   */
  enter(address: string, turnAway: () => void): Place | undefined {
    if (this.taken >= this.#size && !this.#makeRoom(address)) return undefined;
    const place = { leave: () => this.#leave(address, place) };
    const places = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, places.add(place));
    this.#turnAway.set(place, turnAway);
    return place;
  }

  #makeRoom(address: string): boolean {
    const own = this.#byAddress.get(address)?.size ?? 0;
    let most = new Set<Place>();
    for (const places of this.#byAddress.values()) if (places.size > most.size) most = places;
    if (own >= most.size) return false;
    const [oldest] = most;
    const turnAway = this.#turnAway.get(oldest)!;
    oldest.leave();
    turnAway();
    return true;
  }

  #leave(address: string, place: Place): void {
    if (!this.#turnAway.delete(place)) return;
    const places = this.#byAddress.get(address)!;
    places.delete(place);
    if (places.size === 0) this.#byAddress.delete(address);
  }
}
