/**
 * The side of a program that is started by a benchmark (see `program.ts`): what it is told, and
 * how it answers.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";

/** The options that the program was started with. */
export function options<T>(): T {
  return JSON.parse(Deno.args[0]);
}

/** Says something. */
export function tell(report: Record<string, unknown>): void {
  console.log(JSON.stringify(report));
}

/** What the program is told, until whoever has started it wants it to end. */
export async function* orders<T>(): AsyncGenerator<T> {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
}

/** Runs a program to its end, and says what went wrong if it fails. */
export async function run(main: () => Promise<void>): Promise<never> {
  try {
    await main();
  } catch (error) {
    tell({ failure: (error as Error).message });
    for await (const _order of orders()) {
      // Nothing more to do.
    }
  }
  Deno.exit();
}
