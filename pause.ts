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

/** What long work calls after each of its steps: it pauses every `slice` milliseconds. */
export function pauses(slice: number): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < slice) return;
    await pause();
    since = performance.now();
  };
}

/** Notices that the event loop has looked at nobody else for some time, whoever kept it from that. */
export class Watch implements Disposable {
  readonly #slice: number;
  /** Since when that may be so. */
  #since = 0;
  /** Goes off when it has looked. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param slice After how many milliseconds it is due. */
  constructor(slice: number) {
    this.#slice = slice;
  }

  /** Whether a pause is due. To be asked after each piece of work. */
  get isDue(): boolean {
    const now = performance.now();
    if (this.#timer === undefined) {
      this.#since = now;
      this.#timer = setTimeout(() => this.#timer = undefined, 0);
    }
    return now - this.#since >= this.#slice;
  }

  /** Pauses, after which the time begins anew. */
  async pause(): Promise<void> {
    await pause();
    this[Symbol.dispose]();
  }

  /** Is not asked any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
