/**
 * Reads and writes the files that a user names, with errors that say which file and why. A file that
 * is made can be read by its owner alone, whatever the umask is; a key or certificate that is made
 * anew never takes the old one with it.
 *
 * @module
 */

import { dirname } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { makePrivate, makePrivateFolder, touchPrivateFile } from "./paths.ts";

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
 * The mode of a file that others than its owner can read or change, as `"0644"`; `undefined` if they
 * cannot, and for what is no file (a pipe) and where the system knows of no such modes.
 */
export function exposedMode(file: string): string | undefined {
  const { isFile, mode, uid } = Deno.statSync(file);
  if (Deno.build.os === "windows" || !isFile || mode === null) return undefined;
  if (!isExposed(mode, uid, () => Deno.uid())) return undefined;
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/**
 * Whether others can use a file. The group may read one of root, unless it is root who asks, as
 * PostgreSQL has it: that is how Debian gives keys to the services of the group `ssl-cert`.
 *
 * @param owner The id of the user whose file it is.
 * @param user The id of the user who asks.
 */
export function isExposed(mode: number, owner: number | null, user: () => number | null): boolean {
  if ((mode & 0o077) === 0) return false;
  const isOfGroup = (mode & 0o077) === 0o040;
  return !(isOfGroup && owner === 0 && user() !== 0);
}

/**
 * Writes a file, over what is there. A new one can be read by its owner alone.
 *
 * @throws {ConfigurationError} If it cannot be written.
 */
export function writeFile(file: string, text: string): void {
  try {
    touchPrivateFile(file); // a mode that is given here would be that of an old file too
    Deno.writeTextFileSync(file, text);
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Writes a file that only the owner may read. One that is there already is kept beside it, as
 * `<file>.old`, or `<file>.old2` and so on where that is taken too. It stays where it is until the
 * new one is complete.
 *
 * @returns Where the old file is now; `undefined` if there was none.
 * @throws {ConfigurationError} If it cannot be written, or is a folder or a device.
 */
export function replaceFile(file: string, text: string): string | undefined {
  const old = fileExists(file) ? nameForOld(file) : undefined;
  try {
    // Renaming a device, /dev/null say, would take it from everybody.
    if (old !== undefined && !Deno.statSync(file).isFile) {
      throw new Error("it is not a regular file");
    }
    makePrivateFolder(dirname(file));
    const complete = `${file}.${crypto.randomUUID()}`;
    try {
      Deno.writeTextFileSync(complete, text, { createNew: true, mode: 0o600 });
      if (old !== undefined) {
        Deno.renameSync(file, old);
        makePrivate(old);
      }
      // A link that somebody put there is neither followed nor replaced.
      if (isTaken(file)) throw new Error("something is there already");
      Deno.renameSync(complete, file);
    } finally {
      if (isTaken(complete)) Deno.removeSync(complete);
    }
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
  return old;
}

/** Whether anything has that name, a link to nowhere too. */
function isTaken(file: string): boolean {
  try {
    Deno.lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

function nameForOld(file: string): string {
  let old = `${file}.old`;
  for (let number = 2; fileExists(old); number++) old = `${file}.old${number}`;
  return old;
}
