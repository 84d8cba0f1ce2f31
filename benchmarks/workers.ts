/**
 * A program that keeps a number of calls in flight, and counts those that are answered.
 *
 * @module
 */

import { orders, tell } from "./orders.ts";

/** What a caller is told to do. */
export interface Calls {
  /** How many calls are in flight. */
  inFlight: number;
  /** How long to call before it counts, and while it counts, in milliseconds. */
  warmUp: number;
  duration: number;
}

/** What a caller has measured. */
export interface Called {
  /** How many calls were answered. */
  calls: number;
  /** How long it took, in milliseconds. */
  time: number;
}

/** Does what it is told, with calls that give the sum of two numbers. */
export async function call(add: (x: number, y: number) => PromiseLike<unknown>): Promise<void> {
  for await (const { inFlight, warmUp, duration } of orders<Calls>()) {
    let calls = 0;
    let isOver = false;
    const worker = async () => {
      for (let x = 0; !isOver; x++) {
        if (await add(x, 0.5) !== x + 0.5) throw new Error("the sum is wrong");
        calls++;
      }
    };
    const workers = Promise.all(Array.from({ length: inFlight }, worker));
    const wait = (time: number) =>
      Promise.race([workers, new Promise((resolve) => setTimeout(resolve, time))]);
    await wait(warmUp);
    tell({ warm: true });
    const [callsBefore, start] = [calls, performance.now()];
    await wait(duration);
    const called: Called = { calls: calls - callsBefore, time: performance.now() - start };
    isOver = true;
    tell({ ...called });
    await workers;
  }
}
