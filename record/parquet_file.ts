/**
 * A Parquet file of a recording: it is made from a closed journal, and says in its footer where each
 * source ended. `parquet_target.ts` says when.
 *
 * @module
 */

import { asyncBufferFromFile, parquetMetadataAsync, type SchemaElement } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { dirname, join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { fileExists, touchPrivateFile } from "../base/files.ts";
import { periodicPause } from "../base/pause.ts";
import type { LineGap } from "./line_format.ts";
import { SourceEnd } from "./source_end.ts";
import { sourceKey } from "./source_numbers.ts";
import { type Row, scan } from "./scan.ts";
import { readSources } from "./source_rows.ts";

/** How many rows are written at once. The event loop waits for them, about 20 ms. */
const ROWS = 2_000;

/** After how many bytes of arrays and of JSON fewer rows are written at once. */
const ROWS_SIZE = 8 * 1024 * 1024;

/** After how long the event loop has its turn, in milliseconds. */
const SLICE = 10;

/** The key of the ends in the footer. */
const ENDS = "msl-network.ends";

/** Where each source ended, by its key. */
export type SourceEnds = Map<string, SourceEnd>;

const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
const time = {
  type: "INT64",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
} as const;

/** The column of the bytes of arrays. */
const DATA = "data";

const COLUMNS: readonly SchemaElement[] = [
  { name: "time", ...time, repetition_type: "REQUIRED" },
  { name: "received", ...time, repetition_type: "OPTIONAL" },
  { name: "service", ...text, repetition_type: "REQUIRED" },
  { name: "attribute", ...text, repetition_type: "REQUIRED" },
  { name: "arguments", ...text, repetition_type: "REQUIRED" },
  { name: "unit", ...text, repetition_type: "REQUIRED" },
  { name: "value", type: "DOUBLE", repetition_type: "OPTIONAL" },
  { name: "json", ...text, repetition_type: "OPTIONAL" },
  { name: "gap", ...text, repetition_type: "OPTIONAL" },
  { name: "until", ...time, repetition_type: "OPTIONAL" },
  { name: "dtype", ...text, repetition_type: "OPTIONAL" },
  { name: "shape", ...text, repetition_type: "OPTIONAL" },
  { name: DATA, type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
];

/** The bytes of arrays are written as they are: to look for patterns in them costs more than it saves. */
const AS_THEY_ARE = { encoding: "PLAIN", codec: "UNCOMPRESSED", statistics: false } as const;

/**
 * Makes a Parquet file from a journal. It has its name only when it is complete.
 *
 * @param previous The Parquet file before it, if there is one.
 * @param signal Ends the work before it is complete.
 * @returns Whether the journal had anything; otherwise there is no file.
 */
export async function makeParquetFile(
  journal: string,
  file: string,
  previous: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  using database = new DatabaseSync(journal, { readOnly: true });
  const ends = previous === undefined ? new Map() : await readParquetEnds(previous);
  addJournalEnds(ends, database);
  if (isEmpty(database)) return false;
  // A name that pandas and others leave out when they read the folder.
  const unfinished = join(dirname(file), "_unfinished");
  try {
    touchPrivateFile(unfinished);
    const writer = new ParquetWriter({
      writer: fileWriter(unfinished),
      schema: [{ name: "root", num_children: COLUMNS.length }, ...COLUMNS],
      kvMetadata: [{ key: ENDS, value: JSON.stringify([...ends]) }],
    });
    const pause = periodicPause(SLICE);
    for (const rows of partsOf(database)) {
      writer.write({
        columnData: COLUMNS.map(({ name }) => ({
          name,
          data: rows.map((row) => row[name] ?? null),
          ...(name === DATA ? AS_THEY_ARE : {}),
        })),
        rowGroupSize: ROWS,
      });
      await pause();
      signal.throwIfAborted();
    }
    writer.finish();
    using opened = await Deno.open(unfinished, { write: true });
    await opened.sync();
    await Deno.rename(unfinished, file);
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {}); // it may have filled the disk
    throw error;
  }
  return true;
}

function isEmpty(database: DatabaseSync): boolean {
  const any = "SELECT 1 FROM reading UNION ALL SELECT 1 FROM gap LIMIT 1";
  return database.prepare(any).get() === undefined;
}

/** The rows of a file: the readings in the order in which they were received, and then the gaps. */
function* partsOf(database: DatabaseSync): Generator<Record<string, unknown>[], undefined> {
  const sources = new Map(readSources(database).map((source) => [source.id, source]));
  let rows: Record<string, unknown>[] = [];
  let size = 0;
  const readings = database.prepare("SELECT * FROM reading WHERE id > ? ORDER BY id");
  for (const reading of scan(readings, (last) => [last?.id ?? -Infinity])) {
    rows.push({
      ...reading,
      ...sources.get(Number(reading.source)),
      time: micros(reading.time),
      received: micros(reading.received),
    });
    size += sizeOf(reading);
    if (rows.length < ROWS && size < ROWS_SIZE) continue;
    yield rows;
    rows = [];
    size = 0;
  }
  if (rows.length > 0) yield rows;
  rows = [];
  const gaps = database.prepare(
    "SELECT * FROM gap WHERE (source, start) > (?, ?) ORDER BY source, start",
  );
  const after = (last?: Row) => [last?.source ?? -Infinity, last?.start ?? -Infinity];
  for (const { source, start, end, reason } of scan(gaps, after)) {
    const until = end === null ? null : micros(end);
    rows.push({ ...sources.get(Number(source)), time: micros(start), gap: reason, until });
    if (rows.length < ROWS) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** The size of what may be long in a reading, about. A journal of version 1 has no `data`. */
function sizeOf({ json, data }: Record<string, SQLOutputValue>): number {
  return (typeof json === "string" ? json.length : 0) +
    (data instanceof Uint8Array ? data.length : 0);
}

/** Where each source had ended when a Parquet file was made. */
export async function readParquetEnds(file: string): Promise<SourceEnds> {
  const { key_value_metadata } = await parquetMetadataAsync(await asyncBufferFromFile(file));
  const value = key_value_metadata?.find(({ key }) => key === ENDS)?.value ?? "[]";
  const ends = JSON.parse(value) as [key: string, end: Partial<SourceEnd>][];
  return new Map(ends.map(([key, end]) => [key, Object.assign(new SourceEnd(), end)]));
}

/** Reads where the sources of a journal end. */
export function readJournalEnds(ends: SourceEnds, journal: string): void {
  if (!fileExists(journal)) return;
  using database = new DatabaseSync(journal, { readOnly: true });
  addJournalEnds(ends, database);
}

function addJournalEnds(ends: SourceEnds, database: DatabaseSync): void {
  const last = database.prepare(
    "SELECT time, received FROM reading WHERE source = ? ORDER BY time DESC LIMIT 1",
  );
  const gaps = database.prepare(
    "SELECT * FROM gap WHERE source = ? AND start > ? ORDER BY start",
  );
  for (const source of readSources(database)) {
    const key = sourceKey(source);
    const end = ends.get(key) ?? new SourceEnd();
    ends.set(key, end);
    const reading = last.get(source.id);
    if (reading !== undefined) {
      end.addReading({ time: Number(reading.time), received: Number(reading.received) });
    }
    const after = (last?: Row) => [source.id, last?.start ?? -Infinity];
    for (const { start, end: until, reason } of scan(gaps, after)) {
      const gap: LineGap = { start: Number(start), reason: String(reason) };
      end.addGap(until === null ? gap : { ...gap, end: Number(until) });
    }
  }
}

/** Microseconds of a time in milliseconds. */
function micros(time: SQLOutputValue): bigint {
  return BigInt(Math.floor(Number(time) * 1_000));
}
