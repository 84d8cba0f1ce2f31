/**
 * The lines that were typed in the console, kept in a file that their owner alone can read.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { historyFile, homeFolder } from "../base/paths.ts";
import { makePrivateFolder, writePrivateFile } from "../base/files.ts";

/** How many lines are kept. */
export const HISTORY_SIZE = 1_000;

/**
 * The lines of earlier consoles, the newest one first.
 *
 * @throws {ConfigurationError} If the file cannot be read.
 */
export function readHistory(file: string = historyFile()): string[] {
  try {
    const lines = Deno.readTextFileSync(file).split("\n").filter((line) => line !== "");
    return lines.toReversed().slice(0, HISTORY_SIZE);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw new ConfigurationError(`Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Keeps lines, the newest one first. One that begins with a space is not kept.
 *
 * @throws {ConfigurationError} If the file cannot be written.
 */
export function writeHistory(lines: readonly string[], file: string = historyFile()): void {
  const kept = lines.filter((line) => !line.startsWith(" ")).slice(0, HISTORY_SIZE).toReversed();
  try {
    makePrivateFolder(homeFolder());
    writePrivateFile(file, kept.map((line) => `${line}\n`).join(""));
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
