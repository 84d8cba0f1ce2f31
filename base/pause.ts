/**
 * Pauses in long work, so that the event loop looks at everybody else.
 *
 * Reads and writes that never have to wait are a kind of long work too: between them the event loop
 * turns, but it looks for what else has come only every 61st time (Deno 2.9, which is built on
 * Tokio, whose `event_interval` that is).
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** How often the event loop has to turn until it has surely looked at everybody. */
const TURNS = 64;

/**
 * Lets the event loop look at everybody, which takes 0.1 ms. A timer of 0 ms does it too, but takes
 * 2 ms, in which nobody may have anything to do.
 */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    let rest = TURNS;
    const turn = () => --rest > 0 ? void setImmediate(turn) : resolve();
    setImmediate(turn);
  });
}

/**
 * Tells when those that keep the event loop busy together have to pause: they do so at the same time.
 *
 * It does not ask whether the event loop has looked at everybody by itself. Only a timer could tell,
 * and one of those every other millisecond takes more time than pauses that nobody would have needed.
 */
export class Yielder {
  readonly #slice: number;
  /** When the last pause was over. */
  #since = performance.now();
  #pausing: Promise<void> | undefined;

  /** @param slice How long may be between two pauses, in milliseconds. */
  constructor(slice: number) {
    this.#slice = slice;
  }

  /** Whether a pause is due. To be asked after each piece of work. */
  get isDue(): boolean {
    return performance.now() - this.#since >= this.#slice;
  }

  /** Pauses, together with whoever does so now. */
  pause(): Promise<void> {
    return this.#pausing ??= pause().then(() => {
      this.#pausing = undefined;
      this.#since = performance.now();
    });
  }
}

/** What long work calls after each of its steps: it pauses every `slice` milliseconds. */
export function periodicPause(slice: number): () => Promise<void> {
  const watch = new Yielder(slice);
  return async () => {
    if (watch.isDue) await watch.pause();
  };
}
