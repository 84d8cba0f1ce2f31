/**
 * Writes to standard error without waiting for whoever reads it. A program that was started over
 * SSH, or by another program, may have a reader that is suspended or gone, and must not stop for
 * it: what is too much is dropped, and the log file has it all.
 *
 * @module
 */

import { withTimeout } from "../base/with_timeout.ts";

/** How much may wait to be written, in bytes. */
const LONGEST_QUEUE = 1024 * 1024;
/** How long `flush()` waits for the reader, in milliseconds. */
const PATIENCE = 1_000;

/** What is written to; `Deno.stderr` is one. */
export interface Stream {
  /** Writes bytes from the start of the array: how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** A queue of text in front of a stream. */
export class TerminalWriter {
  readonly #stream: Stream;
  readonly #formatDropped: (count: number) => string;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /**
   * Made for a stream.
   *
   * @param formatDropped The text that stands for records that were dropped.
   */
  constructor(stream: Stream, formatDropped: (count: number) => string) {
    this.#stream = stream;
    this.#formatDropped = formatDropped;
  }

  /** Adds text to what will be written. */
  write(text: string): void {
    if (this.#queued > LONGEST_QUEUE) {
      this.#dropped++;
      return;
    }
    this.#push(text);
    this.#writing ??= this.#writeOut();
  }

  /** Waits until everything is written, for a second at the most. */
  async flush(): Promise<void> {
    if (this.#writing !== undefined) await withTimeout(this.#writing, PATIENCE, () => {});
  }

  #push(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  async #writeOut(): Promise<void> {
    try {
      for (let bytes; (bytes = this.#queue.shift()) !== undefined;) {
        for (let rest = bytes; rest.length > 0;) {
          rest = rest.subarray(await this.#stream.write(rest));
        }
        this.#queued -= bytes.length;
        if (this.#dropped > 0 && this.#queue.length === 0) {
          this.#push(this.#formatDropped(this.#dropped));
          this.#dropped = 0;
        }
      }
      this.#writing = undefined;
    } catch {
      // Nobody will read it any more. What comes is dropped, since this never ends.
      this.#queued = Infinity;
    }
  }
}
