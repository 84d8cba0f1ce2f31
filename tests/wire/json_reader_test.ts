import { assertEquals, assertThrows } from "@std/assert";
import { parseJson } from "../../wire/json.ts";
import { JsonReader } from "../../wire/json_reader.ts";
import fc from "../support/properties.ts";

/** The result of reading a text in pieces of a length. */
function read(text: string, pieceLength: number, partLength?: number): unknown {
  const reader = new JsonReader(partLength);
  for (let at = 0; at < text.length; at += pieceLength) {
    reader.read(text.slice(at, at + pieceLength));
  }
  return reader.end();
}

/** The value, or the mark that the text is not JSON. */
function attempt(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof SyntaxError) return "no JSON";
    throw error;
  }
}

/** The results for parts and pieces of all short lengths. */
function assertReadAsAtOnce(text: string): void {
  const expected = attempt(() => parseJson(text));
  for (let partLength = 1; partLength < 12; partLength++) {
    for (let pieceLength = 1; pieceLength < 12; pieceLength++) {
      assertEquals(attempt(() => read(text, pieceLength, partLength)), expected, text);
    }
  }
}

/** Texts that make most JSON invalid wherever they are inserted. */
const SNIPPETS = [
  ...'[]{},:" \\1',
  ".5",
  "e5",
  "NaN",
  "-Infinity",
  "null",
  ',"a":1',
  '"__proto__":',
  "\\u00",
  `"${"a".repeat(30)}\\n\\u0041"`,
];

/** V8 (of Deno 2.9) reads the key `\"` as `\` if it has read the key `\` before. */
const MISTAKEN_KEY = /\\\\([^"\\]|\\.)*"\s*:/;

const text = fc.tuple(
  fc.json({ maxDepth: 5 }),
  fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...SNIPPETS)), { maxLength: 3 }),
).map(([text, changes]) => {
  for (const [place, dropped, snippet] of changes) {
    const at = place % (text.length + 1);
    text = text.slice(0, at) + snippet + text.slice(at + dropped);
  }
  return text;
}).filter((text) => !MISTAKEN_KEY.test(text));
const length = fc.integer({ min: 1, max: 40 });

Deno.test("a text in pieces has the value, or the error, that it has as a whole, wherever it is cut", () => {
  fc.assert(
    fc.property(text, length, length, (text, pieceLength, partLength) => {
      const expected = attempt(() => parseJson(text));
      const found = attempt(() => read(text, pieceLength, partLength));
      assertEquals(found, expected);
      assertEquals(JSON.stringify(found), JSON.stringify(expected)); // the order of the keys too
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("an object in pieces has the same members as the whole, with keys of any name", () => {
  for (
    const text of [
      '{"10":{"a":1},"2":{"b":[2]},"uid":"1"}',
      '{"a":[1,2,3],"b":{"c":4},"a":[5,{"a":6}]}',
      '{"a":{"b":1,"c":[2]},"a":3}',
      '{"__proto__":{"__proto__":[1,2]},"toString":[{"constructor":1}]}',
      '{"":{"":[{"":""}]},"\\u0061":[1],"a":[2]}',
    ]
  ) {
    assertReadAsAtOnce(text);
  }
});

Deno.test("a long text is read at any position, and with escapes that are cut anywhere", () => {
  const long = `x\\n\\\\\\"\\u00e9\\ud83d\\ude00\\\\\\\\u0041é😀${"\\".repeat(8)}`;
  for (const text of [`["${long}"]`, `{"a":["${long}","${long}"],"b":"${long}"}`, `"${long}"`]) {
    assertReadAsAtOnce(text);
  }
  assertReadAsAtOnce(`{"${long}":{"${long}":["${long}"]}}`);
});

Deno.test("long texts, and long gaps without a text, are read wherever they are cut", () => {
  const tail = ['a"', "\\", '\\"', "]", "}{", ",", "é"];
  const filled = fc.tuple(fc.integer({ min: 120, max: 300 }), fc.constantFrom(...tail))
    .map(([length, tail]) => "a[,".repeat(length / 3) + tail);
  const numbers = fc.array(fc.nat(99), { minLength: 40, maxLength: 120 });
  const value = fc.array(fc.oneof(filled, numbers, fc.dictionary(filled, numbers)));
  fc.assert(
    fc.property(
      value,
      fc.integer({ min: 1, max: 600 }),
      length,
      (value, pieceLength, partLength) => {
        assertEquals(read(JSON.stringify(value), pieceLength, partLength), value);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("invalid characters between values are rejected in parts too", () => {
  const long = '"aaaaaaaaaaaaaaaa"';
  for (
    const text of [
      "[,1]",
      "[     ,1]",
      "[1,,2]",
      "[1,2,]",
      "{,}",
      '{     ,"a":1}',
      '{"a":1,}',
      "[[1,2].5]",
      `[${long}.5]`,
      `[${long} ${long}]`,
      `{${long}}`,
      `{"a":1,${long}}`,
      `{"a" ${long}}`,
      `{"a":${long}:1}`,
      `[${long}:1]`,
      "[1,2}",
      '{"a":[1,2},"b":3}',
      "[1,2]]",
      "[1],[2]",
      "[1,2],",
      "]",
      "",
      "[1,2",
      '["aaaaaaaaa',
      `${long.slice(0, -1)}`,
      '["aaaaa\\u00","\\"]',
      '["aaaaa\naaaaa"]',
    ]
  ) {
    assertThrows(() => parseJson(text), SyntaxError);
    assertReadAsAtOnce(text);
  }
});

Deno.test("a value that is nested deeper than the levels that are cut is read", () => {
  for (const depth of [30, 33, 70]) {
    const inner = `{"a":[1,${"[".repeat(depth)}"aaaaaaaaaa",2${"]".repeat(depth)}],"b":[3,4]}`;
    const text = `[${inner},${inner}]`;
    assertEquals(read(text, 3, 5), JSON.parse(text));
    assertThrows(() => read(text.replace("2]", "2}"), 3, 5), SyntaxError);
  }
});

Deno.test("many parts are put together to one value", () => {
  const value = {
    numbers: Array.from({ length: 30_000 }, (_, index) => index / 7),
    mixed: Array.from({ length: 10_000 }, (_, index) => index % 2 ? index : `${index}`),
    rows: Array.from({ length: 300 }, (_, row) => Array.from({ length: 100 }, () => row / 3)),
    members: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index])),
    text: "é語😀\\\n".repeat(30_000),
  };
  const text = JSON.stringify(value);
  for (const pieceLength of [1_000, 100_000]) assertEquals(read(text, pieceLength), value);
  assertEquals(read(text, 7_777, 10), value); // with more parts than a function has arguments
});

Deno.test("an error has the position of its part", () => {
  const error = assertThrows(() => read(`[${"1,".repeat(50)}x]`, 10, 20), SyntaxError);
  assertEquals(error.message.match(/character (\d+)$/)?.[1], "101");
});
