/**
 * Gives options (`program/option.ts`) and commands (`command_spec.ts`) that are data to commander.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommandSpec } from "./command_spec.ts";
import { connectOptions } from "./connect_options.ts";
import { labelOf, type OptionSpec, repeated } from "../program/option.ts";

/** Adds a command to the program. */
export function addCommand(program: Command, spec: CommandSpec): Command {
  const { name, description, usage, operands, least, options, rewrite } = spec;
  const command = addOptions(program.command(name), options).description(description);
  if (usage !== undefined) command.usage(usage);
  for (const [placeholder, description] of operands) command.argument(placeholder, description);
  if (options.some(({ flag }) => flag === "--help")) command.helpOption(false);
  if (rewrite !== undefined) {
    const parseOptions = command.parseOptions.bind(command);
    command.parseOptions = (words) => parseOptions(words.map((word) => rewrite(word)));
  }
  return command.action(async () => {
    const { args } = command;
    const values = command.opts();
    if (args.length < least) {
      if (values.help) command.help();
      const missing = operands[args.length][0].replaceAll(/[[\]<>]/g, "");
      command.error(`error: missing required argument '${missing}'`);
    }
    await spec.run(args, values);
  });
}

/** Adds options to a command. */
function addOptions(command: Command, specs: readonly OptionSpec[]): Command {
  for (const spec of specs) command.addOption(commanderOption(spec));
  return command;
}

/** Adds the options of a command that connects, as {@linkcode connectOptions} gives them. */
export function addConnectOptions(command: Command, timeout?: string): Command {
  return addOptions(command, connectOptions(timeout));
}

/** Converts one option. */
export function commanderOption(spec: OptionSpec): Option {
  const option = new Option(labelOf(spec), spec.description);
  if (spec.byDefault !== undefined) option.default(spec.byDefault);
  if (spec.choices) option.choices(spec.choices);
  if (spec.env !== undefined) option.env(spec.env);
  const { parse } = spec;
  if (parse) {
    const parseOne = argumentParser(parse);
    option.argParser((text, before: unknown) => repeated(spec, before, parseOne(text)));
  }
  return option;
}

/** A parser whose errors commander reports as an invalid argument. */
export function argumentParser<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}
