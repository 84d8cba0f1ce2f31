/**
 * Text as a person reads it. Control characters have no shape, and those that change the direction of
 * writing make one text look like another: `gpj.exe` after U+202E is read as `exe.jpg`. Both are shown
 * as their escapes. Letters that are written from the right to the left are left as they are.
 *
 * @module
 */

/** Controls without newline and tab, and what changes the direction of writing. */
// deno-lint-ignore no-control-regex -- these are the characters
const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text with its hidden characters escaped. */
export function visible(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
