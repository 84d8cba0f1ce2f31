/**
 * Control characters, which no password has: nobody sees them, and the key that is derived from a
 * password is the same with NUL characters at its end.
 *
 * @module
 */

/** Whether a text has a control character (Unicode category Cc), e.g. a tab or NUL. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
