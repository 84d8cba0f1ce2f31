/**
 * A file that is being written for a long time: its size, and whether it is still where it was. A file
 * that somebody has deleted would be written on without a word, and be gone at the end.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";

/** How often it is looked at, in milliseconds. */
const INTERVAL = 1_000;

/** A file that is open. */
export class OpenFile {
  /** Its path, as the user has written it. */
  readonly name: string;
  readonly #monotonic: () => number;
  readonly #opened: Deno.FileInfo | undefined;
  #last: number;

  /** @param monotonic A clock that does not jump, in milliseconds. */
  constructor(name: string, monotonic: () => number) {
    this.name = name;
    this.#monotonic = monotonic;
    this.#opened = stat(name);
    this.#last = monotonic();
  }

  /**
   * Looks whether the file is still there, if the last look was a second ago.
   *
   * @throws {ConfigurationError} When it was moved or deleted.
   */
  check(): void {
    const now = this.#monotonic();
    if (now - this.#last < INTERVAL) return;
    const there = stat(this.name);
    if (there?.ino !== this.#opened?.ino || there?.dev !== this.#opened?.dev) {
      throw new ConfigurationError(
        `Cannot write ${this.name}: it was moved or deleted. Start the recording again`,
      );
    }
    this.#last = now;
  }

  /** How many bytes it has. */
  get size(): number {
    return this.sizeOf("");
  }

  /** How many bytes the file has whose name is the same with an ending. */
  sizeOf(ending: string): number {
    return stat(`${this.name}${ending}`)?.size ?? 0;
  }
}

function stat(file: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(file);
  } catch {
    return undefined;
  }
}
