import { assertEquals, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { shellCommand } from "../support/process.ts";
import { quoteWord } from "../../base/quote.ts";
import { posixTest } from "../support/posix.ts";
import fc from "../support/properties.ts";

/** The words of a command line, as a POSIX shell reads them. */
async function shellWords(quoted: string): Promise<string[]> {
  const { stdout } = await shellCommand(`printf '%s\\0' ${quoted}`, []).output();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout).split("\0").slice(0, -1);
}

posixTest("a shell reads every quoted word unchanged", async () => {
  const character = fc.oneof(
    fc.constantFrom(..."'\"\\ $`!*?[]{}()<>|&;#~=%@^,\t\n\r-"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  const word = fc.string({ unit: character }).filter((word) => !word.includes("\0"));
  await fc.assert(fc.asyncProperty(fc.array(word, { minLength: 1 }), async (words) => {
    assertEquals(await shellWords(words.map(quoteWord).join(" ")), words);
  }));
});

Deno.test("a word that every shell reads unchanged has no quotes", () => {
  for (const word of ["deno", "-A", "--port=0", "--auth-password=-", "C:/lab/manager.ts"]) {
    assertEquals(quoteWord(word), word);
  }
});

Deno.test("a word that some shell would change is quoted", () => {
  const quoted = {
    "": "''",
    "two words": "'two words'",
    "it's": "'it'\\''s'",
    "C:\\lab": "'C:'\\\\'lab'",
    "A=1": "'A=1'", // before a command it would set a variable
    "=ls": "'=ls'", // zsh would look for the program
    "~": "'~'",
    "line\n": "'line\n'",
  };
  for (const [word, expected] of Object.entries(quoted)) assertEquals(quoteWord(word), expected);
});

Deno.test("a NUL character is rejected", () => {
  assertThrows(() => quoteWord("a\0b"), ValueError, 'Cannot pass "a\\u0000b" to a command');
});
