/** The options of the commands `fuzz` and `soak`, and their exit. */

import { parseArgs } from "@std/cli/parse-args";

/**
 * The options of the command line, each with a value.
 *
 * @throws {TypeError} If there are others.
 */
export function readOptions(names: readonly string[]): Record<string, string | undefined> {
  return parseArgs(Deno.args, {
    string: [...names],
    unknown: (argument: string) => {
      throw new TypeError(`Unknown argument: ${argument}. There are --${names.join(", --")}`);
    },
  });
}

/**
 * Parses a number that is not negative.
 *
 * @throws {TypeError} If the option is another.
 */
export function readNumber(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number >= 0) return number;
  throw new TypeError(`--${option} must be a number from 0, got ${text}`);
}

/** The given seed, or a random one. */
export function readSeed(text: string | undefined): number {
  return text === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0] >>> 1
    : Math.trunc(readNumber("seed", text));
}

/** Runs a command to its end. */
export async function runCommand(main: () => Promise<number>): Promise<never> {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}
