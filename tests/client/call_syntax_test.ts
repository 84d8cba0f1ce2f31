import { assertEquals, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { encodeValue } from "../../wire/json.ts";
import { rawJson } from "../../wire/serializable.ts";
import {
  formatArguments,
  formatName,
  parseArguments,
  parseName,
  parseValue,
  splitWords,
} from "../../client/call_syntax.ts";
import { encodeForTerminal } from "../../wire/printable_json.ts";
import fc from "../support/properties.ts";

Deno.test("a word is parsed as JSON, or else it is a string", () => {
  const cases: [word: string, value: unknown][] = [
    ["1", 1],
    ["-2.5e3", rawJson("-2.5e3")],
    ["1.0", rawJson("1.0")],
    ["[9007199254740993]", [rawJson("9007199254740993")]],
    ['{"a": -0.0}', { a: rawJson("-0.0") }],
    ["[NaN,1.50]", [NaN, rawJson("1.50")]],
    ["true", true],
    ["null", null],
    ["[1,2]", [1, 2]],
    ['{"a": 1}', { a: 1 }],
    ['"1"', "1"],
    ["NaN", NaN],
    ["-Infinity", -Infinity],
    ["True", "True"],
    [".5", ".5"],
    ["007", "007"],
    ["[1,2", "[1,2"],
    ["volt", "volt"],
    ["-", "-"],
    ["", ""],
  ];
  for (const [word, value] of cases) assertEquals(parseValue(word), value, word);
});

Deno.test("a word in single quotes is the string between them, even if it is JSON", () => {
  for (const text of ["1", "x=1", "it's", "[1]", "", "-", '"', "a\nb"]) {
    assertEquals(parseValue(`'${text}'`), text);
    assertEquals(parseArguments([`'${text}'`, `k='${text}'`]), {
      args: [text],
      kwargs: { k: text },
    });
  }
});

Deno.test("an integer of any size keeps its digits", () => {
  const { args } = parseArguments(["12345678901234567890"]);
  assertEquals(encodeValue(args), "[12345678901234567890]");
});

Deno.test("key=value is a keyword argument if the key is an identifier", () => {
  assertEquals(parseArguments(["1", "n=2", "größe_2=[3]", "label=x=y", "empty="]), {
    args: [1],
    kwargs: { n: 2, größe_2: [3], label: "x=y", empty: "" },
  });
  assertEquals(parseArguments(["a-b=1", "2x=1", "=1", '"x=1"']).args, [
    "a-b=1",
    "2x=1",
    "=1",
    "x=1",
  ]);
  assertEquals(Object.entries(parseArguments(["__proto__=1"]).kwargs), [["__proto__", 1]]);
  assertThrows(() => parseArguments(["n=1", "n=2"]), ValueError, "Cannot call: n is given twice");
});

Deno.test("a line is split at its spaces, except for those in quotes and in JSON", () => {
  const cases: [line: string, ...words: string[]][] = [
    [""],
    ["  add\t1  2 ", "add", "1", "2"],
    ["\"two words\" 'it is'", '"two words"', "'it is'"],
    ['[1, [2, "] \\" ["]] {"a": {"b": 1}}', '[1, [2, "] \\" ["]]', '{"a": {"b": 1}}'],
    ["x=[1, 2] y='a b' z=1", "x=[1, 2]", "y='a b'", "z=1"],
    ["it's C:\\a\\b a=b=c", "it's", "C:\\a\\b", "a=b=c"],
  ];
  for (const [line, ...words] of cases) assertEquals(splitWords(line), words, line);
});

Deno.test("a quote or a bracket that is not closed, or not the end of its word, is an error with its column", () => {
  const cases: [line: string, said: string][] = [
    ["add 'x", "the quote is not closed that begins at column 5"],
    ['add "x\\"', "the quote is not closed that begins at column 5"],
    ["x=[1, 2", "the bracket is not closed that begins at column 3"],
    ['{"a": "}', "the quote is not closed that begins at column 7"],
    ["'a'b", "expected a space at column 4"],
    ["[1]2", "expected a space at column 4"],
  ];
  for (const [line, said] of cases) assertThrows(() => splitWords(line), ValueError, said);
});

Deno.test("a name may be in quotes, and is written in quotes where it needs them", () => {
  const cases: [name: string, word: string][] = [
    ["BasicMath", "BasicMath"],
    ["String Editor", '"String Editor"'],
    ["5", "5"],
    ["null", "null"],
    ["it's", "it's"],
    ["'a'", "\"'a'\""],
    ['a"b', 'a"b'],
    ["[a]", '"[a]"'],
    ["", '""'],
    ["\u001b", '"\\u001b"'],
  ];
  for (const [name, word] of cases) {
    assertEquals([formatName(name), parseName(word)], [word, name]);
  }
  assertEquals(parseName("'String Editor'"), "String Editor");
});

Deno.test("arguments written as words are parsed to the same arguments, and have no control characters", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("1", "x=1", "'a'", "true", "-", "a b", "\u001b[2J", "\u202e", "\u{e0001}"),
  );
  const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }));
  const keyword = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/);
  fc.assert(
    fc.property(fc.array(value), fc.dictionary(keyword, value), (args, kwargs) => {
      const line = formatArguments(args, kwargs);
      assertEquals(/\p{C}/u.test(line), false, line);
      const again = parseArguments(splitWords(line));
      assertEquals(JSON.stringify(again), JSON.stringify({ args, kwargs: { ...kwargs } }));
    }),
  );
});

Deno.test("a key that is no identifier is written in quotes", () => {
  assertEquals(formatArguments([], { "a b": 1 }), '"a b"=1');
  assertEquals(encodeForTerminal({ "\u009b": NaN }), '{"\\u009b":NaN}');
});
