/**
 * The command line. Its commands and options are those of `msl-network`. `command_list.ts` has the list
 * of them, from which only the command that is run is loaded.
 *
 * What is used most, e.g. in the loop of a shell, is data, and runs without commander if its words are
 * plain. `program.ts` gives all else to commander.
 *
 * @module
 */

import { NetworkError } from "../errors.ts";
import { COMMANDS } from "./command_list.ts";
import { parsePlain } from "./command_spec.ts";
import { printLine } from "../program/print.ts";
import { VERSION } from "../version.ts";
import { printableLines } from "../base/printable.ts";
import { seedRandomNumbers } from "../net/random_seed.ts";

/** What prints the version, and needs no command. */
const VERSION_FLAGS = ["-V", "--version"];

/**
 * Runs a command, and ends the process. A `NetworkError` is printed as one line, with exit code 1. A
 * command line that cannot be parsed is exit code 2.
 */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const words = await commandLine(args);
    if (usesTls(words)) seedRandomNumbers();
    await run(words);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    console.error(printableLines(error.message)); // the message may come from a Service
    Deno.exit(1);
  }
  // At once, also if other work is still running: else the runtime takes 7 ms to clear its heap.
  Deno.exit();
}

async function run(words: readonly string[]): Promise<void> {
  const [first, ...others] = words;
  if (VERSION_FLAGS.includes(first)) return printLine(VERSION);
  const listed = COMMANDS.get(first);
  const spec = await listed?.load();
  if (listed !== undefined && typeof spec === "object") {
    const parsed = parsePlain(listed, spec, others);
    if (parsed) return void await spec.run(parsed.operands, parsed.values);
  }
  const { commandsFor, program } = await import("./program.ts");
  const parser = await program(commandsFor(words));
  await parser.parseAsync(words, { from: "user" });
}

/** Whether a command probably uses TLS: its words are not parsed yet. */
export function usesTls(words: readonly string[]): boolean {
  return COMMANDS.get(words[0])?.usesTls === true && !words.includes("--disable-tls");
}

/**
 * The words that commander parses: with `start` if no command is given. The default command of commander
 * would also run for a mistyped command.
 */
export async function commandLine(args: readonly string[]): Promise<string[]> {
  const [first = "start"] = args;
  const isOptionOfStart = first.startsWith("-") &&
    !["-h", "--help", ...VERSION_FLAGS].includes(first);
  const words = args.length === 0 || isOptionOfStart ? ["start", ...args] : [...args];
  return words[0] === "start" ? (await import("./commands/start.ts")).startWords(words) : words;
}
