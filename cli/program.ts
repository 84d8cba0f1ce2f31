/**
 * The program of commander: its commands, each with its options and its help. Only those that a command
 * line needs are loaded.
 *
 * @module
 */

import type { Command } from "commander";
import { print } from "../program/print.ts";
import { VERSION } from "../version.ts";
import { RedactingCommand } from "./command.ts";
import type { CommandSpec } from "./command_spec.ts";
import { addCommand } from "./commander_options.ts";
import { addExamples, PROGRAM } from "./examples.ts";

/** Adds a command to the program. */
type AddCommand = (program: Command) => void;

/** What loads each command, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  start: async () => (await import("./commands/start.ts")).addStart,
  status: async () => (await import("./commands/status.ts")).addStatus,
  top: async () => (await import("./commands/top.ts")).addTop,
  ls: async () => adderOf((await import("./commands/ls.ts")).LS),
  call: async () => adderOf((await import("./commands/call.ts")).CALL),
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

/** What adds a command that is data. */
function adderOf(spec: CommandSpec): AddCommand {
  return (program) => void addCommand(program, spec);
}

/** What shows every command. */
const ALL: ReadonlySet<string> = new Set(["-h", "--help", "help", "completions"]);

/**
 * The names of the commands that a command line needs: all of them for the help, and for
 * `completions`; none for a name that is mistyped.
 */
export function commandsFor([first, second]: readonly string[]): readonly string[] {
  if (first === "help" && NAMES.includes(second)) return [second];
  if (ALL.has(first)) return NAMES;
  return NAMES.includes(first) ? [first] : [];
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
  // For a name that is mistyped, one of these is suggested.
  const suggested = names.length === 0 ? NAMES : [];
  for (const name of suggested) program.command(name);
  addExamples(program);
  return program;
}
