/**
 * Finds a member of an object in a text of JSON, as it was written: parsed, a number of Python such as
 * `1.0` or an integer above 2^53 would lose what JavaScript does not keep.
 *
 * @module
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The text of a member. Of two equal keys the last one counts, as in every JSON parser.
 *
 * @param text An object of JSON, which has been parsed without an error.
 * @returns The text without the white space around it, or `undefined` if there is no such member.
 */
export function memberText(text: string, key: string): string | undefined {
  let found: string | undefined;
  let name: unknown;
  let depth = 0;
  let start = 0;
  const endMember = (end: number) => {
    if (name === key) found = text.slice(start, end).trim();
    name = undefined;
  };
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (depth === 1 && name === undefined) name = JSON.parse(text.slice(at, end + 1));
        at = end;
        break;
      }
      case COLON:
        if (depth === 1) start = at + 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 1) endMember(at);
        depth--;
        break;
      case COMMA:
        if (depth === 1) endMember(at);
    }
  }
  return found;
}

/** The index of the quote that ends the string which begins at an index. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1;; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE || Number.isNaN(code)) return at;
    if (code === BACKSLASH) at++;
  }
}
