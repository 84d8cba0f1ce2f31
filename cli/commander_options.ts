/**
 * Gives options (`program/option.ts`) and commands (`command_spec.ts`) that are data to commander.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type CommandOption,
  type CommandSpec,
  type CommandSummary,
  leastOperands,
} from "./command_spec.ts";
import { connectOptions } from "./connect_options.ts";
import { labelOf, type OptionSpec, repeated } from "../program/option.ts";

/**
 * Gives a command its options and its action.
 *
 * @param command A command with the operands that its summary has.
 */
export function addSpec(command: Command, summary: CommandSummary, spec: CommandSpec): void {
  const { options, rewrite } = spec;
  addOptions(command, options);
  if (options.some(({ flag }) => flag === "--help")) {
    // It has a help of its own, which is asked for without operands, too. They are counted below.
    command.helpOption(false).usage(command.usage());
    for (const operand of command.registeredArguments) operand.argOptional();
  }
  if (rewrite !== undefined) {
    const parseOptions = command.parseOptions.bind(command);
    command.parseOptions = (words) => parseOptions(words.map((word) => rewrite(word)));
  }
  const least = leastOperands(summary);
  command.action(async () => {
    const { args } = command;
    const values = command.opts();
    if (args.length < least) {
      if (values.help) command.help();
      const missing = command.registeredArguments[args.length].name();
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
export function commanderOption(spec: CommandOption): Option {
  const option = new Option(labelOf(spec), spec.description);
  if (spec.byDefault !== undefined) option.default(spec.byDefault);
  if (spec.choices) option.choices(spec.choices);
  if (spec.env !== undefined) option.env(spec.env);
  if (spec.conflicts) option.conflicts([...spec.conflicts]);
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
