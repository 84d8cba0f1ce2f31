/**
 * Records into a folder of Parquet files, which pandas and others read as one table. Nothing of a
 * Parquet file can be read before it is complete. So readings go into a journal in SQLite first, and a
 * file is made from that when it is large or old, and at the end. The journal is removed only when its
 * file has its name: a process that is killed loses nothing, and the next one makes the file.
 *
 * @module
 */

import { join } from "node:path";
import { delay } from "@std/async/delay";
import { fileExists, makePrivateFolder } from "../base/files.ts";
import { logger } from "../base/log.ts";
import { ConfigurationError } from "../errors.ts";
import { SYSTEM_CLOCK, type Times } from "./clock.ts";
import { FileLock } from "./file_lock.ts";
import {
  makeParquetFile,
  readJournalEnds,
  readParquetEnds,
  type SourceEnds,
} from "./parquet_file.ts";
import type { Gap, Reading, RecordedEnd, SourceDescription } from "./reading.ts";
import { SourceEnd } from "./source_end.ts";
import { mapSource, sourceKey, SourceNumbers, sourceOfKey } from "./source_numbers.ts";
import { SqliteTarget } from "./sqlite_target.ts";
import type { Target, TargetOptions } from "./target.ts";

const log = logger("record");

/** When a Parquet file is made. */
export interface Rotation {
  /** The number of readings in it, about. */
  readonly readings: number;
  /** The time since its first reading, in milliseconds. */
  readonly age: number;
}

/** Each day, and each million readings. */
const ROTATION: Rotation = { readings: 1_000_000, age: 24 * 60 * 60_000 };

/** How long to wait after a file could not be made, in milliseconds. */
const RETRY_DELAY = 10_000;

/** A name that pandas and others leave out when they read the folder. */
const JOURNAL = /^_journal-(\d+)\.sqlite$/;
const FILE = /^recording-(\d+)\.parquet$/;

/** A recording in Parquet. */
export class ParquetTarget implements Target {
  readonly #folder: string;
  readonly #options: TargetOptions;
  readonly #clock: Times;
  readonly #rotation: Rotation;
  readonly #lock: FileLock;
  readonly #sources = new SourceNumbers();
  /** Where each source ends, by its number. */
  readonly #ends = new Map<number, SourceEnd>();
  readonly #found: SourceEnds;
  #number: number;
  #journal: SqliteTarget;
  /** The number of each source in the journal. */
  #journalSources = new Map<number, number>();
  #readings = 0;
  #started: number;
  readonly #closing = new AbortController();
  #making: Promise<void>;

  private constructor(
    folder: string,
    options: TargetOptions,
    clock: Times,
    rotation: Rotation,
    lock: FileLock,
    found: SourceEnds,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#clock = clock;
    this.#rotation = rotation;
    this.#lock = lock;
    this.#found = found;
    this.#number = Math.max(0, ...numbersOf(folder, FILE), ...numbersOf(folder, JOURNAL)) + 1;
    this.#journal = this.#openJournal();
    this.#started = clock.monotonic();
    this.#making = this.#makeFiles();
  }

  /**
   * Opens a recording, or makes a new one.
   *
   * @throws {ConfigurationError} When the folder cannot be written, or is no recording.
   */
  static async open(
    folder: string,
    options: TargetOptions = {},
    clock: Times = SYSTEM_CLOCK,
    rotation: Rotation = ROTATION,
  ): Promise<ParquetTarget> {
    if (options.keep !== undefined) {
      throw new ConfigurationError(
        `Cannot keep ${folder} for a time only: delete its old files, or use .sqlite`,
      );
    }
    const lock = new FileLock(folder);
    try {
      prepareFolder(folder);
      const found = await endsOf(folder);
      return new ParquetTarget(folder, options, clock, rotation, lock, found);
    } catch (cause) {
      lock[Symbol.dispose]();
      if (cause instanceof ConfigurationError) throw cause;
      throw new ConfigurationError(`Cannot record to ${folder}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  /** @inheritdoc */
  source(description: SourceDescription): number {
    const source = this.#sources.numberOf(description);
    if (!this.#ends.has(source)) {
      // UTF-8 has no half of a character.
      const written = mapSource(description, (text) => text.toWellFormed());
      const found = this.#found.get(sourceKey(written));
      this.#ends.set(source, Object.assign(new SourceEnd(), found));
    }
    return source;
  }

  /** @inheritdoc */
  sources(): SourceDescription[] {
    return Array.from(this.#found.keys(), sourceOfKey);
  }

  /** @inheritdoc */
  end(source: number): RecordedEnd {
    return this.#ends.get(source)!.of(source);
  }

  /** @inheritdoc */
  write(readings: readonly Reading[], gaps: readonly Gap[]): void {
    const age = this.#clock.monotonic() - this.#started;
    if (
      this.#readings >= this.#rotation.readings || (this.#readings > 0 && age >= this.#rotation.age)
    ) {
      this.#rotate();
    }
    const inJournal = <T extends { readonly source: number }>(row: T): T => ({
      ...row,
      source: this.#journalSource(row.source),
    });
    this.#journal.write(readings.map(inJournal), gaps.map(inJournal));
    this.#readings += readings.length;
    for (const reading of readings) this.#ends.get(reading.source)!.addReading(reading);
    for (const { source, ...gap } of gaps) this.#ends.get(source)!.addGap(gap);
  }

  /** @inheritdoc */
  get size(): number {
    let size = 0;
    for (const { name } of Deno.readDirSync(this.#folder)) size += sizeOf(join(this.#folder, name));
    return size;
  }

  /** Makes the last file. If it cannot be made, e.g. on a full disk, the next start makes it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#making;
    this.#journal.close();
    this.#number++;
    try {
      await this.#makeFilesOnce(new AbortController().signal);
    } catch (error) {
      log.warn("Cannot make a Parquet file in {folder}: {error}. The next recording makes it", {
        folder: this.#folder,
        error: (error as Error).message,
      });
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  #rotate(): void {
    const old = this.#journal;
    this.#number++;
    try {
      this.#journal = this.#openJournal();
    } catch {
      this.#number--; // the disk is full: the journal goes on
      return;
    }
    old.close();
    this.#journalSources = new Map();
    this.#readings = 0;
    this.#started = this.#clock.monotonic();
    this.#making = this.#making.then(() => this.#makeFiles());
  }

  #openJournal(): SqliteTarget {
    return new SqliteTarget(journalOf(this.#folder, this.#number), this.#options, this.#clock);
  }

  #journalSource(source: number): number {
    let inJournal = this.#journalSources.get(source);
    if (inJournal === undefined) {
      inJournal = this.#journal.source(this.#sources.get(source));
      this.#journalSources.set(source, inJournal);
    }
    return inJournal;
  }

  /** Makes the files of all journals before this one, however often it has to be tried. */
  async #makeFiles(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        return await this.#makeFilesOnce(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn("Cannot make a Parquet file in {folder}: {error}. It is tried again", {
          folder: this.#folder,
          error: (error as Error).message,
        });
        await delay(RETRY_DELAY, { signal }).catch(() => {});
      }
    }
  }

  async #makeFilesOnce(signal: AbortSignal): Promise<void> {
    const closed = numbersOf(this.#folder, JOURNAL).filter((number) => number < this.#number);
    for (const number of closed) {
      const journal = journalOf(this.#folder, number);
      const file = fileOf(this.#folder, number);
      if (!fileExists(file)) {
        await makeParquetFile(journal, file, newestFile(this.#folder), signal);
      }
      // The journal is the last one: without it, there is nothing to be done again.
      for (const ending of [".lock", "-shm", "-wal", ""]) removeIfThere(`${journal}${ending}`);
    }
  }
}

function prepareFolder(folder: string): void {
  if (!fileExists(folder)) return makePrivateFolder(folder);
  if (!Deno.statSync(folder).isDirectory) {
    throw new Error("a recording in Parquet is a folder, and this is a file. Use another name");
  }
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  if (names.length > 0 && !names.some((name) => FILE.test(name) || JOURNAL.test(name))) {
    throw new Error("it is a folder with other content. Use another name");
  }
}

/** Where the sources of a recording ended. */
async function endsOf(folder: string): Promise<SourceEnds> {
  const newest = newestFile(folder);
  const ends: SourceEnds = newest === undefined ? new Map() : await readParquetEnds(newest);
  for (const number of numbersOf(folder, JOURNAL)) {
    readJournalEnds(ends, journalOf(folder, number));
  }
  return ends;
}

function newestFile(folder: string): string | undefined {
  const number = numbersOf(folder, FILE).at(-1);
  return number === undefined ? undefined : fileOf(folder, number);
}

function fileOf(folder: string, number: number): string {
  return join(folder, `recording-${String(number).padStart(6, "0")}.parquet`);
}

function journalOf(folder: string, number: number): string {
  return join(folder, `_journal-${number}.sqlite`);
}

/** The numbers of the files with a name, in ascending order. */
function numbersOf(folder: string, name: RegExp): number[] {
  return Array.from(Deno.readDirSync(folder), (entry) => name.exec(entry.name)?.[1])
    .filter((number) => number !== undefined).map(Number).sort((a, b) => a - b);
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch {
    return 0; // it was removed in the meantime
  }
}

function removeIfThere(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
