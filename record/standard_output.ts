/**
 * Records to the standard output, as lines of JSON for another program. A reader that is slow stops the
 * recorder's batches, and not its event loop.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ConfigurationError } from "../errors.ts";
import { formatSize } from "../base/units.ts";
import { storedBatch } from "./batch.ts";
import { JsonLines } from "./jsonl_format.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";
import { SourceNumbers } from "./source_numbers.ts";
import { ReaderClosed, type Target, TargetUnavailable } from "./target.ts";

/** How many bytes may wait for the reader when a batch is accepted. */
const MOST_WAITING = 1024 * 1024;

/** How long to wait after a failure, e.g. of a full disk, in milliseconds. */
const PAUSE = 200;

/** The default of the time that the reader has at the end. */
const GRACE = 5_000;

/** A stream that is written to, e.g. `Deno.stdout`. */
export interface Output {
  /** Writes some of the bytes, and gives their number. */
  write(bytes: Uint8Array): Promise<number>;
}

/** A recording on the standard output. */
export class StandardOutput implements Target {
  readonly #output: Output;
  readonly #grace: number;
  readonly #format = new JsonLines();
  readonly #sources = new SourceNumbers();
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  #written = 0;
  #writing: Promise<void> | undefined;
  /** Why the last write has failed; it is tried again. */
  #failure: Error | undefined;
  #isClosed = false;

  /** @param grace How long the reader has at the end for what waits, in milliseconds. */
  constructor(output: Output = Deno.stdout, grace: number = GRACE) {
    this.#output = output;
    this.#grace = grace;
  }

  /** @inheritdoc */
  source(description: SourceDescription): number {
    return this.#sources.numberOf(description);
  }

  /** Nothing is continued. */
  sources(): SourceDescription[] {
    return [];
  }

  /** Nothing is continued. */
  end(): RecordedEnd {
    return {};
  }

  /** @inheritdoc */
  write(readings: readonly Reading[], gaps: readonly Gap[]): void {
    if (this.#isClosed) throw new ReaderClosed();
    if (this.#failure !== undefined) {
      throw new TargetUnavailable(`Cannot write the output: ${this.#failure.message}`, {
        cause: this.#failure,
      });
    }
    if (this.#waitingSize > MOST_WAITING) {
      throw new TargetUnavailable("Cannot write the output: its reader is too slow");
    }
    const batch = storedBatch(readings, gaps);
    const lines: string[] = [];
    for (const reading of batch.readings) {
      lines.push(this.#format.reading(this.#sources.get(reading.source), reading));
    }
    for (const { source, ...gap } of batch.gaps) {
      lines.push(this.#format.gap(this.#sources.get(source), gap));
    }
    const bytes = new TextEncoder().encode(lines.join(""));
    this.#waiting.push(bytes);
    this.#waitingSize += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  /** How many bytes were written. */
  get size(): number {
    return this.#written;
  }

  /**
   * Waits until the reader has taken all, for some seconds.
   *
   * @throws {ConfigurationError} When it has not.
   */
  async close(): Promise<void> {
    const late = new AbortController();
    await Promise.race([
      this.#writing,
      delay(this.#grace, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
    const isLeft = !this.#isClosed && this.#waitingSize > 0;
    this.#isClosed = true;
    if (isLeft) {
      const size = formatSize(this.#waitingSize);
      throw new ConfigurationError(
        `Cannot write the output: its reader has not taken ${size} of it`,
      );
    }
  }

  async #writeAll(): Promise<void> {
    for (let bytes; !this.#isClosed && (bytes = this.#waiting[0]) !== undefined;) {
      try {
        const count = await this.#output.write(bytes);
        this.#written += count;
        this.#waitingSize -= count;
        this.#failure = undefined;
        if (count === bytes.length) this.#waiting.shift();
        else this.#waiting[0] = bytes.subarray(count);
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) this.#isClosed = true;
        else if (!(error instanceof Deno.errors.WouldBlock)) this.#failure = error as Error;
        await delay(PAUSE);
      }
    }
    this.#writing = undefined;
  }
}
