/** A service for the Client that a Manager serves, in each browser and runtime. */

import { Service } from "../../mod.ts";

/** It measures, echoes, streams and fails. */
export class Lab extends Service {
  measure(): number {
    return 5.25;
  }

  sizeOf(value: string | number[]): number {
    return value.length;
  }

  large(): number[] {
    return new Array(1_000_000).fill(0.5);
  }

  echo(value: unknown): unknown {
    return value;
  }

  *count(to: number): Generator<number> {
    for (let value = 0; value < to; value++) yield value;
  }

  fail(): void {
    throw new RangeError("There is no such range");
  }
}
