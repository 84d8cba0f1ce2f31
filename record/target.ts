/**
 * What readings are written to. `open_target.ts` opens one.
 *
 * @module
 */

import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";

/** A file, or a stream, that keeps what is recorded. */
export interface Target {
  /**
   * The number of a source, by which its readings and gaps are written. It is the same one for the
   * same description, also after the file was closed and opened again.
   *
   * @param since When the recorder has begun to look for its readings. A target that has the source
   * before its first row keeps it: the recorder may be killed before that. Default: now.
   * @throws {TargetUnavailable} Try again later.
   */
  source(description: SourceDescription, since?: number): number;
  /**
   * The sources that a file which is continued has, as far as it is known where they ended; empty where
   * nothing is continued.
   *
   * @throws {TargetUnavailable} Try again later.
   */
  sources(): SourceDescription[];
  /** Where the record of a source ended. It is empty for a source that is new in the file. */
  end(source: number): RecordedEnd;
  /**
   * Writes a batch: all of it, or nothing. When it returns, the batch survives the end of this
   * process. A gap replaces the one of its source that has the same start, so one that lasts is
   * written when it begins, without an `end`, and again with it. A batch that was not written may be
   * written again as it is, or with more in it.
   *
   * @throws {TargetUnavailable} Nothing of the batch was written; try again later.
   * @throws {ConfigurationError} The file can be written no more: it is damaged, or not there.
   * @throws {ReaderClosed} Nobody reads what is written any more.
   */
  write(readings: readonly Reading[], gaps: readonly Gap[]): void;
  /** How many bytes the file has, with those beside it; what was written, for a stream. */
  readonly size: number;
  /** Completes the file and closes it. */
  close(): void | Promise<void>;
}

/** How a target keeps what is recorded. */
export interface TargetOptions {
  /**
   * `"normal"`: what was written survives the end of the process. `"full"`: it survives a power cut
   * too, and each batch waits for the disk. Default: `"normal"`.
   */
  readonly sync?: "normal" | "full";
  /**
   * How old a reading becomes before it is deleted, in milliseconds. Default: nothing is deleted. It
   * may become 2 % older.
   */
  readonly keep?: number;
}

/**
 * The target cannot take a batch now: its disk is full, or another program has locked it. The batch
 * was not written, and may be written later.
 */
export class TargetUnavailable extends Error {
  /** Creates it with the cause for a person, e.g. `"the disk is full"`. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TargetUnavailable";
  }
}

/** Nobody reads what is written any more, e.g. since `head` has all that it wants. */
export class ReaderClosed extends Error {
  /** Creates it. */
  constructor() {
    super("the reader of the output has closed it");
    this.name = "ReaderClosed";
  }
}
