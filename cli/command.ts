/**
 * A command of a command line, whose errors do not repeat what may be a password: words that no
 * option takes, and what follows a mistyped one.
 *
 * @module
 */

import { Command, type ErrorOptions } from "commander";
import { describeUnknown } from "../program/option.ts";

/** A command, and its commands. */
export class DiscreetCommand extends Command {
  /** Makes the commands of this command. */
  override createCommand(name?: string): Command {
    return new DiscreetCommand(name);
  }

  /** Ends the process with the message of an error. */
  override error(message: string, options?: ErrorOptions): never {
    return super.error(withoutValues(message, options?.code), options);
  }
}

/** A message of commander's without the words that it repeats. */
function withoutValues(message: string, code: string | undefined): string {
  switch (code) {
    case "commander.excessArguments":
      return message.replace(/( but got \d+): .*$/s, "$1.");
    case "commander.unknownOption":
      return message.replace(
        /^error: unknown option '(.*?)'(?=\n|$)/s,
        (_, option) => `error: ${describeUnknown(option)}`,
      );
    case "commander.invalidArgument":
      // With other commands -p is a password.
      return message.replace(
        /^(error: option '-p, --port .*?') argument '.*' (is invalid)/s,
        "$1 $2",
      );
    default:
      return message;
  }
}
