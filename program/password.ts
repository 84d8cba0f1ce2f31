/**
 * Passwords on the command line: as words, as a file, from the standard input, or asked for.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { exposedMode, fileExists } from "../base/files.ts";
import { type TerminalPrompt, terminalPrompt } from "../base/prompt.ts";
import { quoteWord } from "../base/quote.ts";

/** How a password is given, for the description of an option. */
export const PASSWORD_FORMS =
  "words, or a file whose first line it is, or - for the standard input; asked for without any";

/** What commander makes of an option `[word...]`: its words, or that it was given without any. */
export type GivenPassword = readonly string[] | true;

/**
 * A password given as words, which are joined by spaces; as the name of a file whose first line
 * it is; as `-`, for the next line of the standard input; or not at all, for it to be asked for.
 *
 * @param ask Asks a person; also for `-`, where the standard input is a terminal.
 * @param warn Is told of a file that others can read. Default: writes to standard error.
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
  return Deno.stdin.isTerminal() ? ask() : checkPassword(readLine());
}

/**
 * A password in a file, whose first line it is; or, as `-`, the next line of the standard input.
 *
 * @param ask Asks a person, for `-` where the standard input is a terminal.
 * @param warn As of {@linkcode readPassword}.
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
  // Its name is not shown: it may be the password itself, by mistake.
  throw new ConfigurationError("Cannot read the password: there is no file of that name");
}

/**
 * Asks for a new password, twice.
 *
 * @throws {ConfigurationError} If there is no terminal, the password is empty, or the two differ.
 */
export function askNewPassword(
  whose: string,
  prompt: Pick<TerminalPrompt, "secret"> = terminalPrompt,
): string {
  const password = checkPassword(prompt.secret(`Enter a password for ${whose}:`));
  if (prompt.secret("Enter it again:") !== password) {
    throw new ConfigurationError("Cannot use the password: it was not the same twice");
  }
  return password;
}

/**
 * Asks for the password of a private key; twice for one that is not there yet, as it is made.
 *
 * @throws {ConfigurationError} As {@linkcode askNewPassword}.
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

/** The first line of a file, `undefined` where there is no file of that name. */
function firstLineOf(file: string, warn: (message: string) => void): string | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    // The name of a file that may not be read must not become the password. Nor may what is perhaps
    // the password be shown, as the runtime's own message does.
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

/** One line of the standard input and no more of it, since the next secret may be the next line. */
function readLine(): string {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte) !== null && byte[0] !== 0x0a) bytes.push(byte[0]);
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/\r$/, "");
}
