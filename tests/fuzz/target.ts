/** A target of the fuzzer: a property that holds for every input, and the number of inputs of a round. */

import fc from "../support/properties.ts";

/** The inputs of a run. The same seed gives the same inputs. */
export interface Trial {
  seed?: number;
  numRuns: number;
}

/** A target of the fuzzer. */
export interface Target {
  /** The property, as a sentence. */
  readonly name: string;
  /** The number of inputs in a test, and in each round of `deno task fuzz`. */
  readonly numRuns: number;
  /**
   * Tries inputs.
   *
   * @throws {Error} If the property does not hold, with the seed and the smallest input that was
   * found.
   */
  check(trial: Trial): Promise<void>;
}

/** The time limit for shrinking a failing input, in milliseconds. */
const SHRINK_TIMEOUT = 60_000;

/** A target without a fixture. */
export function target<Inputs extends [unknown, ...unknown[]]>(
  name: string,
  numRuns: number,
  arbitraries: { [Index in keyof Inputs]: fc.Arbitrary<Inputs[Index]> },
  holds: (...inputs: Inputs) => void | Promise<void>,
): Target {
  return { name, numRuns, check: (trial) => tryAll(trial, arbitraries, holds) };
}

/** Tries inputs, and shrinks one that fails. */
export async function tryAll<Inputs extends [unknown, ...unknown[]]>(
  trial: Trial,
  arbitraries: { [Index in keyof Inputs]: fc.Arbitrary<Inputs[Index]> },
  holds: (...inputs: Inputs) => void | Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty<Inputs>(
    ...arbitraries,
    async (...inputs) => await holds(...inputs),
  );
  await fc.assert(property, { ...trial, interruptAfterTimeLimit: SHRINK_TIMEOUT });
}
