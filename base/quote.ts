/**
 * Words for a shell, of this computer or of another one.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

/** Words and options that mean the same to every shell, those of Windows included. */
const PLAIN = /^(--?[\w-]+=)?[\w./:+-]+$/;

/**
 * A word so that a POSIX shell, or fish, takes it as it is. One that is plain stays without quotes,
 * which the shells of Windows do not understand.
 *
 * @throws {ValueError} If the word has a NUL character, which no command line can hold.
 */
export function quoteWord(word: string): string {
  if (word.includes("\0")) {
    throw new ValueError(
      `Cannot pass ${JSON.stringify(word)} to a command: it has a NUL character`,
    );
  }
  if (PLAIN.test(word)) return word;
  // The backslash goes outside of the quotes too: inside, fish takes it for an escape.
  return `'${word.replaceAll(/['\\]/g, "'\\$&'")}'`;
}
