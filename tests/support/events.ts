/** Events that a test waits for, one after the other, with a deadline. */

/** How long a test waits for an event, in milliseconds: a process may start under load. */
const DEADLINE = 60_000;

/** What happens, to be waited for: nothing is missed that happens before it is asked for. */
export class Events<T> {
  /** Everything that has happened. */
  readonly all: T[] = [];
  #seen = 0;
  #arrival = Promise.withResolvers<void>();
  #end: string | undefined;

  /** Something has happened. */
  add(event: T): void {
    this.all.push(event);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  /** Nothing more will happen. Waiting for more fails, and says why. */
  end(why: string): void {
    this.#end = why;
    this.#arrival.resolve();
  }

  /**
   * The next one of a kind, after the one that was waited for last.
   *
   * @throws {Error} When none comes within a minute, or no more can come.
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
