/** Counts the pauses of long work, in place of measuring times. */

import { mock } from "node:test";
import { Yielder } from "../../base/pause.ts";

/**
 * Counts the pauses of this process.
 *
 * @param isDue Whether one is due. Default: always.
 */
export function countPauses(isDue = () => true): Disposable & { readonly count: number } {
  const due = mock.getter(Yielder.prototype, "isDue", isDue);
  const pause = mock.method(Yielder.prototype, "pause");
  return {
    get count() {
      return pause.mock.callCount();
    },
    [Symbol.dispose]() {
      due.mock.restore();
      pause.mock.restore();
    },
  };
}

/** One pause is due after two steps: for loops that wait until none is due. */
export function afterTwo(): () => boolean {
  let isDue = true;
  return () => isDue = !isDue;
}
