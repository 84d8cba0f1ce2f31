/**
 * Pauses in long work, so that the event loop looks at everybody else.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/**
 * What long work calls after each of its steps: it waits for the event loop's next turn whenever
 * the work has gone on for `slice` milliseconds.
 */
export function pauses(slice: number): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < slice) return;
    await delay(0);
    since = performance.now();
  };
}
