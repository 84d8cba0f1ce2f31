/**
 * A command whose errors do not repeat what may be a password: words that no option takes, and what
 * follows a mistyped option. commander itself repeats all of them. It also takes the name of an option
 * as the value of the one before it, whose own was forgotten, and then reports the words after it.
 *
 * @module
 */

import { Command, type ErrorOptions, type Option } from "commander";
import { describeUnknown, mayBeSecret, USAGE_ERROR } from "../program/option.ts";

/** A command, and its subcommands. */
export class RedactingCommand extends Command {
  /** Makes a subcommand, which redacts its errors too. */
  override createCommand(name?: string): Command {
    return new RedactingCommand(name);
  }

  /** Adds an option, whose value is not the name of another one. */
  override addOption(option: Option): this {
    const { parseArg, required, flags } = option;
    if (required) {
      option.argParser((text, before: unknown) => {
        if (this.options.some(({ short, long }) => text === short || text === long)) {
          this.error(`error: option '${flags}' argument missing`, {
            code: "commander.optionMissingArgument",
          });
        }
        return parseArg === undefined ? text : parseArg.call(option, text, before);
      });
    }
    return super.addOption(option);
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
