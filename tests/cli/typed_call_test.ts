import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ValueError } from "../../errors.ts";
import { encodeValue } from "../../wire/json.ts";
import {
  argumentsOf,
  encodeForTerminal,
  formatArguments,
  nameOf,
  splitWords,
  valueOf,
  wordOfName,
} from "../../cli/typed_call.ts";

Deno.test("a word is JSON, or else it is the text itself", () => {
  const cases: [word: string, value: unknown][] = [
    ["1", 1],
    ["-2.5e3", -2500],
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
  for (const [word, value] of cases) assertEquals(valueOf(word), value, word);
});

Deno.test("a word in single quotes is the text between them, whatever it looks like", () => {
  for (const text of ["1", "x=1", "it's", "[1]", "", "-", '"', "a\nb"]) {
    assertEquals(valueOf(`'${text}'`), text);
    assertEquals(argumentsOf([`'${text}'`, `k='${text}'`]), { args: [text], kwargs: { k: text } });
  }
});

Deno.test("an integer of any size keeps its digits", () => {
  const { args } = argumentsOf(["12345678901234567890"]);
  assertEquals(encodeValue(args), "[12345678901234567890]");
});

Deno.test("key=value is a keyword argument if the key is an identifier", () => {
  assertEquals(argumentsOf(["1", "n=2", "größe_2=[3]", "label=x=y", "empty="]), {
    args: [1],
    kwargs: { n: 2, größe_2: [3], label: "x=y", empty: "" },
  });
  assertEquals(argumentsOf(["a-b=1", "2x=1", "=1", '"x=1"']).args, ["a-b=1", "2x=1", "=1", "x=1"]);
  assertEquals(Object.entries(argumentsOf(["__proto__=1"]).kwargs), [["__proto__", 1]]);
  assertThrows(() => argumentsOf(["n=1", "n=2"]), ValueError, "Cannot call: n is given twice");
});

Deno.test("a line is divided at its spaces, but for those in quotes and in JSON", () => {
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

Deno.test("what is not closed, or goes on after its end, is refused with the column", () => {
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

Deno.test("a name may be in quotes, and is put in quotes where it has to be", () => {
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
    assertEquals([wordOfName(name), nameOf(word)], [word, name]);
  }
  assertEquals(nameOf("'String Editor'"), "String Editor");
});

Deno.test("arguments as words are the same arguments again, and nothing else of a terminal", () => {
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
      const again = argumentsOf(splitWords(line));
      assertEquals(JSON.stringify(again), JSON.stringify({ args, kwargs: { ...kwargs } }));
    }),
  );
});

Deno.test("a key that is no identifier can still be read", () => {
  assertEquals(formatArguments([], { "a b": 1 }), '"a b"=1');
  assertEquals(encodeForTerminal({ "\u009b": NaN }), '{"\\u009b":NaN}');
});
