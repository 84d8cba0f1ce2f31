import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { encodeValue } from "../../wire/json.ts";
import { estimateSize, writeJson } from "../../wire/json_writer.ts";
import fc from "../support/properties.ts";

/** Values of every kind that can be written, with the special cases of JavaScript. */
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(undefined, null, true, NaN, -Infinity, -0, 1e21, new Date(0)),
    fc.double(),
    fc.string({ unit: "binary" }),
    fc.string({ minLength: 20, maxLength: 60 }),
    fc.float64Array().map((numbers): unknown => numbers),
    fc.constantFrom<unknown>(
      // deno-lint-ignore no-sparse-arrays -- a hole is written as null
      [1, , 2],
      new String("as an object"),
      2n ** 70n,
      { toJSON: () => "asked for", long: "x".repeat(99) },
      { to_json: () => [NaN, "asked for"], long: "x".repeat(99) },
      { toJSON: () => undefined, long: "x".repeat(99) },
      { toJSON: (key: string) => key.length, long: "x".repeat(99) },
    ),
    fc.array(tie("value")),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom("__proto__", "2", "10", "toString")),
      tie("value"),
    ),
  ),
}));

Deno.test("the pieces together are the result of encodeValue", () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 80 }), (value, length) => {
      assertEquals([...writeJson(value, length)].join(""), encodeValue(value));
    }),
    { numRuns: 500 },
  );
});

Deno.test("no piece is much longer than the given length, for values of any kind", () => {
  const values = [
    "é😀\\\n".repeat(5_000),
    Float64Array.from({ length: 5_000 }, (_, index) => Math.sqrt(index)),
    Array.from({ length: 5_000 }, (_, index) => Math.sqrt(index)),
    Array.from({ length: 1_000 }, (_, index) => ({ index, text: "x".repeat(index % 50) })),
    Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, index])),
    { a: { b: [["x".repeat(20_000)], Array.from({ length: 200 }, () => Array(50).fill(0.5))] } },
  ];
  for (const value of values) {
    const pieces = [...writeJson(value, 1_000)];
    assert(pieces.join("") === encodeValue(value));
    const longest = Math.max(...pieces.map((piece) => piece.length));
    assert(longest < 6_000, `${longest} characters`); // an escape has six times as many
  }
});

Deno.test("a surrogate pair is not split", () => {
  for (
    const text of ["😀".repeat(9), "a" + "😀".repeat(9), "\ud83d".repeat(9), "\ude00😀\ud83d😀"]
  ) {
    for (let length = 1; length < 6; length++) {
      assertEquals([...writeJson(text, length)].join(""), JSON.stringify(text));
    }
  }
});

Deno.test("a value that JSON cannot hold is rejected in any piece", () => {
  const cycle: unknown[] = [];
  cycle.push([cycle]);
  const object: Record<string, unknown> = { text: "x".repeat(100) };
  object.a = { b: object };
  for (
    const [value, reason] of [
      [cycle, "circular structure"],
      [object, "circular structure"],
      [[() => 1], "Object of type function"],
      [{ a: Promise.resolve() }, "Object of type Promise"],
      [[new Error("x")], "Object of type Error"],
      [[[Symbol()]], "Object of type symbol"],
      [new Set("x"), "Object of type Set"],
      [new Map(), "Object of type Map"],
    ] as const
  ) {
    for (const where of [value, [value, "x".repeat(100)], { text: "x".repeat(100), value }]) {
      assertThrows(() => [...writeJson(where, 10)], TypeError, reason);
    }
  }
  const twice = ["x".repeat(100)]; // which is no cycle
  assertEquals([...writeJson([twice, twice], 10)].join(""), JSON.stringify([twice, twice]));
});

Deno.test("the error of a value that JSON cannot hold names its place, in any piece", () => {
  const late = Promise.resolve();
  const numbers = Array.from({ length: 50 }, (_, index) => index / 3);
  const places: [value: unknown, place: string][] = [
    [late, "args"],
    [[...numbers, late, ...numbers], "args[50]"],
    [[...numbers, { x: [...numbers, late] }], "args[50].x[50]"],
    [{ a: "x".repeat(99), b: { c: [numbers, { d: late }] } }, "args.b.c[1].d"],
    [{ text: "x".repeat(99), [":"]: late }, 'args[":"]'],
    [["x".repeat(99), { toJSON: () => [numbers, late] }], "args[1][1]"],
  ];
  for (const [value, place] of places) {
    for (const length of [1, 10, 60, 10_000]) {
      const error = assertThrows(() => [...writeJson(value, length, "args")], TypeError);
      assertStringIncludes(error.message, `is not JSON serializable, at ${place}: await it first`);
    }
  }
});

Deno.test("the estimate of a size stops when it is large enough", () => {
  let looked = 0;
  const rows = Array.from({ length: 1_000 }, () => ({
    get row() {
      looked++;
      return "x".repeat(1_000);
    },
  }));
  assert(estimateSize(rows, 20_000) >= 20_000);
  assert(looked < 30, `${looked} rows`);
});
