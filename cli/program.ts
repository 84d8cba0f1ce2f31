/**
 * The program of commander: the commands of `command_list.ts`, each with its options and its help. Only
 * those that a command line needs are loaded.
 *
 * @module
 */

import type { Command } from "commander";
import { print } from "../program/print.ts";
import { VERSION } from "../version.ts";
import { RedactingCommand } from "./command.ts";
import { COMMANDS } from "./command_list.ts";
import { addSpec } from "./commander_options.ts";
import { addExamples, PROGRAM } from "./examples.ts";

/** The name of every command. */
const NAMES: readonly string[] = [...COMMANDS.keys()];

/**
 * The names of the commands whose options a command line needs: all of them for `completions`; none for
 * the help of the program, and for a name that is mistyped.
 */
export function commandsFor([first, second]: readonly string[]): readonly string[] {
  if (first === "completions") return NAMES;
  const name = first === "help" ? second : first;
  return NAMES.includes(name) ? [name] : [];
}

/**
 * The program with these commands and their options. Default: with all of them. If there are none, it
 * has all commands without their options, for its help and to suggest the name that was meant.
 */
export async function program(names: readonly string[] = NAMES): Promise<Command> {
  const program = new RedactingCommand(PROGRAM)
    .description("Connects Clients to Services (instruments, sensors, computation).")
    .version(VERSION, "-V, --version")
    .showHelpAfterError("Add --help to see what is possible.")
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .configureOutput({ writeOut: print }); // its own would lose what cannot be written at once
  const loaded = new Map(
    await Promise.all(names.map(async (name) => [name, await COMMANDS.get(name)!.load()] as const)),
  );
  for (const name of names.length === 0 ? NAMES : names) {
    const listed = COMMANDS.get(name)!;
    const command = program.command(name).description(listed.description);
    for (const operand of listed.operands ?? []) command.argument(...operand);
    if (listed.usage !== undefined) command.usage(listed.usage);
    const rest = loaded.get(name);
    if (typeof rest === "function") rest(command);
    else if (rest !== undefined) addSpec(command, listed, rest);
  }
  addExamples(program);
  return program;
}
