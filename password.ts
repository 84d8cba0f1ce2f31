/**
 * Passwords on the command line: as words, as a file, from the standard input, or asked for.
 *
 * @module
 */

import { ConfigurationError } from "./errors.ts";
import { type Prompt, terminalPrompt } from "./prompt.ts";

/** How a password is given, for the description of an option. */
export const PASSWORD_FORMS =
  "words, or a file whose first line it is, or - for the standard input";

/**
 * A password given as words, which are joined by spaces; as the name of a file whose first line
 * it is; or as `-`, for the next line of the standard input.
 *
 * @throws {ConfigurationError} If the password is empty, or the file cannot be read.
 */
export function readPassword(words: readonly string[]): string {
  const given = words.join(" ");
  return checkPassword(given === "-" ? readLine() : firstLineOf(given) ?? given);
}

/**
 * Asks for a new password, twice.
 *
 * @throws {ConfigurationError} If there is no terminal, the password is empty, or the two differ.
 */
export async function askNewPassword(
  whose: string,
  prompt: Prompt = terminalPrompt,
): Promise<string> {
  const password = checkPassword(await prompt.secret(`Enter a password for ${whose}:`));
  if (await prompt.secret("Enter it again:") !== password) {
    throw new ConfigurationError("Cannot use the password: it was not the same twice");
  }
  return password;
}

function checkPassword(password: string): string {
  if (password === "") throw new ConfigurationError("Cannot use an empty password");
  return password;
}

/** The first line of a file, `undefined` where there is no file of that name. */
function firstLineOf(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file).split(/\r?\n/, 1)[0];
  } catch (cause) {
    // The name of a file that may not be read must not become the password.
    const isForbidden = cause instanceof Deno.errors.PermissionDenied ||
      cause instanceof Deno.errors.NotCapable;
    if (!isForbidden) return undefined;
    throw new ConfigurationError(`Cannot read the password: ${cause.message}`, { cause });
  }
}

/** One line of the standard input and no more of it, since the next secret may be the next line. */
function readLine(): string {
  if (Deno.stdin.isTerminal()) return terminalPrompt.secret("Enter the password:") as string;
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte) !== null && byte[0] !== 0x0a) bytes.push(byte[0]);
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/\r$/, "");
}
