/**
 * Records into a file of lines. A crash leaves whole lines and at most one torn one, which is removed
 * when the file is continued: it was not acknowledged.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { storedBatch } from "./batch.ts";
import { FileLock } from "./file_lock.ts";
import type { LineFormat } from "./line_format.ts";
import { OpenFile } from "./open_file.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";
import { SourceNumbers } from "./source_numbers.ts";
import { type Target, type TargetOptions, TargetUnavailable } from "./target.ts";
import type { SourceEnd } from "./source_end.ts";
import { textValue } from "./stored_value.ts";
import { readEnds, type TextEnds, wholeSize } from "./text_end.ts";

/** A recording as lines of text. */
export class TextTarget implements Target {
  readonly #format: LineFormat;
  readonly #options: TargetOptions;
  readonly #lock: FileLock;
  readonly #file: Deno.FsFile;
  readonly #there: OpenFile;
  readonly #sources = new SourceNumbers();
  /** Where each source ended when the file was opened. */
  readonly #found: TextEnds;
  /** Where each source ends, by its number. */
  readonly #ends = new Map<number, SourceEnd>();
  /** How many bytes of the file are whole lines that were acknowledged. */
  #size: number;
  /** Whether the file may have more bytes than those. */
  #isTorn: boolean;
  /** What is written before the next batch: the header, or the end of a line. */
  #pending: string;

  /**
   * Opens a recording, or makes a new one.
   *
   * @throws {ConfigurationError} When the file cannot be written, or is no recording in this format.
   */
  constructor(
    file: string,
    format: LineFormat,
    options: TargetOptions = {},
    monotonic: () => number = () => performance.now(),
  ) {
    if (options.keep !== undefined) {
      throw new ConfigurationError(
        `Cannot keep ${file} for a time only: a file of text cannot be shortened. Use .sqlite`,
      );
    }
    this.#format = format;
    this.#options = options;
    this.#lock = new FileLock(file);
    let opened: Deno.FsFile | undefined;
    try {
      this.#file = opened = openRegular(file);
      const { size, pending } = wholeSize(opened, format);
      this.#size = size;
      this.#pending = pending;
      this.#isTorn = true;
      this.#found = readEnds(opened, size, format);
    } catch (cause) {
      opened?.close();
      this.#lock[Symbol.dispose]();
      throw new ConfigurationError(`Cannot record to ${file}: ${(cause as Error).message}`, {
        cause,
      });
    }
    this.#there = new OpenFile(file, monotonic);
  }

  /** @inheritdoc */
  source(description: SourceDescription): number {
    const source = this.#sources.numberOf(description);
    if (!this.#ends.has(source)) this.#ends.set(source, this.#found.of(description));
    return source;
  }

  /** @inheritdoc */
  sources(): SourceDescription[] {
    return [...this.#found.sources];
  }

  /** @inheritdoc */
  end(source: number): RecordedEnd {
    return this.#ends.get(source)!.of(source);
  }

  /** @inheritdoc */
  write(readings: readonly Reading[], gaps: readonly Gap[]): void {
    this.#there.check();
    const batch = storedBatch(readings, gaps, textValue);
    const lines = [this.#pending];
    for (const reading of batch.readings) {
      lines.push(this.#format.reading(this.#sources.get(reading.source), reading));
    }
    for (const { source, ...gap } of batch.gaps) {
      lines.push(this.#format.gap(this.#sources.get(source), gap));
    }
    const bytes = new TextEncoder().encode(lines.join(""));
    try {
      this.#append(bytes);
    } catch (cause) {
      throw new TargetUnavailable(`Cannot write ${this.#there.name}: ${(cause as Error).message}`, {
        cause,
      });
    }
    this.#size += bytes.length;
    this.#pending = "";
    for (const reading of batch.readings) this.#ends.get(reading.source)!.addReading(reading);
    for (const { source, ...gap } of batch.gaps) this.#ends.get(source)!.addGap(gap);
  }

  /** @inheritdoc */
  get size(): number {
    return this.#size;
  }

  /** @inheritdoc */
  close(): void {
    try {
      this.#removeTorn();
    } catch {
      // It is removed when the file is continued.
    }
    this.#file.close();
    this.#lock[Symbol.dispose]();
  }

  #append(bytes: Uint8Array): void {
    this.#removeTorn();
    this.#isTorn = true;
    for (let written = 0; written < bytes.length;) {
      written += this.#file.writeSync(bytes.subarray(written));
    }
    if (this.#options.sync === "full") this.#file.syncDataSync();
    this.#isTorn = false;
  }

  #removeTorn(): void {
    if (!this.#isTorn) return;
    this.#file.truncateSync(this.#size);
    this.#file.seekSync(this.#size, Deno.SeekMode.Start);
    this.#isTorn = false;
  }
}

function openRegular(file: string): Deno.FsFile {
  const opened = Deno.openSync(file, { read: true, write: true, create: true, mode: 0o600 });
  if (opened.statSync().isFile) return opened;
  opened.close();
  throw new Error("it is not a regular file");
}
