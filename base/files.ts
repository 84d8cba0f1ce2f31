/**
 * Reads and writes files. A function that a user's own file is given to throws an error that says
 * which file and why. A file that is created can be read by its owner alone, whatever the umask is.
 * `paths.ts` says where the files of the package are.
 *
 * @module
 */

import { dirname } from "node:path";
import { ConfigurationError } from "../errors.ts";

/**
 * Whether a file exists.
 *
 * @throws {ConfigurationError} When the system does not tell.
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
 * The text of a file. It may be UTF-8 or UTF-16 with a byte-order mark, as programs of Windows write
 * it; the mark is no part of the text.
 *
 * @param what What the file is, for the message of an error, e.g. `"the certificate"`.
 * @throws {ConfigurationError} When it cannot be read, or is no text.
 */
export function readFile(file: string, what: string): string {
  try {
    return decodeText(Deno.readFileSync(file));
  } catch (cause) {
    throw new ConfigurationError(`Cannot read ${what} ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Decodes text that a person has written: UTF-8, or UTF-16 with a byte-order mark.
 *
 * @throws {TypeError} If it is neither. No byte is replaced: two passwords must not become the same.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TypeError("it is not text in UTF-8, or in UTF-16 with a byte-order mark", { cause });
  }
}

/**
 * The mode of a file that other users than its owner can read or change, e.g. `"0644"`. It is
 * `undefined` for a file that they cannot, for anything but a file (e.g. a pipe), and on Windows,
 * which has no such modes.
 */
export function exposedMode(file: string): string | undefined {
  const { isFile, mode, uid } = Deno.statSync(file);
  if (Deno.build.os === "windows" || !isFile || mode === null) return undefined;
  if (!isExposed(mode, uid, () => Deno.uid())) return undefined;
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/**
 * Whether other users can read or change a file. As in PostgreSQL, the group may read a file of
 * root, unless this process runs as root: Debian gives keys to services of the group `ssl-cert` in
 * this way.
 *
 * @param owner The number of the user that owns the file.
 * @param user The number of the user that this process runs as.
 */
export function isExposed(mode: number, owner: number | null, user: () => number | null): boolean {
  if ((mode & 0o077) === 0) return false;
  const isReadByGroupOnly = (mode & 0o077) === 0o040;
  return !(isReadByGroupOnly && owner === 0 && user() !== 0);
}

/**
 * Writes a file, replacing its content. One that is created can be read by its owner alone.
 *
 * @throws {ConfigurationError} When it cannot be written.
 */
export function writeFile(file: string, text: string): void {
  try {
    touchPrivateFile(file); // writeTextFile's own `mode` would also change an existing file
    Deno.writeTextFileSync(file, text);
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Writes a file that its owner alone may read. An existing file is kept as `<file>.old`, or
 * `<file>.old2` and so on where that name is taken. It is renamed only when the new file is
 * complete.
 *
 * @returns The new name of the existing file; `undefined` if there was none.
 * @throws {ConfigurationError} When it cannot be written, or is a folder or a device.
 */
export function replaceFile(file: string, text: string): string | undefined {
  const old = fileExists(file) ? nameForOld(file) : undefined;
  try {
    // A device, e.g. /dev/null, would be renamed for every program of the computer.
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
      // A link that another user has put there is neither followed nor replaced.
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

/**
 * Creates a file that its owner alone may read, with all of its text at once. Of several programs
 * that create it at the same time, one does; no program ever reads a part of it.
 *
 * @returns Whether it was created. Otherwise there is one already, which is not changed.
 * @throws {ConfigurationError} When it cannot be written.
 */
export function createFile(file: string, text: string): boolean {
  try {
    makePrivateFolder(dirname(file));
    const complete = `${file}.${crypto.randomUUID()}`;
    try {
      Deno.writeTextFileSync(complete, text, { createNew: true, mode: 0o600 });
      return renameToFree(complete, file);
    } finally {
      if (isTaken(complete)) Deno.removeSync(complete);
    }
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Gives a file a name, unless that is taken: another name for it fails then, `rename` would not. */
function renameToFree(file: string, name: string): boolean {
  try {
    Deno.linkSync(file, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // A file system without links, e.g. of a memory stick: two programs are unlikely there.
    if (isTaken(name)) return false;
    Deno.renameSync(file, name);
    return true;
  }
}

/**
 * Creates a folder, and those above it, for the owner alone. An existing folder keeps its mode: it
 * may be shared on purpose, and the files that are created in it are private nevertheless.
 */
export function makePrivateFolder(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Creates an empty file for the owner alone. An existing file is not changed. */
export function touchPrivateFile(file: string): void {
  Deno.openSync(file, { write: true, create: true, mode: 0o600 }).close();
}

/** Writes a file for the owner alone, replacing its content. */
export function writePrivateFile(file: string, text: string): void {
  touchPrivateFile(file);
  makePrivate(file); // before the text is in it
  Deno.writeTextFileSync(file, text);
}

/** Gives a file to its owner alone, except on Windows, which has no such modes. */
export function makePrivate(file: string): void {
  if (Deno.build.os !== "windows") Deno.chmodSync(file, 0o600);
}

/** Whether the name is in use, also by a link whose target does not exist. */
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
