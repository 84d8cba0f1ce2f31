/**
 * The inner side of a program that a benchmark starts (see `program.ts`): the commands that it
 * receives, and its reports.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";

/** The options that the program was started with. */
export function options<T>(): T {
  return JSON.parse(Deno.args[0]);
}

/** Sends a report to the benchmark. */
export function report(message: Record<string, unknown>): void {
  console.log(JSON.stringify(message));
}

/** The commands of the benchmark, until it closes the standard input so that the program ends. */
export async function* commands<T>(): AsyncGenerator<T> {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
}

/** Runs a program to its end, and reports the error if it fails. */
export async function run(main: () => Promise<void>): Promise<never> {
  try {
    await main();
  } catch (error) {
    report({ failure: (error as Error).message });
    for await (const _command of commands()) {
      // Waits for the end of the input.
    }
  }
  Deno.exit();
}
