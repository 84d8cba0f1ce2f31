/**
 * The `completions` command: prints the script with which a shell completes the commands and their
 * options.
 *
 * @module
 */

import { Argument, type Command } from "commander";
import { completionScript, type Shell, SHELLS } from "../completion_scripts.ts";
import { print } from "../../program/print.ts";

/** Adds `completions` to the program. */
export function addCompletions(program: Command): void {
  program.command("completions")
    .description("Print the script with which a shell completes commands and options with Tab")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action((shell: Shell) => void print(completionScript(program, shell)));
}
