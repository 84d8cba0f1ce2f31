/**
 * The command line. Its commands and options are those of `msl-network`. Each command but `start`
 * has a module of its own in `commands/`.
 *
 * @module
 */

import type { Command } from "commander";
import { addAccess } from "./commands/access.ts";
import { addCall } from "./commands/call.ts";
import { addCertdump } from "./commands/certdump.ts";
import { addCertgen } from "./commands/certgen.ts";
import { RedactingCommand } from "./command.ts";
import { addCompletions } from "./commands/completions.ts";
import { addConsole } from "./commands/console.ts";
import { addDelete } from "./commands/delete.ts";
import { addDescribe } from "./commands/describe.ts";
import { addDisconnect } from "./commands/disconnect.ts";
import { NetworkError } from "../errors.ts";
import { addInit } from "./commands/init.ts";
import { addExamples, PROGRAM } from "./examples.ts";
import { addHistory } from "./commands/history.ts";
import { addHostname } from "./commands/hostname.ts";
import { addKeygen } from "./commands/keygen.ts";
import { addLog } from "./commands/log.ts";
import { addLs } from "./commands/ls.ts";
import { addPing } from "./commands/ping.ts";
import { run } from "../program/run.ts";
import { expandKwargs } from "../program/kwargs.ts";
import { LIMIT_OPTIONS } from "../program/limit_options.ts";
import {
  GENERAL_OPTIONS,
  type ParsedOptions,
  readStartOptions,
  withoutMark,
} from "../program/start_options.ts";
import { addStartOptions } from "./commander_options.ts";
import { addRecord } from "./commands/record.ts";
import { addStatus } from "./commands/status.ts";
import { addTop } from "./commands/top.ts";
import { addTypes } from "./commands/types.ts";
import { addUser } from "./commands/user.ts";
import { print } from "../program/print.ts";
import { VERSION } from "../version.ts";
import { addWatch } from "./commands/watch.ts";
import { printableLines } from "../base/printable.ts";

/**
 * Runs a command. A `NetworkError` is printed as one line, and ends the process at once with exit
 * code 1, even if other work is still running. A command line that cannot be parsed is exit code 2.
 */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(commandLine(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    console.error(printableLines(error.message)); // the message may come from a Service
    Deno.exit(1);
  }
}

/**
 * The words that commander parses: with `start` if no command is given. The default command of commander
 * would also run for a mistyped command.
 */
export function commandLine(args: readonly string[]): string[] {
  const [first = "start"] = args;
  const isOptionOfStart = first.startsWith("-") && !/^(-h|--help|-V|--version)$/.test(first);
  const words = args.length === 0 || isOptionOfStart ? ["start", ...args] : [...args];
  return words[0] === "start" ? withoutMark(expandKwargs(START_OPTIONS, words)) : words;
}

const START_OPTIONS = [...GENERAL_OPTIONS, ...LIMIT_OPTIONS];

/** The program with all of its commands and their options. */
export function program(): Command {
  const program = new RedactingCommand(PROGRAM)
    .description("Connects Clients to Services (instruments, sensors, computation).")
    .version(VERSION, "-V, --version")
    .showHelpAfterError("Add --help to see what is possible.")
    .configureOutput({ writeOut: print }); // its own would lose what cannot be written at once
  addStartOptions(program.command("start"))
    .description("Start the Network Manager (the default command)")
    .action((parsed: ParsedOptions) => run(readStartOptions(parsed)));
  const commands = [
    addStatus,
    addTop,
    addLs,
    addCall,
    addWatch,
    addRecord,
    addHistory,
    addPing,
    addConsole,
    addTypes,
    addDescribe,
    addUser,
    addHostname,
    addAccess,
    addDisconnect,
    addLog,
    addKeygen,
    addCertgen,
    addCertdump,
    addDelete,
    addInit,
    addCompletions,
  ];
  for (const add of commands) add(program);
  addExamples(program);
  return program;
}
