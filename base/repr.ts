/**
 * Python's way to write a value in a message. The texts that MSL-Network fixes quote names with
 * Python's `repr`, and Python users match on them.
 *
 * @module
 */

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** What Python does not print as it is: controls, surrogates, separators other than a space. */
const NOT_PRINTABLE = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * The text that Python's `repr()` gives for a string.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(repr("Echo"), "'Echo'");
 * assertEquals(repr("the 'X' service"), `"the 'X' service"`);
 * ```
 */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(NOT_PRINTABLE, escape);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function escape(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0)!;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
