/**
 * Reads and writes the files that a user names, with errors that say which file and why. A key or
 * certificate that is made anew never takes the old one with it.
 *
 * @module
 */

import { dirname } from "node:path";
import { ConfigurationError } from "./errors.ts";
import { makePrivate, makePrivateFolder, writePrivateFile } from "./paths.ts";

/**
 * Whether there is a file of that name.
 *
 * @throws {ConfigurationError} If that cannot be found out.
 */
export function fileExists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new ConfigurationError(`Cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * The text of a file.
 *
 * @param what What the file is, for the message of an error: `"the certificate"`.
 * @throws {ConfigurationError} If it cannot be read.
 */
export function readFile(file: string, what: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    throw new ConfigurationError(`Cannot read ${what} ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Writes a file, over what is there.
 *
 * @throws {ConfigurationError} If it cannot be written.
 */
export function writeFile(file: string, text: string): void {
  try {
    Deno.writeTextFileSync(file, text);
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Writes a file that only the owner may read. One that is there already is kept beside it, as
 * `<file>.old`, or `<file>.old2` and so on where that is taken too.
 *
 * @returns Where the old file is now; `undefined` if there was none.
 * @throws {ConfigurationError} If it cannot be written, or is a folder or a device.
 */
export function replaceFile(file: string, text: string): string | undefined {
  const old = fileExists(file) ? nameForOld(file) : undefined;
  try {
    if (old !== undefined) {
      // Renaming a device, /dev/null say, would take it from everybody.
      if (!Deno.statSync(file).isFile) throw new Error("it is not a regular file");
      Deno.renameSync(file, old);
      makePrivate(old);
    }
    makePrivateFolder(dirname(file));
    writePrivateFile(file, text);
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
  return old;
}

function nameForOld(file: string): string {
  let old = `${file}.old`;
  for (let number = 2; fileExists(old); number++) old = `${file}.old${number}`;
  return old;
}
