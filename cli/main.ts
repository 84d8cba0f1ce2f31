/**
 * The command line. Its commands and options are those of `msl-network`. Each command has a module of
 * its own in `commands/`.
 *
 * Only the command that is run is loaded: all of them together take longer than a call of a Service.
 *
 * @module
 */

import type { Command } from "commander";
import { RedactingCommand } from "./command.ts";
import { NetworkError } from "../errors.ts";
import { addExamples, PROGRAM } from "./examples.ts";
import { print } from "../program/print.ts";
import { VERSION } from "../version.ts";
import { printableLines } from "../base/printable.ts";
import { seedRandomNumbers } from "../net/random_seed.ts";

/** Adds a command to the program. */
type AddCommand = (program: Command) => void;

/** What loads each command, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  start: async () => (await import("./commands/start.ts")).addStart,
  status: async () => (await import("./commands/status.ts")).addStatus,
  top: async () => (await import("./commands/top.ts")).addTop,
  ls: async () => (await import("./commands/ls.ts")).addLs,
  call: async () => (await import("./commands/call.ts")).addCall,
  watch: async () => (await import("./commands/watch.ts")).addWatch,
  record: async () => (await import("./commands/record.ts")).addRecord,
  history: async () => (await import("./commands/history.ts")).addHistory,
  ping: async () => (await import("./commands/ping.ts")).addPing,
  console: async () => (await import("./commands/console.ts")).addConsole,
  types: async () => (await import("./commands/types.ts")).addTypes,
  describe: async () => (await import("./commands/describe.ts")).addDescribe,
  user: async () => (await import("./commands/user.ts")).addUser,
  hostname: async () => (await import("./commands/hostname.ts")).addHostname,
  access: async () => (await import("./commands/access.ts")).addAccess,
  disconnect: async () => (await import("./commands/disconnect.ts")).addDisconnect,
  log: async () => (await import("./commands/log.ts")).addLog,
  keygen: async () => (await import("./commands/keygen.ts")).addKeygen,
  certgen: async () => (await import("./commands/certgen.ts")).addCertgen,
  certdump: async () => (await import("./commands/certdump.ts")).addCertdump,
  delete: async () => (await import("./commands/delete.ts")).addDelete,
  init: async () => (await import("./commands/init.ts")).addInit,
  completions: async () => (await import("./commands/completions.ts")).addCompletions,
};

/** The name of every command. */
const NAMES = Object.keys(COMMANDS);

/** The commands that use TLS, unless it is disabled. */
const SECURE: ReadonlySet<string> = new Set([
  ...["start", "status", "top", "ls", "call", "watch", "record", "ping", "console", "types"],
  ...["disconnect", "log"],
]);

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
    const parser = await program(commandsFor(words));
    await parser.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    console.error(printableLines(error.message)); // the message may come from a Service
    Deno.exit(1);
  }
  // At once, also if other work is still running: else the runtime takes 7 ms to clear its heap.
  Deno.exit();
}

/** Whether a command probably uses TLS: its words are not parsed yet. */
export function usesTls(words: readonly string[]): boolean {
  return SECURE.has(words[0]) && !words.includes("--disable-tls");
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

/**
 * The names of the commands that a command line needs: all of them for the help, for the suggestion
 * after a mistyped name, and for `completions`.
 */
export function commandsFor([first]: readonly string[]): readonly string[] {
  if (VERSION_FLAGS.includes(first)) return [];
  return first !== "completions" && NAMES.includes(first) ? [first] : NAMES;
}

/** The program with commands and their options. Default: with all of them. */
export async function program(names: readonly string[] = NAMES): Promise<Command> {
  const program = new RedactingCommand(PROGRAM)
    .description("Connects Clients to Services (instruments, sensors, computation).")
    .version(VERSION, "-V, --version")
    .showHelpAfterError("Add --help to see what is possible.")
    .configureOutput({ writeOut: print }); // its own would lose what cannot be written at once
  const added = await Promise.all(names.map((name) => COMMANDS[name]()));
  for (const add of added) add(program);
  addExamples(program);
  return program;
}
