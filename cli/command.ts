/**
 * A command whose errors do not repeat what may be a password: words that no option takes, and what
 * follows a mistyped option. commander itself repeats all of them.
 *
 * @module
 */

import { Command, type ErrorOptions } from "commander";
import { describeUnknown, mayBeSecret, USAGE_ERROR } from "../program/option.ts";

/** A command, and its subcommands. */
export class RedactingCommand extends Command {
  /** Makes a subcommand, which redacts its errors too. */
  override createCommand(name?: string): Command {
    return new RedactingCommand(name);
  }

  /** Ends the process with an error message, and the exit code that Python's commands have too. */
  override error(message: string, options?: ErrorOptions): never {
    return super.error(redact(message, options?.code), { ...options, exitCode: USAGE_ERROR });
  }
}

/** A message of commander without the words that it repeats. */
function redact(message: string, code: string | undefined): string {
  switch (code) {
    case "commander.excessArguments":
      return message.replace(/( but got \d+): .*$/s, "$1.");
    case "commander.unknownOption":
      return message.replace(
        /^error: unknown option '(.*)'(\n\(Did you mean .*\))?$/s,
        (_, option, suggestion = "") => `error: ${describeUnknown(option)}${suggestion}`,
      );
    case "commander.invalidArgument":
      return message.replace(
        /^(error: option '([^']*)') argument '.*' (is invalid)/s,
        (whole, option, label, invalid) => mayBeSecret(label) ? `${option} ${invalid}` : whole,
      );
    default:
      return message;
  }
}
