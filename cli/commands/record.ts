/**
 * The `record` command: records readings of services into a file.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { type Command, Option } from "commander";
import { extname } from "node:path";
import { printable } from "../../base/printable.ts";
import type { Prompt } from "../../base/prompt.ts";
import { isRetriable } from "../../device/connector.ts";
import {
  ConfigurationError,
  ConnectError,
  ConnectionAbortedError,
  TimeoutError,
  ValueError,
} from "../../errors.ts";
import { TerminalWriter } from "../../logs/terminal_writer.ts";
import { printLine } from "../../program/print.ts";
import { DURATION } from "../../program/option.ts";
import { onTermination } from "../../program/signals.ts";
import { readConfig, type RecorderConfig } from "../../record/config.ts";
import { CONFIG_SCHEMA } from "../../record/config_schema.ts";
import { parseEndTime } from "../../record/end_time.ts";
import type { AlarmReporter } from "../../record/alarm_reporter.ts";
import { openTarget } from "../../record/open_target.ts";
import { checkSources, type ConfiguredSource, Recorder } from "../../record/recorder.ts";
import { parseSource } from "../../record/source.ts";
import { ReaderClosed, type Target } from "../../record/target.ts";
import { type ClientSession, runSession } from "../client_session.ts";
import { addConnectOptions, argumentParser } from "../commander_options.ts";
import {
  type CommandConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { dim } from "../style.ts";
import { type Progress, showProgress } from "../progress.ts";
import { RecordStatus } from "../record_status.ts";

interface ParsedOptions extends ParsedConnectOptions, Omit<RecorderConfig, "sources"> {
  config?: string;
  /** In milliseconds. */
  for?: number;
  /** In milliseconds since 1970. */
  until?: number;
  schema?: boolean;
  quiet?: boolean;
}

/** What is recorded, where, and how. */
interface Settings extends RecorderConfig {
  readonly to: string;
}

/** How often the line of progress changes, in milliseconds. */
const PROGRESS_INTERVAL = 500;

/** The pauses between attempts to connect, in milliseconds. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;

/** Adds the options of `record`, and its action. */
export function addRecord(command: Command): void {
  addConnectOptions(command, "how long connecting, and each call, may take")
    .option(
      "--to <file>",
      "the file: .sqlite, or another kind by its name; - for the standard output",
    )
    .option("--config <file>", "read sources and options from a file of JSON with comments")
    .addOption(
      durationOption("--every", "the time from one call of a source to the next (default: 1s)"),
    )
    .addOption(
      new Option(
        "--deadband <number>",
        "record a number if it differs from the one before by more than this",
      ).argParser(argumentParser(parseDeadband)),
    )
    .option("--on-change", "record a value if it differs from the one before")
    .addOption(new Option("--no-arrays", "do not record arrays and lists").default(undefined))
    .addOption(durationOption("--for", "end after this time").conflicts("until"))
    .addOption(
      new Option("--until <time>", "end then, e.g. 18:30 or 2026-12-31T18:30")
        .argParser(argumentParser((text) => parseEndTime(text, Date.now()))),
    )
    .addOption(durationOption("--keep", "delete readings that are older, e.g. 90d"))
    .addOption(
      new Option("--sync <mode>", "full survives a power cut, and is slower (default: normal)")
        .choices(["normal", "full"]),
    )
    .option(
      "--serve [name]",
      "offer the history and the alarms as a Service of this name (default: Recorder)",
    )
    .option("--on-alarm <file>", "run this program for each alarm, with MSL_ALARM_* variables")
    .option("--schema", "print the JSON Schema of the file of --config, for editors")
    .option("-q, --quiet", "do not show progress, nor what happens")
    .action((words: string[], { schema, ...parsed }: ParsedOptions) => {
      if (schema) return printLine(JSON.stringify(CONFIG_SCHEMA, undefined, 2));
      return record(words, parsed);
    });
}

async function record(words: readonly string[], parsed: ParsedOptions): Promise<void> {
  const settings = readSettings(words, parsed);
  const connecting = readConnectOptions(parsed);
  connecting.prompt = remembering(connecting.prompt);
  const ending = new AbortController();
  let signals = 0;
  using _signals = onTermination(() => {
    if (++signals > 1) Deno.exit(1);
    ending.abort(new ConnectionAbortedError("a signal has ended the recording"));
  });
  if (parsed.until !== undefined) endAt(parsed.until, ending);
  const { sync, keep } = settings;
  const notes = new Notes(parsed.quiet);
  const reporter = await alarmReporter(settings, notes);
  try {
    const target = await openTarget(settings.to, { sync, keep });
    try {
      reporter.expect(settings.sources);
      await connectAndRecord(target, settings, connecting, { parsed, ending, notes, reporter });
    } finally {
      ending.abort(); // also the wait for its time
      await target.close();
    }
  } finally {
    await reporter[Symbol.asyncDispose]();
    await notes.flush();
  }
  if (notes.isStalled) Deno.exit(); // nothing else ends the write that waits
}

/** What tells of alarms. Its program is checked before anything is recorded. */
async function alarmReporter(
  { to, serve, onAlarm }: Settings,
  notes: Notes,
): Promise<AlarmReporter> {
  const { AlarmReporter } = await import("../../record/alarm_reporter.ts");
  const { AlarmProgram } = await import("../../record/alarm_program.ts");
  const onNote = (text: string) => notes.write(text);
  return new AlarmReporter({
    file: extname(to).toLowerCase() === ".sqlite" ? to : undefined,
    serve,
    program: onAlarm === undefined ? undefined : new AlarmProgram(onAlarm, { onNote }),
    onNote,
  });
}

/** What a recording runs with. */
interface Run {
  readonly parsed: ParsedOptions;
  readonly ending: AbortController;
  readonly notes: Notes;
  readonly reporter: AlarmReporter;
}

/**
 * What happens, for the person who has started it: lines above the one of progress. A reader of the
 * standard error that is slow, or suspended, must not stop the recorder.
 */
class Notes {
  progress: Progress | undefined;
  readonly #isQuiet: boolean;
  readonly #writer = new TerminalWriter(
    Deno.stderr,
    (count) => `${count} lines were not shown: the reader of the standard error is too slow\n`,
  );

  constructor(isQuiet = false) {
    this.#isQuiet = isQuiet;
  }

  write(text: string): void {
    if (this.#isQuiet) return;
    this.writeLine(`${new Date().toISOString()} ${text}`);
  }

  /** A line without a time. */
  writeLine(text: string): void {
    if (this.#isQuiet) return;
    this.progress?.clear();
    this.#writer.write(`${dim(text)}\n`);
  }

  /** Waits until all of it is shown, for a second at most. */
  async flush(): Promise<void> {
    await this.#writer.flush();
  }

  /** Whether a flush has waited in vain. */
  get isStalled(): boolean {
    return this.#writer.isStalled;
  }
}

/** What the command line says goes before what the configuration says. */
function readSettings(words: readonly string[], parsed: ParsedOptions): Settings {
  const { config: file, every, deadband, onChange, arrays, keep, sync, to, serve, onAlarm } =
    parsed;
  const config: RecorderConfig = file === undefined ? { sources: [] } : readConfig(file);
  const given = { every, deadband, onChange, arrays, keep, sync, to, serve, onAlarm };
  const settings = {
    ...config,
    ...Object.fromEntries(Object.entries(given).filter(([_, value]) => value !== undefined)),
    sources: [...config.sources, ...words.map(parseSource)],
  };
  if (settings.to === undefined) {
    throw new ConfigurationError("Cannot record: no file is given. Give one with --to");
  }
  if (settings.sources.length === 0) {
    throw new ConfigurationError(
      "Cannot record: no source is given, e.g. DMM.voltage@500ms or Environment:",
    );
  }
  checkSources(settings.sources);
  return { ...settings, to: settings.to, sources: settings.sources.map(withDefaults(settings)) };
}

/** A source with the deadband of all of them, unless it has its own. */
function withDefaults({ deadband, onChange }: Omit<RecorderConfig, "sources">) {
  return (source: ConfiguredSource): ConfiguredSource => ({
    ...source,
    deadband: source.deadband ?? deadband,
    onChange: source.onChange ?? onChange,
  });
}

/** Asks a person once what the Client and the Service of a recorder have to know. */
function remembering(prompt: Prompt): Prompt {
  const answers = new Map<string, unknown>();
  const once = <A>(ask: (question: string) => A) => (question: string): A => {
    if (!answers.has(question)) answers.set(question, ask(question));
    return answers.get(question) as A;
  };
  return {
    text: once((question) => prompt.text(question)),
    secret: once((question) => prompt.secret(question)),
    confirm: once((question) => prompt.confirm(question)),
  };
}

/** Connects as soon as the Manager is there: a recorder may be started before it. */
async function connectAndRecord(
  target: Target,
  settings: Settings,
  connecting: CommandConnectOptions,
  run: Run,
): Promise<void> {
  const { signal } = run.ending;
  const options = { ...connecting, reconnect: { longestDelay: LONGEST_PAUSE }, signal };
  let said = false;
  for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    let isConnected = false;
    try {
      return await runSession(options, "record", (session) => {
        isConnected = true;
        run.reporter.serve(options);
        return recordWith(session, target, settings, run);
      });
    } catch (error) {
      if (signal.aborted && !isConnected) return;
      if (isConnected || !isAbsence(error)) throw error;
      if (!said) run.notes.write(printable(`Waiting: ${(error as Error).message}`));
      said = true;
    }
    await delay(pause, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
}

function isAbsence(error: unknown): boolean {
  const isAway = error instanceof ConnectError || error instanceof TimeoutError ||
    error instanceof ConnectionAbortedError;
  return isAway && isRetriable(error);
}

async function recordWith(
  { client, removeDeadline }: ClientSession,
  target: Target,
  settings: Settings,
  { parsed, ending, notes, reporter }: Run,
): Promise<void> {
  removeDeadline();
  const { quiet = false, timeout, for: duration } = parsed;
  if (duration !== undefined) endAt(Date.now() + duration, ending);
  const { sources, every, arrays, to } = settings;
  const recorder = new Recorder(client, target, sources, {
    every,
    timeout,
    arrays,
    onNote: (text) => notes.write(text),
    onSource: reporter.onSource,
    onReading: reporter.onReading,
    onGap: reporter.onGap,
  });
  if (!quiet) {
    const what = sources.length === 1 ? "1 source" : `${sources.length} sources`;
    notes.writeLine(printable(`Recording ${what} to ${to}`));
  }
  const status = new RecordStatus(recorder);
  using shown = showProgress(status.line(), { quiet, endOnSignal: false });
  notes.progress = shown;
  const timer = setInterval(() => shown.show(printable(status.line())), PROGRESS_INTERVAL);
  let lost: number;
  try {
    lost = await recorder.run(ending.signal);
  } catch (error) {
    if (error instanceof ReaderClosed) return; // it has all that it wants
    throw error;
  } finally {
    clearInterval(timer);
    shown.clear();
  }
  notes.writeLine(printable(`Recorded ${status.summary()}: ${to}`));
  if (lost === 0) return;
  throw new ConfigurationError(
    `Cannot write ${lost} readings and gaps that have come last: ${recorder.blocked?.message}`,
  );
}

/** Ends the recording at a time of the day. The clock may be set meanwhile. */
async function endAt(time: number, ending: AbortController): Promise<void> {
  const { signal } = ending;
  for (let left = time - Date.now(); left > 0; left = time - Date.now()) {
    await delay(Math.min(left, 1_000), { signal }).catch(() => {});
    if (signal.aborted) return;
  }
  ending.abort();
}

function durationOption(flag: string, description: string): Option {
  return new Option(`${flag} <duration>`, description).argParser(argumentParser((text) => {
    const duration = DURATION.parse(text);
    if (duration >= 1) return duration;
    throw new RangeError("It must be at least 1ms.");
  }));
}

function parseDeadband(text: string): number {
  const number = Number(text);
  if (/^[\d.]+(e[+-]?\d+)?$/i.test(text) && Number.isFinite(number)) return number;
  throw new ValueError(`Expected a number of at least 0, got ${JSON.stringify(text)}`);
}
