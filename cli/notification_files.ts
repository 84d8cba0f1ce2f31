/**
 * Writes the arrays of numbers in notifications into files of NumPy, for `watch --out`.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { splitArguments } from "../wire/call.ts";
import type { NdArray } from "../wire/nd_array.ts";
import { NpyFiles, toArray } from "./npy.ts";

/** How much may wait to be written, in bytes: a notification cannot be slowed down. */
const MOST_WAITING = 256 * 1024 * 1024;

/** The files of the arrays of many notifications. */
export class NotificationFiles {
  readonly #files: NpyFiles;
  readonly #mostWaiting: number;
  #waiting = 0;
  #written: Promise<void> = Promise.resolve();
  #first: string | undefined;
  #last = "";

  private constructor(files: NpyFiles, mostWaiting: number) {
    this.#files = files;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Tries whether files can be written there.
   *
   * @param file What their names are made of.
   * @throws {ConfigurationError} When they cannot be written, or it does not end in `.npy`.
   */
  static async open(file: string, mostWaiting = MOST_WAITING): Promise<NotificationFiles> {
    const files = new NpyFiles(file);
    await files.check();
    return new NotificationFiles(files, mostWaiting);
  }

  /**
   * Writes each argument that is an array, in their order, after those of the notifications before it.
   *
   * @throws {ConfigurationError} When a file cannot be written, or one before it could not.
   * @throws {CancelledError} When the process is asked to end meanwhile.
   * @throws {ValueError} When too much waits to be written. What waits is written nevertheless.
   */
  write(parameters: readonly unknown[]): Promise<void> {
    const { args, kwargs } = splitArguments(parameters);
    const arrays = [...args, ...Object.values(kwargs)].map(toArray).filter((array) =>
      array !== undefined
    );
    const size = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (this.#waiting + size > this.#mostWaiting) {
      const message = `Arrays come faster than they can be written: ${this.#waiting} bytes wait`;
      return Promise.reject(new ValueError(message));
    }
    this.#waiting += size;
    const written = this.#written.then(() => this.#write(arrays, size));
    written.catch(() => {}); // its caller has it too
    return this.#written = written;
  }

  /** Settles when nothing waits to be written. Never rejects. */
  async settled(): Promise<void> {
    await this.#written.catch(() => {});
  }

  /** What was written. */
  get report(): string {
    if (this.#first === undefined) return "No array has come: no file was written";
    return `Written: ${this.#first}${this.#last === this.#first ? "" : ` to ${this.#last}`}`;
  }

  async #write(arrays: readonly NdArray[], size: number): Promise<void> {
    for (const array of arrays) {
      this.#last = await this.#files.writeNext(array);
      this.#first ??= this.#last;
    }
    this.#waiting -= size;
  }
}
