/**
 * What a shell can complete on the command line: read from the commands of commander, for
 * `completion_scripts.ts`.
 *
 * @module
 */

import type { Command } from "commander";

/** What can be typed as a value: one of some words, a file, a folder, or any text. */
export type Value =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "folder" | "text" };

/** An option of a command. */
export interface CompletableOption {
  /** Its names, the long one last, e.g. `["-p", "--port"]`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What its value is; `undefined` if it takes none. */
  readonly value?: Value;
  /** Whether it takes all words up to the next option. */
  readonly isVariadic: boolean;
}

/** A command. */
export interface CompletableCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletableOption[];
  /** What its first argument is; `undefined` if it has none. */
  readonly argument?: Value;
}

/** The commands of a program. The first one is that of a command line without a command. */
export function completableCommands(program: Command): CompletableCommand[] {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  return commands.map((command) => {
    const [argument] = command.registeredArguments;
    return {
      name: command.name(),
      description: command.description(),
      options: help.visibleOptions(command).map((option) => ({
        names: [option.short, option.long].filter((name) => name !== undefined),
        description: option.description,
        value: option.required || option.optional
          ? valueOf(option.flags, option.argChoices)
          : undefined,
        isVariadic: option.variadic,
      })),
      argument: argument &&
        (command.name() === "help"
          ? { kind: "words", words: commands.map((command) => command.name()) }
          : valueOf(argument.name(), argument.argChoices)),
    };
  });
}

/** What a value is, by its choices or its placeholder. A password may be in a file. */
function valueOf(placeholder: string, choices: readonly string[] | undefined): Value {
  if (choices !== undefined) return { kind: "words", words: choices };
  if (/folder/.test(placeholder)) return { kind: "folder" };
  return { kind: /file>|file$|word\.\.\.|^out$/.test(placeholder) ? "file" : "text" };
}
