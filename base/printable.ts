/**
 * Escapes text that comes from a peer, before it reaches a terminal or the log. Control characters
 * could move the cursor or forge a line, and so could the line and paragraph separators of Unicode,
 * at which Python and some editors break lines. Characters that change the direction of writing
 * could make one name look like another.
 *
 * @module
 */

/** Controls, formats, surrogates, what has no meaning, and separators of lines and paragraphs. */
export const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** One line of text, with its control characters escaped. */
export function printable(text: string): string {
  return text.replaceAll(
    NOT_PRINTABLE,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** Text with its control characters escaped, except for newlines and tabs. */
export function printableLines(text: string): string {
  return text.split("\n").map((line) => line.split("\t").map(printable).join("\t")).join("\n");
}
