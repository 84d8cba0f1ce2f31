/**
 * The `completions` command: prints the script with which a shell completes the commands and their
 * options.
 *
 * @module
 */

import type { Command } from "commander";
import { completionScript, type Shell, SHELLS } from "../completion_scripts.ts";
import { print } from "../../program/print.ts";

/** Adds the options of `completions`, and its action. */
export function addCompletions(command: Command): void {
  command.registeredArguments[0].choices(SHELLS);
  command.action((shell: Shell) => void print(completionScript(command.parent!, shell)));
}
