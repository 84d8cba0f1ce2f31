/**
 * The `console` command: a prompt at which a person calls methods of Services. This module has the
 * terminal and the history; `console_session.ts` executes the lines.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import process from "node:process";
import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import type { Client } from "../../client.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { HistorySearch, type Key } from "../history_search.ts";
import { ConsoleSession } from "../console_session.ts";
import { ConfigurationError } from "../../errors.ts";
import { makePrivateFolder, writePrivateFile } from "../../base/files.ts";
import { historyFile, homeFolder } from "../../base/paths.ts";
import { describeChange } from "../../device/connector.ts";
import { terminationSignal } from "../../program/signals.ts";
import { runSession } from "../client_session.ts";
import { dim, red } from "../style.ts";
import { printable, printableLines } from "../../base/printable.ts";

/** The `console` command. */
export const CONSOLE: CommandSpec = {
  options: connectOptions("how long connecting may take"),
  run: (_, values) => openConsole(values as unknown as ParsedConnectOptions),
};

async function openConsole(parsed: ParsedConnectOptions): Promise<void> {
  const connecting = { ...readConnectOptions(parsed), reconnect: true };
  const hasSucceeded = await runSession(
    connecting,
    "console",
    async ({ client, removeDeadline }) => {
      removeDeadline();
      return await readLines(client, Deno.stdin.isTerminal());
    },
  );
  if (!hasSucceeded) Deno.exitCode = 1;
}

/**
 * Reads and executes lines, one after the other, until the last one.
 *
 * @param isPerson Whether a person types the lines. Otherwise the first error ends the console.
 * @returns False if an error has ended the console.
 */
async function readLines(client: Client, isPerson: boolean): Promise<boolean> {
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const hasScreen = isPerson && Deno.stdout.isTerminal();
  const history = hasScreen ? loadHistory() : undefined;
  /** The lines that were entered, the newest one first. */
  let entered: readonly string[] = history ?? [];
  let hasSucceeded = true;
  let isExecuting = false;
  let isClosed = false;
  /** Whether the lines that follow are ignored. */
  let isOver = false;
  const reader = createInterface({
    input: process.stdin,
    output: hasScreen ? process.stdout : undefined,
    terminal: hasScreen,
    prompt: "> ",
    history,
    historySize: HISTORY_SIZE,
    removeHistoryDuplicates: true,
    completer: (line: string, answer: (error: null, found: [string[], string]) => void) => {
      session.complete(line).then((found) => answer(null, found));
    },
  });
  /** Shows a text above the line that is being typed. */
  const show = (text: string, print: (text: string) => void = printLine) => {
    const isTyping = hasScreen && !isExecuting && !isClosed;
    if (isTyping) {
      cursorTo(process.stdout, 0);
      clearLine(process.stdout, 0);
    }
    print(text);
    if (isTyping) redraw();
  };
  const redraw = hasScreen ? addSearch(reader, () => isExecuting ? [] : entered) : () => {};
  const showError = (error: unknown) =>
    show(red(printableLines((error as Error).message)), console.error);
  const session = new ConsoleSession(client, (text) => show(text), (text) => {
    if (hasScreen) show(dim(text), console.error);
  });
  const execute = async (line: string): Promise<void> => {
    if (isOver) return;
    isExecuting = true;
    try {
      isOver = !await session.execute(line);
    } catch (error) {
      isOver = !isPerson;
      hasSucceeded = isPerson;
      showError(error);
    }
    isExecuting = false;
    if (isOver) reader.close();
    else if (hasScreen && !isClosed) reader.prompt();
  };
  /** Settles when the lines that were read are executed. */
  let executed = Promise.resolve();
  reader.on("line", (line) => executed = executed.then(() => execute(line)));
  reader.on("close", () => {
    isClosed = true;
    if (hasScreen && !isExecuting && !isOver) printLine(); // ends the line of the prompt
    if (isPerson) {
      isOver = true;
      session.interrupt();
    }
    executed.then(end, fail); // lines that were piped may still have to be executed
  });
  reader.on("history", (lines: string[]) => {
    entered = lines;
    if (history === undefined) return;
    try {
      writeHistory(lines);
    } catch (error) {
      showError(error); // the console works without a history
    }
  });
  reader.on("SIGINT", () => {
    if (session.interrupt()) return;
    const isEmpty = reader.line === "";
    setLine(reader, "");
    if (isEmpty) show(dim("Ctrl+D or exit ends the console"), console.error);
  });
  client.connectionHandler = (change) =>
    show(dim(printable(describeChange(change))), console.error);
  client.shutdownHandler = (error) => error ? fail(error) : end();
  using termination = terminationSignal();
  termination.signal.addEventListener("abort", () => {
    isOver = true;
    session.interrupt();
    reader.close();
  });
  if (hasScreen) {
    printLine(dim(`Connected to ${client.addressManager}. help shows what can be typed`));
    reader.prompt();
  }
  try {
    await ended;
  } finally {
    reader.close();
  }
  return hasSucceeded;
}

/**
 * The member of the interface of `node:readline` that each key goes to. It is not documented, though
 * Node's own prompt replaces it too; without it there is no search.
 */
interface LineEditor {
  _ttyWrite?(text: string | undefined, key: Key | undefined): void;
}

/**
 * Lets Ctrl+R search earlier lines.
 *
 * @param history Gives these lines, the newest one first.
 * @returns A function that shows again what is being typed: the line, or the search.
 */
function addSearch(reader: Interface, history: () => readonly string[]): () => void {
  let search: HistorySearch | undefined;
  const editor = reader as unknown as LineEditor;
  const edit = editor._ttyWrite?.bind(editor);
  if (edit !== undefined) {
    editor._ttyWrite = (text, key) => {
      if (search === undefined) {
        const lines = key?.ctrl && key.name === "r" ? history() : [];
        if (lines.length === 0) return edit(text, key);
        const { line } = reader;
        setLine(reader, ""); // it may take several rows of the terminal
        search = new HistorySearch(lines, line);
      }
      const outcome = search.press(text, key ?? {});
      if (outcome.state === "searching") return showSearch(search);
      search = undefined;
      reader.prompt();
      setLine(reader, outcome.line);
      if (outcome.isPassedOn) edit(text, key);
    };
  }
  return () => search === undefined ? reader.prompt(true) : showSearch(search);
}

/** Replaces the line that is being typed. */
function setLine(reader: Interface, line: string): void {
  reader.write(null, { ctrl: true, name: "e" });
  reader.write(null, { ctrl: true, name: "u" });
  if (line !== "") reader.write(line);
}

/** Shows a search in the row of the prompt. */
function showSearch({ text }: HistorySearch): void {
  cursorTo(process.stdout, 0);
  clearLine(process.stdout, 0);
  process.stdout.write(printable(text).slice(0, (process.stdout.columns || 80) - 1));
}

/** The history. `undefined` if it cannot be read: then it is not written either. */
function loadHistory(): string[] | undefined {
  try {
    return readHistory();
  } catch (error) {
    console.error(red(printableLines((error as Error).message)));
    return undefined;
  }
}

/** How many lines the history has at most. */
export const HISTORY_SIZE = 1_000;

/**
 * Reads the history: the lines of earlier consoles, the newest one first.
 *
 * @throws {ConfigurationError} If the file cannot be read.
 */
export function readHistory(file: string = historyFile()): string[] {
  try {
    const lines = Deno.readTextFileSync(file).split("\n").filter((line) => line !== "");
    return lines.toReversed().slice(0, HISTORY_SIZE);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw new ConfigurationError(`Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Writes lines as the history, the newest one first. A line that begins with a space is left out. The
 * file is readable by its owner alone.
 *
 * @throws {ConfigurationError} If the file cannot be written.
 */
export function writeHistory(lines: readonly string[], file: string = historyFile()): void {
  const kept = lines.filter((line) => !line.startsWith(" ")).slice(0, HISTORY_SIZE).toReversed();
  try {
    makePrivateFolder(homeFolder());
    writePrivateFile(file, kept.map((line) => `${line}\n`).join(""));
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
