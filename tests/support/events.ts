/** What happens, to be waited for: nothing is missed that happens before it is asked for. */
export class Events<T> {
  /** Everything that has happened. */
  readonly all: T[] = [];
  #seen = 0;
  #arrival = Promise.withResolvers<void>();

  /** Something has happened. */
  add(event: T): void {
    this.all.push(event);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  /** The next one of a kind, after the one that was waited for last. */
  async next(isWanted: (event: T) => boolean = () => true): Promise<T> {
    for (;;) {
      while (this.#seen < this.all.length) {
        const event = this.all[this.#seen++];
        if (isWanted(event)) return event;
      }
      await this.#arrival.promise;
    }
  }
}
