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
  /** The median and the 99th percentile of their times, in milliseconds, if there was one in flight. */
  median: number;
  p99: number;
}

/**
 * Executes the commands, with calls that return the sum of two numbers.
 *
 * @param resultOf What a call returns if it returns something else.
 */
export async function call(
  add: (x: number, y: number) => PromiseLike<unknown>,
  resultOf = (x: number, y: number) => x + y,
): Promise<void> {
  for await (const { inFlight, warmUp, duration } of commands<Calls>()) {
    let calls = 0;
    let isOver = false;
    let times: number[] = [];
    const isAlone = inFlight === 1;
    const worker = async () => {
      for (let x = 0; !isOver; x++) {
        const start = isAlone ? performance.now() : 0;
        if (await add(x, 0.5) !== resultOf(x, 0.5)) throw new Error("the result is wrong");
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
    const called: Called = { calls: calls - callsBefore, time, ...summarise(times) };
    isOver = true;
    report({ ...called });
    await workers;
  }
}

function summarise(times: number[]): Pick<Called, "median" | "p99"> {
  if (times.length === 0) return { median: 0, p99: 0 };
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] };
}
