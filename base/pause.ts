/**
 * Yields to the event loop during long work, so that other connections and timers are served.
 *
 * Reads and writes that never have to wait are long work too: the event loop turns between them, but
 * it polls for other events only every 61st turn (Deno 2.9, which is built on Tokio, whose
 * `event_interval` that is).
 *
 * @module
 */

/** So many turns of the event loop of Deno include at least one poll for other events. */
const TURNS = 64;

/** Calls a function in a later turn of the event loop. Browsers do not have it. */
const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/**
 * Waits until the event loop has polled for other events, which takes 0.1 ms. A timer of 0 ms does
 * it too, but takes 2 ms, in which the process may be idle, and 4 ms in a browser.
 */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate === undefined) return postToItself(resolve);
    let rest = TURNS;
    const turn = () => --rest > 0 ? void setImmediate(turn) : resolve();
    setImmediate(turn);
  });
}

/** Calls a function with the next message of the event loop of a browser. */
function postToItself(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}

/**
 * Says when the loops that share it have to yield, e.g. those that read the connections of a
 * Manager: they keep the event loop busy together, so they pause together.
 *
 * It does not find out whether the event loop has polled in the meantime. Only a timer could tell,
 * and a timer every other millisecond takes more time than the pauses that it would save.
 */
export class Yielder {
  readonly #slice: number;
  /** When the last pause was over. */
  #since = performance.now();
  /** The loops that wait for the end of the pause, in the order in which they have come. */
  #waiting: (() => void)[] = [];

  /** @param slice The time from one pause to the next, in milliseconds. */
  constructor(slice: number) {
    this.#slice = slice;
  }

  /** Whether a pause is due. Read it after each step of the work. */
  get isDue(): boolean {
    return performance.now() - this.#since >= this.#slice;
  }

  /**
   * Pauses; a call during a pause waits for the end of that one. Before a step that may take long by
   * itself, read `isDue` again after it (`while (isDue) await pause()`): others that have waited for
   * the same pause may have worked since. Then such steps are done one after the other, with pauses
   * between them, and short ones do not wait for them.
   */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) pause().then(this.#end);
    });
  }

  /**
   * The loops go on, the one that was first last: the first to go on works until the next pause is due,
   * and is the first one again to wait for it.
   */
  readonly #end = (): void => {
    this.#since = performance.now();
    const [first, ...others] = this.#waiting;
    this.#waiting = [];
    for (const resolve of others) resolve();
    first();
  };
}

/**
 * A function to await after each step of long work: it pauses when `slice` milliseconds have passed
 * since the last pause, and else returns at once.
 */
export function periodicPause(slice: number): () => Promise<void> {
  const yielder = new Yielder(slice);
  return async () => {
    if (yielder.isDue) await yielder.pause();
  };
}
