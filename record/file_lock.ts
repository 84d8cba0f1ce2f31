/**
 * Lets one process at a time record into a file. The lock is one of the operating system on a file
 * beside it, `<file>.lock`, so it ends with its process, however that ends.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { hostname } from "node:os";
import { ConfigurationError } from "../errors.ts";
import { printable } from "../base/printable.ts";

/** How much of the file of a lock is read for a message, in bytes. */
const LONGEST_HOLDER = 512;

/** The lock of a file. */
export class FileLock implements Disposable {
  readonly #name: string;
  readonly #held: Deno.FsFile;

  /**
   * Locks a file, which need not exist.
   *
   * @throws {ConfigurationError} When another process records into it, or its folder cannot be written.
   */
  constructor(file: string) {
    try {
      this.#name = `${realPath(file)}.lock`;
      this.#held = hold(this.#name, file);
    } catch (cause) {
      if (cause instanceof ConfigurationError) throw cause;
      const isMissing = cause instanceof Deno.errors.NotFound;
      const reason = isMissing ? "its folder does not exist" : (cause as Error).message;
      throw new ConfigurationError(`Cannot record to ${file}: ${reason}`, { cause });
    }
  }

  /** Unlocks it. */
  [Symbol.dispose](): void {
    try {
      if (isStillAt(this.#held, this.#name)) Deno.removeSync(this.#name);
    } catch {
      // The file may stay: the lock is on it no more.
    }
    this.#held.close();
  }
}

function hold(name: string, file: string): Deno.FsFile {
  for (;;) {
    const held = Deno.openSync(name, { read: true, write: true, create: true, mode: 0o600 });
    try {
      if (!held.tryLockSync(true)) throw new ConfigurationError(refusal(file, name));
      // Another process may have removed it at its end, after it was opened here.
      if (!isStillAt(held, name)) {
        held.close();
        continue;
      }
      writeHolder(held);
      return held;
    } catch (error) {
      held.close();
      throw error;
    }
  }
}

/** Writes who holds the lock. On a full disk there is no such text, and the lock is held all the same. */
function writeHolder(held: Deno.FsFile): void {
  const holder = `process ${Deno.pid} on ${hostname()}, since ${new Date().toISOString()}`;
  try {
    held.truncateSync();
    held.writeSync(new TextEncoder().encode(holder));
  } catch {
    // The message to others says less then.
  }
}

function refusal(file: string, name: string): string {
  let holder = "another process";
  try {
    const bytes = Deno.readFileSync(name).subarray(0, LONGEST_HOLDER);
    holder = printable(new TextDecoder().decode(bytes)) || holder;
  } catch {
    // Windows lets nobody read what is locked.
  }
  return `Cannot record to ${file}: it is being recorded to already, by ${holder}. ` +
    "End that recording, or use another file";
}

function isStillAt(file: Deno.FsFile, name: string): boolean {
  try {
    const [held, there] = [file.statSync(), Deno.statSync(name)];
    return held.ino === there.ino && held.dev === there.dev;
  } catch {
    return false;
  }
}

/** The path of a file without links, so that one file has one lock, whatever it is called. */
function realPath(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return join(Deno.realPathSync(dirname(file)), basename(file));
  }
}
