/** A service for the Client that a Manager serves, in each browser and runtime. */

import { NdArray, Service } from "../../mod.ts";

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

  trace(samples: number): Float64Array {
    return Float64Array.from({ length: samples }, (_, index) => index / 4);
  }

  /** Arrays that some programs cannot show as they are. */
  strange(): unknown {
    return {
      big: BigInt64Array.of(2n ** 62n + 1n),
      half: Float16Array.of(0.5, NaN, -Infinity),
      empty: new NdArray(new Float32Array(0), [3, 0, 2]),
      deep: { picture: new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]) },
    };
  }

  nameOf(value: unknown): string {
    return Object.prototype.toString.call(value);
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
