/**
 * The file of a log. It is rotated by its size and its age, only its owner may read it, and it
 * never stops the program: what cannot be written is counted, and told when it can be again.
 *
 * The rotating sinks of `@logtape/file` know a size or an age, not both, and flush every record to
 * the disk, for which everybody connected would wait.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileExists, makePrivate, makePrivateFolder } from "../base/files.ts";
import { logger } from "../base/log.ts";
import { isLogFile } from "../base/paths.ts";
import type { LogLimits } from "../limits.ts";

/** How long a rotation that failed is not tried again, in milliseconds. */
const RETRY = 60 * 60_000;

/**
 * How a record of ours begins, as text and as JSON. The Python software has log files of the same
 * name, and those are not ours to delete.
 */
const RECORD = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00 \[[A-Z]+\] |\{"@timestamp":")/;

const log = logger("logging");

/** What a log file has to say of itself. */
export interface LogFileReporter {
  /** Told when the file cannot be written or rotated, once until that is over. */
  failed(error: Error): void;
  /** The text that stands in the file for records which it could not take. */
  formatLost(count: number): string;
}

/** A file that text is added to. Those before it are `<file>.1`, `<file>.2` and so on. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #limits: LogLimits;
  readonly #reporter: LogFileReporter;
  #file: Deno.FsFile | undefined;
  #size = 0;
  /** When the first record was written; `undefined` if there is none. */
  #begun: number | undefined;
  /** Whether it is a file, which can be rotated, and not e.g. `/dev/null`, which must not. */
  #isRegular = false;
  #retryAt = -Infinity;
  #lost = 0;

  /**
   * Opens the file. It is made where it does not exist, and added to where it does.
   *
   * @throws If it cannot be opened.
   */
  constructor(path: string, limits: LogLimits, reporter: LogFileReporter) {
    this.#limits = limits;
    this.#reporter = reporter;
    makePrivateFolder(dirname(path));
    this.#path = path;
    this.#file = this.#open();
    if (this.#isRegular) this.#path = Deno.realPathSync(path); // a link stays, its target is rotated
  }

  /**
   * Adds whole lines.
   *
   * @param now The time, in milliseconds since 1970.
   */
  write(text: string, now: number): void {
    const lost = this.#lost > 0 ? this.#reporter.formatLost(this.#lost) : "";
    const bytes = new TextEncoder().encode(lost + text);
    try {
      if (this.#isDue(bytes.length, now)) this.#rotate(now);
      this.#file ??= this.#open();
      this.#append(this.#file, bytes);
      this.#begun ??= now;
      this.#lost = 0;
    } catch (error) {
      if (this.#lost++ === 0) this.#reporter.failed(error as Error);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): Deno.FsFile {
    const file = Deno.openSync(this.#path, { create: true, append: true, mode: 0o600 });
    const { isFile, size, birthtime, mtime } = file.statSync();
    this.#isRegular = isFile;
    this.#size = size;
    this.#begun = size > 0 ? (birthtime ?? mtime)?.getTime() : undefined;
    if (isFile) this.#protect();
    return file;
  }

  /** The mode above is for a new file only. */
  #protect(): void {
    try {
      makePrivate(this.#path);
    } catch {
      // It is another user's, who lets this one write it: its mode is that user's decision.
    }
  }

  #append(file: Deno.FsFile, bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        const taken = file.writeSync(bytes.subarray(written));
        if (taken === 0) throw new Error("nothing more is taken"); // or it would try for ever
        written += taken;
      }
      this.#size += written;
    } catch (error) {
      // A full disk takes a part. What follows later must not be glued to it.
      if (this.#isRegular && written > 0) file.truncateSync(file.statSync().size - written);
      throw error;
    }
  }

  #isDue(growth: number, now: number): boolean {
    const { logSize, logAge } = this.#limits;
    if (!this.#isRegular || this.#begun === undefined || now < this.#retryAt) return false;
    const isLarge = logSize > 0 && this.#size + growth > logSize;
    const isOld = logAge > 0 && now - this.#begun >= logAge;
    return isLarge || isOld;
  }

  #rotate(now: number): void {
    try {
      this[Symbol.dispose](); // Windows renames no open file
      this.#shift();
    } catch (error) {
      this.#retryAt = now + RETRY;
      this.#reporter.failed(error as Error);
    }
  }

  /** Only the files up to the first gap are taken for old ones: others may be somebody else's. */
  #shift(): void {
    let free = 1;
    while (fileExists(this.#old(free))) free++;
    for (let number = free; number > 1; number--) {
      Deno.renameSync(this.#old(number - 1), this.#old(number));
    }
    Deno.renameSync(this.#path, this.#old(1));
    for (let number = free; number > this.#limits.logFiles; number--) {
      Deno.removeSync(this.#old(number));
    }
  }

  #old(number: number): string {
    return `${this.#path}.${number}`;
  }
}

/**
 * Deletes log files of a folder, with what was rotated of them, except for the newest ones. What
 * cannot be read or deleted stays.
 *
 * @param current The file that is written now. It is neither deleted nor counted.
 * @param keep How many others are kept.
 */
export function deleteOldLogs(folder: string, current: string, keep: number): void {
  try {
    const files = Array.from(Deno.readDirSync(folder))
      .filter(({ name, isFile }) => isFile && isLogFile(name))
      .map(({ name }) => join(folder, name))
      .filter((file) => file !== current && isOurs(file))
      .map((file) => ({ file, written: Deno.statSync(file).mtime?.getTime() ?? 0 }))
      .sort((a, b) => b.written - a.written);
    const old = files.slice(keep);
    for (const { file } of old) Deno.removeSync(file);
    if (old.length > 0) {
      log.info("Deleted {count} log files of earlier starts, kept {keep} (--log-files)", {
        count: old.length,
        keep,
      });
    }
  } catch (error) {
    log.warn("Cannot delete log files of earlier starts: {error}", { error });
  }
}

/** Whether it was written by this package. One with nothing in it is nobody's loss. */
function isOurs(file: string): boolean {
  using opened = Deno.openSync(file);
  const bytes = new Uint8Array(64);
  const length = opened.readSync(bytes) ?? 0;
  return length === 0 || RECORD.test(new TextDecoder().decode(bytes.subarray(0, length)));
}
