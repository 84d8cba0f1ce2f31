/**
 * Reads passwords that are given on the command line: as words, in a file, on the standard input, or
 * at a prompt.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { exposedMode, fileExists } from "../base/files.ts";
import { readInputLine, type TerminalPrompt, terminalPrompt } from "../base/prompt.ts";
import { quoteWord } from "../base/quote.ts";

/** The ways to give a password, for the description of an option. */
export const PASSWORD_FORMS =
  "words, or a file whose first line it is, or - for the standard input; asked for without any";

/** A parsed option `[word...]`: its words, or `true` if it was given without any. */
export type GivenPassword = readonly string[] | true;

/**
 * Reads a password: its words, joined by spaces; the first line of a file of that name; the next
 * line of the standard input, for `-`; or the answer to a prompt, if there are no words.
 *
 * @param ask Prompts for the password; also for `-`, if the standard input is a terminal.
 * @param warn Called with a warning if other users can read the file. Default: prints it on the
 * standard error.
 * @throws {ConfigurationError} If the password is empty, or the file cannot be read.
 */
export function readPassword(
  given: GivenPassword,
  ask: () => string,
  warn: (message: string) => void = console.error,
): string {
  if (given === true) return ask();
  const text = given.join(" ");
  if (text !== "-") return checkPassword(firstLineOf(text, warn) ?? text);
  return Deno.stdin.isTerminal() ? ask() : checkPassword(readInputLine() ?? "");
}

/**
 * Reads a password from the first line of a file; or, for `-`, from the next line of the standard
 * input.
 *
 * @param ask Prompts for the password, for `-` if the standard input is a terminal.
 * @param warn Called with a warning if other users can read the file. Default: prints it on the
 * standard error.
 * @throws {ConfigurationError} If the password is empty, or the file cannot be read.
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

function checkPassword(password: string): string {
  if (password === "") throw new ConfigurationError("Cannot use an empty password");
  return password;
}

/** The first line of a file; `undefined` if there is no file of that name. */
function firstLineOf(file: string, warn: (message: string) => void): string | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
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
  return text.split(/\r?\n/, 1)[0];
}
