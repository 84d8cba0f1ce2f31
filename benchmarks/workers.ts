/**
 * A program that keeps a number of calls in flight, and counts those that are answered.
 *
 * @module
 */

import { commands, report } from "./commands.ts";

/** A command to a caller. */
export interface Calls {
  /** The number of calls in flight. */
  inFlight: number;
  /** The times of the warm-up and of the measurement, in milliseconds. */
  warmUp: number;
  duration: number;
}

/** The figures of a caller. */
export interface Called {
  /** The number of answered calls. */
  calls: number;
  /** How long it took, in milliseconds. */
  time: number;
  /** The median of their times, in milliseconds, if there was one in flight. */
  median: number;
}

/** Executes the commands, with calls that return the sum of two numbers. */
export async function call(add: (x: number, y: number) => PromiseLike<unknown>): Promise<void> {
  for await (const { inFlight, warmUp, duration } of commands<Calls>()) {
    let calls = 0;
    let isOver = false;
    let times: number[] = [];
    const isAlone = inFlight === 1;
    const worker = async () => {
      for (let x = 0; !isOver; x++) {
        const start = isAlone ? performance.now() : 0;
        if (await add(x, 0.5) !== x + 0.5) throw new Error("the sum is wrong");
        if (isAlone) times.push(performance.now() - start);
        calls++;
      }
    };
    const workers = Promise.all(Array.from({ length: inFlight }, worker));
    const wait = (time: number) =>
      Promise.race([workers, new Promise((resolve) => setTimeout(resolve, time))]);
    await wait(warmUp);
    report({ warm: true });
    times = [];
    const [callsBefore, start] = [calls, performance.now()];
    await wait(duration);
    const time = performance.now() - start;
    const called: Called = { calls: calls - callsBefore, time, median: middleOf(times) };
    isOver = true;
    report({ ...called });
    await workers;
  }
}

function middleOf(times: number[]): number {
  return times.length === 0 ? 0 : times.toSorted((a, b) => a - b)[times.length >> 1];
}
