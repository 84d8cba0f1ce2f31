/**
 * Quotes the words of a command line, for the shell of this computer or of another one.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

/** Words and options that every shell reads in the same way, those of Windows included. */
const PLAIN = /^(--?[\w-]+=)?[\w./:+-]+$/;

/**
 * A word in quotes, so that a POSIX shell, or fish, reads it unchanged. A plain word gets no quotes,
 * which the shells of Windows do not understand.
 *
 * @throws {ValueError} When the word has a NUL character, which no command line can have.
 */
export function quoteWord(word: string): string {
  if (word.includes("\0")) {
    throw new ValueError(
      `Cannot pass ${JSON.stringify(word)} to a command: it has a NUL character`,
    );
  }
  if (PLAIN.test(word)) return word;
  // A backslash also goes outside of the quotes: inside them fish reads it as an escape.
  return `'${word.replaceAll(/['\\]/g, "'\\$&'")}'`;
}
