/** A queue of events that a test waits for, with a time-out. */

/** How long a test waits for an event, in milliseconds: a process may start under load. */
const DEADLINE = 60_000;

/** A queue of events. An event that comes before a test waits for it is not lost. */
export class Events<T> {
  /** All events, in order. */
  readonly all: T[] = [];
  #seen = 0;
  #arrival = Promise.withResolvers<void>();
  #end: string | undefined;

  /** Adds an event. */
  add(event: T): void {
    this.all.push(event);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  /** Ends the queue: `next()` rejects with this reason when no event is left. */
  end(why: string): void {
    this.#end = why;
    this.#arrival.resolve();
  }

  /**
   * The next wanted event after the one that was returned last.
   *
   * @throws {Error} When none comes within a minute, or the queue has ended.
   */
  async next(isWanted: (event: T) => boolean = () => true): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(this.#missing(isWanted)), DEADLINE);
    try {
      for (;;) {
        while (this.#seen < this.all.length) {
          const event = this.all[this.#seen++];
          if (isWanted(event)) return event;
        }
        if (this.#end !== undefined) throw this.#missing(isWanted);
        await Promise.race([this.#arrival.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #missing(isWanted: (event: T) => boolean): Error {
    const why = this.#end ?? `not within ${DEADLINE} ms`;
    const seen = Deno.inspect(this.all.slice(-20));
    return new Error(`Nothing came that fits ${isWanted}: ${why}. The last events: ${seen}`);
  }
}
