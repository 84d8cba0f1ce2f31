/**
 * Reads passwords that are given on the command line: as words, in a file, on the standard input, or
 * at a prompt.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { hasControlCharacter } from "../base/control_characters.ts";
import { decodeText, exposedMode, fileExists } from "../base/files.ts";
import { readInputLine, type TerminalPrompt, terminalPrompt } from "../base/prompt.ts";
import { quoteWord } from "../base/quote.ts";

/** The ways to give a password, for the description of an option. */
export const PASSWORD_FORMS =
  "words, or a file whose first line it is, or - for the standard input; asked for without any";

/** What a person means as a file: a path, or a name with an extension. */
const FILE_NAME = /^\S*([/\\]\S*|\.[a-z]\w*)$/i;

/** A parsed option `[word...]`: its words, or `true` if it was given without any. */
export type GivenPassword = readonly string[] | true;

/**
 * Reads a password: its words, joined by spaces; the first line of a file of that name, without
 * white space at both ends; the next line of the standard input, for `-`; or the answer to a prompt,
 * if there are no words.
 *
 * @param ask Prompts for the password; also for `-`, if the standard input is a terminal.
 * @param warn Called with a warning if other users can read the file, or if the words look like the
 * name of a file that is not there. Default: prints it on the standard error.
 * @throws {ConfigurationError} If the password is empty or has a control character, or the file
 * cannot be read or is no text.
 */
export function readPassword(
  given: GivenPassword,
  ask: () => string,
  warn: (message: string) => void = console.error,
): string {
  if (given === true) return ask();
  const text = given.join(" ");
  if (text !== "-") {
    const line = firstLineOf(text, warn);
    if (line === undefined && FILE_NAME.test(text)) {
      warn(
        "The password looks like the name of a file, and there is none: it is the password itself",
      );
    }
    return checkPassword(line ?? text);
  }
  return Deno.stdin.isTerminal() ? ask() : checkPassword(readPasswordLine());
}

/**
 * Reads a password from the first line of a file, without white space at both ends; or, for `-`,
 * from the next line of the standard input.
 *
 * @param ask Prompts for the password, for `-` if the standard input is a terminal.
 * @param warn Called with a warning if other users can read the file. Default: prints it on the
 * standard error.
 * @throws {ConfigurationError} If the password is empty or has a control character, or the file
 * cannot be read or is no text.
 */
export function readPasswordFile(
  file: string,
  ask: () => string,
  warn: (message: string) => void = console.error,
): string {
  if (file === "-") return readPassword([file], ask);
  const password = firstLineOf(file, warn);
  if (password !== undefined) return checkPassword(password);
  // The name is not repeated: by mistake, it may be the password itself.
  throw new ConfigurationError("Cannot read the password: there is no file of that name");
}

/**
 * Prompts for a new password, twice.
 *
 * @throws {ConfigurationError} If there is no terminal, the password is empty, or the two differ.
 */
export function askNewPassword(
  owner: string,
  prompt: Pick<TerminalPrompt, "secret"> = terminalPrompt,
): string {
  const password = checkPassword(prompt.secret(`Enter a password for ${owner}:`));
  if (prompt.secret("Enter it again:") !== password) {
    throw new ConfigurationError("Cannot use the password: it was not the same twice");
  }
  return password;
}

/**
 * Prompts for the password of a private key; twice if the file does not exist, since the key is
 * made then.
 *
 * @throws {ConfigurationError} If there is no terminal, the password is empty, or the two differ.
 */
export function askKeyPassword(
  file: string,
  prompt: Pick<TerminalPrompt, "secret"> = terminalPrompt,
): string {
  if (!fileExists(file)) return askNewPassword(file, prompt);
  return checkPassword(prompt.secret(`Enter the password of ${file}:`));
}

/** @throws {ConfigurationError} If a password is empty, or has a control character. */
function checkPassword(password: string): string {
  if (password === "") throw new ConfigurationError("Cannot use an empty password");
  if (hasControlCharacter(password)) {
    throw new ConfigurationError("Cannot use a password with a control character in it");
  }
  return password;
}

/**
 * The first line of a file, without white space at both ends; `undefined` if there is no file of that
 * name.
 */
function firstLineOf(file: string, warn: (message: string) => void): string | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(file);
  } catch (error) {
    // The name of a file that cannot be read must not become the password. Nor is the name repeated,
    // as in the message of the runtime: it may be the password.
    const isForbidden = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable;
    if (!isForbidden) return undefined;
    throw new ConfigurationError(
      "Cannot read the password: it seems to be the name of a file that may not be read. " +
        "Give - for the standard input",
    );
  }
  const mode = exposedMode(file);
  if (mode !== undefined) {
    warn(
      `Others can read the password in ${file} (mode ${mode}). Run: chmod 600 ${quoteWord(file)}`,
    );
  }
  return strip(decode(bytes, file).split(/\r\n|\r|\n/, 1)[0]);
}

/** One line of the standard input, and no byte more: the next line may be another password. */
function readPasswordLine(): string {
  return readInputLine((bytes) => decode(bytes, "the standard input")) ?? "";
}

function decode(bytes: Uint8Array, source: string): string {
  try {
    return decodeText(bytes);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ConfigurationError(`Cannot read the password from ${source}: ${reason}`, { cause });
  }
}

/** Removes what Python's `strip` removes, which is more than `trim` does. */
function strip(line: string): string {
  // deno-lint-ignore no-control-regex -- Python counts them as white space
  return line.replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, "");
}
