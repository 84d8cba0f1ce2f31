/**
 * Prints on the standard output: everything, or an error that says why not. `console.log` ignores
 * that a disk is full, and loses what a pipe does not take at once.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { PIPE_BUFFER } from "../base/pipe.ts";

/** How long to wait until a pipe that is not blocking may take more, in milliseconds. */
const PIPE_PAUSE = 5;

/** A stream that is written to synchronously, e.g. `Deno.stdout`. */
export interface SyncStream {
  /** Writes bytes from the start of the array, and gives the number of bytes that were written. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Prints a line. Does nothing if the reader has closed the pipe.
 *
 * @throws {ConfigurationError} If it cannot be written, e.g. because the disk is full.
 */
export function printLine(line: string = ""): void {
  print(`${line}\n`);
}

/**
 * Prints text.
 *
 * @returns Whether it was printed; `false` if the reader has closed the pipe, which wants no more.
 * @throws {ConfigurationError} If it cannot be written, e.g. because the disk is full.
 */
export function print(text: string, stream: SyncStream = Deno.stdout): boolean {
  try {
    writeFully(stream, new TextEncoder().encode(text));
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.BrokenPipe) return false;
    throw new ConfigurationError(`Cannot write the output: ${(cause as Error).message}`, { cause });
  }
}

function writeFully(stream: SyncStream, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    try {
      written += stream.writeSync(bytes.subarray(written, written + PIPE_BUFFER));
    } catch (error) {
      // The pipe is full, and the program that has made it has set it not to block.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PAUSE);
    }
  }
}
