/**
 * The `history` command: shows what was recorded, from a file or from a recorder that runs.
 *
 * @module
 */

import { basename } from "node:path";
import { fileExists, writeFile } from "../../base/files.ts";
import { isoTime, parseTime } from "../../base/time_text.ts";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { HISTORY_LIMITS } from "../../limits.ts";
import { COUNT, DURATION } from "../../program/option.ts";
import { print, printLine } from "../../program/print.ts";
import { type History, type HistorySource, lasts } from "../../wire/history.ts";
import { encodeForTerminal } from "../../wire/printable_json.ts";
import { runSession } from "../client_session.ts";
import type { CommandOption, CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import type { HistoryReader } from "../history_reader.ts";
import { bold } from "../style.ts";
import { linkWith } from "../requests.ts";

interface ParsedOptions extends ParsedConnectOptions {
  /** In milliseconds. */
  since?: number;
  /** In milliseconds since 1970, as `until`. */
  from?: number;
  until?: number;
  points?: number;
  csv?: boolean;
  json?: boolean;
  readings?: boolean;
  svg?: string;
}

/** How many lines a table has, if it is not said. */
const TABLE_POINTS = 20;

/** The `history` command. */
export const HISTORY: CommandSpec = {
  options: [
    ...connectOptions(),
    {
      flag: "--since",
      placeholder: "<duration>",
      description: "only so long before the end, e.g. 2h",
      parse: parseSince,
      conflicts: ["from"],
    },
    timeOption("--from", "only from then on, e.g. 2026-11-30 or 2026-11-30T18:05"),
    timeOption("--until", "only until then; a time without a zone is local"),
    {
      flag: "--points",
      placeholder: "<number>",
      description:
        `in how many parts the time is divided at most (default: ${TABLE_POINTS} for a table, ` +
        `else ${HISTORY_LIMITS.defaultPoints})`,
      parse: parsePoints,
    },
    {
      flag: "--csv",
      description: "print minimum, mean, maximum and count of each part, and gaps, as CSV",
    },
    { flag: "--json", description: "print one object of JSON", conflicts: ["csv"] },
    {
      flag: "--svg",
      placeholder: "<file>",
      description: "draw a plot into a file, - for the standard output",
      conflicts: ["csv", "json"],
    },
    {
      flag: "--readings",
      description:
        "print every reading and gap of a file as CSV, as record writes it to a file of .csv",
      conflicts: ["csv", "json", "svg", "points"],
    },
  ],
  run: ([place, ...names], values) => history(place, names, values as unknown as ParsedOptions),
};

async function history(
  place: string,
  names: readonly string[],
  options: ParsedOptions,
): Promise<void> {
  const { fileReader, serviceReader } = await import("../history_reader.ts");
  if (/\.sqlite$/i.test(place) || fileExists(place)) {
    if (options.readings) return await printReadings(place, names, options);
    return await show(fileReader(place), place, names, options);
  }
  if (options.readings) {
    throw new ValueError("Cannot print every reading of a recorder: give its file, not its name");
  }
  const connecting = { ...readConnectOptions(options), exactNumbers: false };
  await runSession(connecting, "history", async ({ client, signal }) => {
    const link = await linkWith(client, place, signal);
    await show(serviceReader(client, link), place, names, options);
  });
}

async function show(
  reader: HistoryReader,
  place: string,
  names: readonly string[],
  options: ParsedOptions,
): Promise<void> {
  const report = await import("../history_report.ts");
  const { csv = false, json = false, svg } = options;
  const all = await reader.sources();
  const isTable = !csv && !json && svg === undefined;
  const isSpan = [options.since, options.from, options.until, options.points]
    .some((one) => one !== undefined);
  if (isTable && names.length === 0 && !isSpan) {
    return printLine(report.describeSources(all, await reader.latest(), bold));
  }
  const wanted = await select(all, names);
  const span = await spanOf(reader, wanted, options);
  const points = options.points ?? (isTable ? TABLE_POINTS : HISTORY_LIMITS.defaultPoints);
  const histories: History[] = [];
  for (const { id } of wanted) histories.push(await reader.history(id, { ...span, points }));
  if (json) return printLine(encodeForTerminal({ histories }));
  if (csv) {
    print(report.historyCsv(histories, Deno.stdout.isTerminal()));
    return;
  }
  if (svg === undefined) {
    return printLine(histories.map((one) => report.describeHistory(one, bold)).join("\n\n"));
  }
  const drawn = await Promise.all(histories.map(async (one) => ({
    ...one,
    limits: await reader.limits(one.source),
  })));
  writePlot(svg, report.historyPlot(drawn, basename(place)));
}

async function select(
  sources: readonly HistorySource[],
  names: readonly string[],
): Promise<readonly HistorySource[]> {
  if (sources.length === 0) throw new ValueError("Cannot show a history: there are no sources yet");
  if (names.length === 0) return sources;
  const { descriptionOf, findSources } = await import("../../record/source_name.ts");
  const described = sources.map((one) => ({ ...descriptionOf(one.source), id: one.id }));
  const found = new Set(names.flatMap((name) => findSources(described, name).map(({ id }) => id)));
  return sources.filter(({ id }) => found.has(id));
}

/** One span for all sources: what was asked for, else from the first reading to the end of the record. */
async function spanOf(
  reader: HistoryReader,
  sources: readonly HistorySource[],
  { since, from, until }: ParsedOptions,
): Promise<{ start: number; end: number }> {
  const now = Date.now();
  const ids = new Set(sources.map(({ id }) => id));
  const gaps = (await reader.latest()).filter(({ id, gap }) => gap !== null && ids.has(id));
  const starts = [...sources.map(({ start }) => start), ...gaps.map(({ gap }) => gap!.start)];
  // Another service may name more of them than a call has arguments.
  const first = starts.reduce((a, b) => Math.min(a!, b ?? Infinity), Infinity)!;
  if (first === Infinity) throw new ValueError("Cannot show a history: there are no readings yet");
  const last = sources.reduce((latest, { end }) => Math.max(latest, end ?? -Infinity), -Infinity) +
    1;
  const goesOn = from !== undefined || last === -Infinity || gaps.some(({ gap }) => lasts(gap!));
  const end = until ?? (goesOn ? Math.max(now, last) : last);
  const start = from ?? (since === undefined ? first : end - since);
  if (start < end) return { start, end };
  throw new ValueError(
    `Cannot show the history from ${isoTime(start)} to ${isoTime(end)}: it ends before it starts`,
  );
}

/** Every reading of a file, source after source. */
async function printReadings(
  file: string,
  names: readonly string[],
  { since, from = -Infinity, until = Infinity }: ParsedOptions,
): Promise<void> {
  const { RecordingFile } = await import("../../record/recording_file.ts");
  const { recordingRows } = await import("../../record/recording_rows.ts");
  const { findSources } = await import("../../record/source_name.ts");
  using recording = new RecordingFile(file);
  const all = recording.sources();
  const sources = names.length === 0
    ? all
    : [...new Set(names.flatMap((name) => findSources(all, name)))];
  let start = from;
  if (since !== undefined) {
    const last = sources.reduce(
      (latest, { id }) => Math.max(latest, recording.span(id)?.end ?? -Infinity),
      -Infinity,
    );
    start = Math.min(until, last) - since;
  }
  for (const rows of recordingRows(recording, sources, { start, end: until })) {
    if (!print(rows)) return;
  }
}

/** A mistyped name must not cost a recording: only a plot is replaced. */
function writePlot(file: string, svg: string): void {
  if (file === "-") {
    print(svg);
    return;
  }
  if (fileExists(file)) {
    const isRegular = Deno.statSync(file).isFile;
    const start = isRegular ? startOf(file) : "";
    if (start !== "" && !start.startsWith("<svg")) {
      throw new ConfigurationError(`Cannot write the plot to ${file}: it is there, and no plot`);
    }
  }
  writeFile(file, svg);
  printLine(`Wrote the plot to ${file}`);
}

function startOf(file: string): string {
  using opened = Deno.openSync(file);
  const bytes = new Uint8Array(4);
  return new TextDecoder().decode(bytes.subarray(0, opened.readSync(bytes) ?? 0));
}

function timeOption(flag: `--${string}`, description: string): CommandOption {
  const parse = (text: string) => parseTime(text, "local");
  return { flag, placeholder: "<time>", description, parse };
}

function parseSince(text: string): number {
  const duration = DURATION.parse(text) as number;
  if (duration >= 1) return duration;
  throw new RangeError("It must be at least 1ms.");
}

function parsePoints(text: string): number {
  const points = COUNT.parse(text) as number;
  if (points >= 1 && points <= HISTORY_LIMITS.points) return points;
  throw new RangeError(`It must be from 1 to ${HISTORY_LIMITS.points}.`);
}
