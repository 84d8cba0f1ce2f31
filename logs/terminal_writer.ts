/**
 * Writes to standard error without waiting for its reader. A program that was started over SSH or
 * by another program may have a reader that is suspended or has ended, and must not stop because of
 * it: records that exceed the queue are dropped. The log file has all records.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { PIPE_BUFFER } from "../base/pipe.ts";
import { withTimeout } from "../base/with_timeout.ts";

/** Text is dropped while more bytes than this are queued. */
const MAX_QUEUED = 1024 * 1024;
/** How long to wait until a full pipe may take more, in milliseconds. */
const PIPE_PAUSE = 10;
/** The longest wait of `flush()`, in milliseconds. */
const FLUSH_TIMEOUT = 1_000;

/** A stream that is written to, e.g. `Deno.stderr`. */
export interface OutputStream {
  /** Writes bytes from the start of the array, and gives the number of bytes that were written. */
  write(bytes: Uint8Array): Promise<number>;
}

/** A queue of text that is written to a stream. */
export class TerminalWriter {
  readonly #stream: OutputStream;
  readonly #formatDropped: (count: number) => string;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isStalled = false;

  /**
   * Creates an empty queue.
   *
   * @param formatDropped The text that is written instead of a number of dropped records.
   */
  constructor(stream: OutputStream, formatDropped: (count: number) => string) {
    this.#stream = stream;
    this.#formatDropped = formatDropped;
  }

  /** Queues the text of a record, or drops it. Returns at once. */
  write(text: string): void {
    if (this.#queued > MAX_QUEUED) {
      this.#dropped++;
      return;
    }
    this.#push(text);
    this.#writing ??= this.#writeOut();
  }

  /** Waits until the queue is written, for at most a second. */
  async flush(): Promise<void> {
    if (this.#writing === undefined) return;
    await withTimeout(this.#writing, FLUSH_TIMEOUT, () => this.#isStalled = true);
  }

  /** Whether a flush has waited in vain: a write is still waiting for the reader. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  #push(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  /** Writes a part. A pipe that is set not to block takes nothing while it is full. */
  async #writeSome(bytes: Uint8Array): Promise<number> {
    try {
      return await this.#stream.write(bytes.subarray(0, PIPE_BUFFER));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await delay(PIPE_PAUSE);
      return 0;
    }
  }

  async #writeOut(): Promise<void> {
    try {
      for (let bytes; (bytes = this.#queue.shift()) !== undefined;) {
        for (let rest = bytes; rest.length > 0;) {
          rest = rest.subarray(await this.#writeSome(rest));
        }
        this.#queued -= bytes.length;
        if (this.#dropped > 0 && this.#queue.length === 0) {
          this.#push(this.#formatDropped(this.#dropped));
          this.#dropped = 0;
        }
      }
      this.#writing = undefined;
    } catch {
      // The reader has ended. `#writing` stays set, and all further text is dropped.
      this.#queued = Infinity;
    }
  }
}
