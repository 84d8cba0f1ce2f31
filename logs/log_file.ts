/**
 * The log file of a program. It is rotated by size and age, only its owner may read it, and it never
 * stops the program: records that cannot be written are counted, and the count is written when the
 * file can be written again. `deleteOldLogs` deletes the log files of earlier starts.
 *
 * The rotating sinks of `@logtape/file` support a size or an age, not both, and flush every record
 * to the disk, which would delay all connections.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileExists, makePrivate, makePrivateFolder } from "../base/files.ts";
import { logger } from "../base/log.ts";
import { isLogFile } from "../base/paths.ts";
import type { LogLimits } from "../limits.ts";

/** The time before a rotation that has failed is tried again, in milliseconds. */
const RETRY_DELAY = 60 * 60_000;

/**
 * How a record of this package begins, as text and as JSON. The Python software has log files of the
 * same name, which must not be deleted.
 */
const RECORD = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00 \[[A-Z]+\] |\{"@timestamp":")/;

const log = logger("logging");

/** When a file is rotated, and how many rotated files are kept. */
type RotationLimits = Omit<LogLimits, "logRecent">;

/** Reports the failures of a log file. */
export interface LogFileReporter {
  /** Called when the file cannot be written or rotated; once until it can be again. */
  failed(error: Error): void;
  /** The text that is written instead of a number of lost records. */
  formatLost(count: number): string;
}

/** A file that records are appended to. The rotated files are `<file>.1`, `<file>.2` and so on. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #limits: RotationLimits;
  readonly #reporter: LogFileReporter;
  #file: Deno.FsFile | undefined;
  #size = 0;
  /** The time of the first record; `undefined` if there is none. */
  #begun: number | undefined;
  /** Whether it is a regular file, which can be rotated, and not e.g. `/dev/null`. */
  #isRegular = false;
  #retryAt = -Infinity;
  #lost = 0;

  /**
   * Opens the file. It is created if it does not exist.
   *
   * @throws {Error} When the system cannot open it.
   */
  constructor(path: string, limits: RotationLimits, reporter: LogFileReporter) {
    this.#limits = limits;
    this.#reporter = reporter;
    makePrivateFolder(dirname(path));
    this.#path = path;
    this.#file = this.#open();
    if (this.#isRegular) this.#path = Deno.realPathSync(path); // a link stays, its target is rotated
  }

  /**
   * Appends whole lines. Rotates the file first if they are due for the next one.
   *
   * @param now The time, in milliseconds since 1970.
   */
  write(text: string, now: number): void {
    const lost = this.#lost > 0 ? this.#reporter.formatLost(this.#lost) : "";
    const bytes = new TextEncoder().encode(lost + text);
    try {
      if (this.#isRotationDue(bytes.length, now)) this.#rotate(now);
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

  /** Makes an existing file private; the mode above is for a new one only. */
  #protect(): void {
    try {
      makePrivate(this.#path);
    } catch {
      // The file belongs to another user, who allows this one to write it and decides on its mode.
    }
  }

  #append(file: Deno.FsFile, bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        const count = file.writeSync(bytes.subarray(written));
        if (count === 0) throw new Error("nothing more is taken"); // or this loop would not end
        written += count;
      }
      this.#size += written;
    } catch (error) {
      // A full disk takes a part of a record. It is removed, so that the next record has its own line.
      if (this.#isRegular && written > 0) file.truncateSync(file.statSync().size - written);
      throw error;
    }
  }

  #isRotationDue(growth: number, now: number): boolean {
    const { logSize, logAge } = this.#limits;
    if (!this.#isRegular || this.#begun === undefined || now < this.#retryAt) return false;
    const isLarge = logSize > 0 && this.#size + growth > logSize;
    const isOld = logAge > 0 && now - this.#begun >= logAge;
    return isLarge || isOld;
  }

  #rotate(now: number): void {
    try {
      this[Symbol.dispose](); // Windows cannot rename an open file
      this.#shift();
    } catch (error) {
      this.#retryAt = now + RETRY_DELAY;
      this.#reporter.failed(error as Error);
    }
  }

  /** Renames each file to the next number. Files after a gap in the numbers may be the user's own. */
  #shift(): void {
    let free = 1;
    while (fileExists(this.#rotated(free))) free++;
    for (let number = free; number > 1; number--) {
      Deno.renameSync(this.#rotated(number - 1), this.#rotated(number));
    }
    Deno.renameSync(this.#path, this.#rotated(1));
    for (let number = free; number > this.#limits.logFiles; number--) {
      Deno.removeSync(this.#rotated(number));
    }
  }

  #rotated(number: number): string {
    return `${this.#path}.${number}`;
  }
}

/**
 * Deletes the log files of earlier starts, rotated files included, except for the newest ones. A
 * file that cannot be read or deleted stays: a failure is logged.
 *
 * @param current The file that this program writes. It is neither deleted nor counted.
 * @param keep How many other files are kept.
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

/** Whether this package has written the file, or the file is empty. */
function isOurs(file: string): boolean {
  using opened = Deno.openSync(file);
  const bytes = new Uint8Array(64);
  const length = opened.readSync(bytes) ?? 0;
  return length === 0 || RECORD.test(new TextDecoder().decode(bytes.subarray(0, length)));
}
