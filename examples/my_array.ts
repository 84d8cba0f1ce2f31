/**
 * A Service that works with arrays: any JSON value can be an argument or a result.
 *
 * @module
 */

import { runUntilEnd, Service, ValueError } from "@msl/network";
import { connectOptions } from "./options.ts";

/** Makes and changes arrays of numbers. */
export class MyArray extends Service {
  /** `n` numbers evenly spaced from `start` to `stop`, both included. */
  linspace(start: number, stop: number, n = 100): number[] {
    if (!Number.isInteger(n) || n < 1) throw new ValueError(`n must be at least 1, got ${n}`);
    if (n === 1) return [start];
    const step = (stop - start) / (n - 1);
    return Array.from({ length: n }, (_, index) => start + index * step);
  }

  /** Every element of `data` times `scalar`. */
  scalar_multiply(scalar: number, data: number[]): number[] {
    return data.map((element) => scalar * element);
  }
}

if (import.meta.main) {
  const service = new MyArray();
  service.addTasks(() => console.log("MyArray is running"));
  await runUntilEnd(service, connectOptions());
}
