/** What is fuzzed: a property that holds for every input, and how many inputs are tried at once. */

import fc from "fast-check";

/** Which inputs are tried. The same seed gives the same ones. */
export interface Trial {
  seed?: number;
  numRuns: number;
}

/** Something to fuzz. */
export interface Target {
  /** What always holds, as a sentence. */
  readonly name: string;
  /** How many inputs are tried in a test, and in each round of `deno task fuzz`. */
  readonly numRuns: number;
  /**
   * Tries inputs.
   *
   * @throws {Error} If the property does not hold, with the seed and the smallest input that was
   * found.
   */
  check(trial: Trial): Promise<void>;
}

/** How long a smaller input that fails too is looked for, in milliseconds. */
const PATIENCE = 60_000;

/** A target that needs nothing but its inputs. */
export function target<Inputs extends [unknown, ...unknown[]]>(
  name: string,
  numRuns: number,
  arbitraries: { [Index in keyof Inputs]: fc.Arbitrary<Inputs[Index]> },
  holds: (...inputs: Inputs) => void | Promise<void>,
): Target {
  return { name, numRuns, check: (trial) => tryAll(trial, arbitraries, holds) };
}

/** Tries inputs, and smaller ones once one has failed. */
export async function tryAll<Inputs extends [unknown, ...unknown[]]>(
  trial: Trial,
  arbitraries: { [Index in keyof Inputs]: fc.Arbitrary<Inputs[Index]> },
  holds: (...inputs: Inputs) => void | Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty<Inputs>(
    ...arbitraries,
    async (...inputs) => await holds(...inputs),
  );
  await fc.assert(property, { ...trial, interruptAfterTimeLimit: PATIENCE });
}
