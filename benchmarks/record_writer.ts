/**
 * Writes readings into a file of SQLite in a process of its own: as our recorder does, or as a bare
 * loop of inserts into the same table with its index.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { prepareSchema } from "../record/schema.ts";
import { SqliteTarget } from "../record/sqlite_target.ts";
import { commands, options, report, run } from "./commands.ts";

/** The options of the program. */
export interface RecordWriterOptions {
  contender: "recorder" | "bare";
  file: string;
  /** How many sources there are. */
  sources: number;
}

/** A command: write so many readings, with so many in a commit. */
export interface RecordCommand {
  task: "write";
  count: number;
  batch: number;
}

/** The report about a command. */
export interface Written {
  /** Readings a second. */
  rate: number;
}

/** How many readings a second each source has, in its own time. */
const RATE = 100;
/** When the first reading was taken: any time. */
const START = 1_700_000_000_000;

type Row = { source: number; time: number; received: number; value: number };

/** The reading with a number. */
function reading(index: number, sources: number): Row {
  const time = START + Math.floor(index / sources) * (1_000 / RATE);
  return { source: 1 + index % sources, time, received: time, value: Math.sin(index / 1e4) };
}

/** Writes batches of readings. */
type Write = (rows: readonly Row[]) => void;

function recorder(file: string, sources: number): Write {
  const target = new SqliteTarget(file);
  for (let source = 0; source < sources; source++) {
    target.source({ service: "DMM", attribute: `channel${source}`, arguments: "", unit: "V" });
  }
  return (rows) => target.write(rows, []);
}

function bareLoop(file: string): Write {
  const database = new DatabaseSync(file);
  prepareSchema(database, file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  const insert = database.prepare(
    "INSERT INTO reading (source, time, received, value, json) VALUES (?, ?, ?, ?, ?)",
  );
  return (rows) => {
    database.exec("BEGIN IMMEDIATE");
    for (const { source, time, received, value } of rows) {
      insert.run(source, time, received, value, null);
    }
    database.exec("COMMIT");
  };
}

await run(async () => {
  const { contender, file, sources } = options<RecordWriterOptions>();
  const write = contender === "recorder" ? recorder(file, sources) : bareLoop(file);
  let next = 0;
  report({ ready: true });
  for await (const { count, batch } of commands<RecordCommand>()) {
    const start = performance.now();
    for (const end = next + count; next < end; next += batch) {
      write(Array.from({ length: batch }, (_, index) => reading(next + index, sources)));
    }
    report({ rate: count / (performance.now() - start) * 1_000 });
  }
});
