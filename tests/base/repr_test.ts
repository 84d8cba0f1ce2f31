import { assertEquals } from "@std/assert";
import { repr } from "../../base/repr.ts";
import fc from "../support/properties.ts";

/** What Python 3.11 gives for `repr(text)`. */
const OF_PYTHON: readonly [text: string, repr: string][] = [
  ["", "''"],
  ["Echo", "'Echo'"],
  ["it's", `"it's"`],
  ['say "hi"', `'say "hi"'`],
  [`it's "x"`, `'it\\'s "x"'`],
  ["back\\slash", "'back\\\\slash'"],
  ["a\nb\r\t", "'a\\nb\\r\\t'"],
  ["\x0b", "'\\x0b'"],
  ["\x00\x1f\x7f", "'\\x00\\x1f\\x7f'"],
  ["\x85\xa0\xad", "'\\x85\\xa0\\xad'"],
  ["é ü 日本", "'é ü 日本'"],
  ["\u0301", "'\u0301'"],
  ["\u200b\u2028\u2029\u3000\ufeff", "'\\u200b\\u2028\\u2029\\u3000\\ufeff'"],
  ["\ue000", "'\\ue000'"],
  ["\ud800", "'\\ud800'"],
  ["😀", "'😀'"],
  ["\u{e0001}", "'\\U000e0001'"],
  ["\u{10ffff}", "'\\U0010ffff'"],
];

for (const [text, expected] of OF_PYTHON) {
  Deno.test(`${expected} is what Python writes`, () => {
    assertEquals(repr(text), expected);
  });
}

Deno.test("the quotes of a repr never occur bare inside it, and nothing breaks its line", () => {
  const unit = fc.oneof(
    fc.constantFrom("'", '"', "\\", "\n", "\r", "\u2028"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  fc.assert(fc.property(fc.string({ unit }), (text) => {
    const written = repr(text);
    const quote = written[0];
    assertEquals(written.at(-1), quote);
    const inside = written.slice(1, -1).replaceAll(/\\./gsu, "");
    assertEquals(inside.includes(quote), false);
    assertEquals(/[\n\r\u2028\u2029\p{Cc}]/u.test(written), false);
  }));
});

Deno.test("no two different texts have the same repr", () => {
  const units = ["'", '"', "\\", "n", "\n", "x", "0", "\x00", "\ud800", "u", "d", "8"];
  const pairs = units.flatMap((a) => units.map((b) => a + b));
  const texts = [...units, ...pairs, ...pairs.flatMap((a) => units.map((b) => a + b))];
  assertEquals(new Set(texts.map(repr)).size, texts.length);
});
