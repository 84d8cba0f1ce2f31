/** What the program `recording_writer.ts` has recorded. */

import { assert, assertEquals } from "@std/assert";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { extname, join } from "node:path";
import { RecordingFile } from "../../record/recording_file.ts";
import { parse } from "@std/csv/parse";
import { entriesOf } from "./folder.ts";
import { CONFIG } from "./source_tree.ts";
import { denoCommand, Process, type ProgramOptions, shellCommand } from "./process.ts";

const PROGRAM = new URL("programs/recording_writer.ts", import.meta.url).href;

/** The words of the command that starts the program. */
function words(file: string, first: number): string[] {
  return ["run", "-A", "--no-check", "--config", CONFIG, PROGRAM, file, `${first}`];
}

/** Starts the program. */
export function recordingWriter(file: string, first: number, options?: ProgramOptions): Process {
  return new Process(denoCommand(words(file, first), options));
}

/** Starts the program where no file may become longer than some blocks of 512 bytes. */
export function limitedWriter(file: string, first: number, blocks: number): Process {
  const script = `trap "" XFSZ; ulimit -S -f ${blocks}; exec "$@"`;
  return new Process(shellCommand(script, [Deno.execPath(), ...words(file, first)]));
}

/** The last number that the program has said was written. */
export function lastAcknowledged(program: Process): number {
  return Number(program.stdout.all.findLast((line) => /^\d+$/.test(line)) ?? -1);
}

/** The numbers in a recording, in the order in which they are read. */
export async function numbersIn(file: string): Promise<number[]> {
  switch (extname(file)) {
    case ".sqlite":
      return numbersInDatabase(file);
    case ".csv":
      return (parse(wholeLines(await Deno.readTextFile(file))) as string[][])
        .filter((cells) => cells[3] === "count").map((cells) => Number(cells[6]));
    case ".jsonl":
      return wholeLines(await Deno.readTextFile(file)).split("\n").slice(0, -1)
        .map((line) => JSON.parse(line))
        .filter(({ attribute }) => attribute === "count").map(({ value }) => value);
    case ".parquet":
      return await numbersInFolder(file);
    default:
      throw new Error(`Cannot read ${file}`);
  }
}

/** Checks that a recording has every number up to an acknowledged one, and each once. */
export async function checkNumbers(file: string, acknowledged: number): Promise<number> {
  const numbers = await numbersIn(file);
  assert(
    numbers.length > acknowledged,
    `${numbers.length} numbers, but ${acknowledged} was written`,
  );
  const wrong = numbers.findIndex((number, index) => number !== index);
  assertEquals(numbers.slice(wrong, wrong === -1 ? 0 : wrong + 3), []);
  return numbers.length;
}

/** Those in the Parquet files of a folder, and in the journals of which there is no file yet. */
async function numbersInFolder(folder: string): Promise<number[]> {
  const names = entriesOf(folder);
  const numbers = [];
  for (const name of names.filter((name) => name.endsWith(".parquet"))) {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, name)) });
    numbers.push(
      ...rows.filter(({ attribute }) => attribute === "count").map(({ value }) => value),
    );
  }
  for (const name of names.filter((name) => name.endsWith(".sqlite"))) {
    const number = /\d+/.exec(name)![0].padStart(6, "0");
    if (names.includes(`recording-${number}.parquet`)) continue;
    numbers.push(...numbersInDatabase(join(folder, name)));
  }
  return numbers.sort((a, b) => a - b);
}

function numbersInDatabase(file: string): number[] {
  using recording = new RecordingFile(file);
  const source = recording.sources().find(({ attribute }) => attribute === "count");
  if (source === undefined) return [];
  const all = recording.readings(source.id, { start: -Infinity, end: Infinity });
  return Array.from(all, ({ value }) => Number(value));
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}
