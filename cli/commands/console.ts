/**
 * The `console` command: a prompt at which methods of Services are called.
 *
 * @module
 */

import type { Command } from "commander";
import process from "node:process";
import { clearLine, createInterface, cursorTo } from "node:readline";
import type { Client } from "../../client.ts";
import {
  addConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { HISTORY_SIZE, readHistory, writeHistory } from "../console_history.ts";
import { ConsoleSession } from "../console_session.ts";
import { describeChange } from "../../device/connector.ts";
import { interruption } from "../../program/signals.ts";
import { alarming, faint } from "../style.ts";
import { printable, printableLines } from "../text_table.ts";
import { visit } from "../client_session.ts";

/** Adds `console` to the program. */
export function addConsole(program: Command): void {
  addConnectOptions(program.command("console"), "how long connecting may take")
    .description("Call methods of Services at a prompt, with Tab and a history")
    .action(async (parsed: ParsedConnectOptions) => {
      const connecting = { ...readConnectOptions(parsed), reconnect: true };
      const isFine = await visit(connecting, "console", async ({ client, takeAnyTime }) => {
        takeAnyTime();
        return await converse(client, Deno.stdin.isTerminal());
      });
      if (!isFine) Deno.exitCode = 1;
    });
}

/**
 * Reads lines and does what they say, one after the other, until the last one.
 *
 * @param isPerson Whether a person types them. Otherwise the first error is the end.
 * @returns Whether it need not end with an error.
 */
async function converse(client: Client, isPerson: boolean): Promise<boolean> {
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const hasScreen = isPerson && Deno.stdout.isTerminal();
  const history = hasScreen ? earlierLines() : undefined;
  let isFine = true;
  let isBusy = false;
  let isClosed = false;
  /** Whether the lines that follow are not done. */
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
  const show = (text: string, print: (text: string) => void = console.log) => {
    const isTyping = hasScreen && !isBusy && !isClosed;
    if (isTyping) {
      cursorTo(process.stdout, 0);
      clearLine(process.stdout, 0);
    }
    print(text);
    if (isTyping) reader.prompt(true);
  };
  const alarm = (error: unknown) =>
    show(alarming(printableLines((error as Error).message)), console.error);
  const session = new ConsoleSession(client, (text) => show(text));
  const execute = async (line: string): Promise<void> => {
    if (isOver) return;
    isBusy = true;
    try {
      isOver = !await session.execute(line);
    } catch (error) {
      isOver = !isPerson;
      isFine = isPerson;
      alarm(error);
    }
    isBusy = false;
    if (isOver) reader.close();
    else if (hasScreen && !isClosed) reader.prompt();
  };
  let work = Promise.resolve();
  reader.on("line", (line) => work = work.then(() => execute(line)));
  reader.on("close", () => {
    isClosed = true;
    if (hasScreen && !isBusy && !isOver) console.log(); // leaves the line of the prompt
    if (isPerson) {
      isOver = true;
      session.interrupt();
    }
    work.then(end, fail); // lines that were piped may still be under way
  });
  reader.on("history", (lines: string[]) => {
    if (history === undefined) return;
    try {
      writeHistory(lines);
    } catch (error) {
      alarm(error); // the console is of use without it
    }
  });
  reader.on("SIGINT", () => {
    if (session.interrupt()) return;
    const isEmpty = reader.line === "";
    reader.write(null, { ctrl: true, name: "e" });
    reader.write(null, { ctrl: true, name: "u" });
    if (isEmpty) show(faint("Ctrl+D or exit ends the console"), console.error);
  });
  client.connectionHandler = (change) =>
    show(faint(printable(describeChange(change))), console.error);
  client.shutdownHandler = (error) => error ? fail(error) : end();
  using interrupt = interruption();
  interrupt.signal.addEventListener("abort", () => {
    isOver = true;
    session.interrupt();
    reader.close();
  });
  if (hasScreen) {
    console.log(faint(`Connected to ${client.addressManager}. help shows what can be typed`));
    reader.prompt();
  }
  try {
    await ended;
  } finally {
    reader.close();
  }
  return isFine;
}

/** The lines of earlier consoles. `undefined` if they cannot be read: then none are kept either. */
function earlierLines(): string[] | undefined {
  try {
    return readHistory();
  } catch (error) {
    console.error(alarming(printableLines((error as Error).message)));
    return undefined;
  }
}
