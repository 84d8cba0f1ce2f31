import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeValue } from "../../wire/json.ts";
import { jsonPieces, sizeOf } from "../../wire/json_pieces.ts";

/** Values of every kind that can be sent, with whatever is peculiar to JavaScript. */
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(undefined, null, true, NaN, -Infinity, -0, 1e21, new Date(0)),
    fc.double(),
    fc.string({ unit: "binary" }),
    fc.string({ minLength: 20, maxLength: 60 }),
    fc.float64Array().map((numbers): unknown => numbers),
    fc.constantFrom<unknown>(
      // deno-lint-ignore no-sparse-arrays -- a hole is null
      [1, , 2],
      new String("as an object"),
      new DataView(new ArrayBuffer(99)),
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

Deno.test("the pieces together are what is written at once", () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 80 }), (value, length) => {
      assertEquals([...jsonPieces(value, length)].join(""), encodeValue(value));
    }),
    { numRuns: 500 },
  );
});

Deno.test("no piece is much longer than it may be, whatever the value is made of", () => {
  const values = [
    "é😀\\\n".repeat(5_000),
    Float64Array.from({ length: 5_000 }, (_, index) => Math.sqrt(index)),
    Array.from({ length: 5_000 }, (_, index) => Math.sqrt(index)),
    Array.from({ length: 1_000 }, (_, index) => ({ index, text: "x".repeat(index % 50) })),
    Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, index])),
    { a: { b: [["x".repeat(20_000)], Array.from({ length: 200 }, () => Array(50).fill(0.5))] } },
  ];
  for (const value of values) {
    const pieces = [...jsonPieces(value, 1_000)];
    assert(pieces.join("") === encodeValue(value));
    const longest = Math.max(...pieces.map((piece) => piece.length));
    assert(longest < 6_000, `${longest} characters`); // an escape has six times as many
  }
});

Deno.test("half a character stays with its other half", () => {
  for (
    const text of ["😀".repeat(9), "a" + "😀".repeat(9), "\ud83d".repeat(9), "\ude00😀\ud83d😀"]
  ) {
    for (let length = 1; length < 6; length++) {
      assertEquals([...jsonPieces(text, length)].join(""), JSON.stringify(text));
    }
  }
});

Deno.test("what cannot be sent is refused in any piece", () => {
  const cycle: unknown[] = [];
  cycle.push([cycle]);
  const object: Record<string, unknown> = { text: "x".repeat(100) };
  object.a = { b: object };
  for (
    const [value, reason] of [
      [cycle, "circular structure"],
      [object, "circular structure"],
      [[() => 1], "Object of type function"],
      [{ a: 1n }, "Object of type bigint"],
      [[[Symbol()]], "Object of type symbol"],
      [new Set("x"), "Object of type Set"],
      [new Map(), "Object of type Map"],
    ] as const
  ) {
    for (const where of [value, [value, "x".repeat(100)], { text: "x".repeat(100), value }]) {
      assertThrows(() => [...jsonPieces(where, 10)], TypeError, reason);
    }
  }
  const twice = ["x".repeat(100)]; // which is no cycle
  assertEquals([...jsonPieces([twice, twice], 10)].join(""), JSON.stringify([twice, twice]));
});

Deno.test("a value is looked at no further than to know that it is large enough", () => {
  let looked = 0;
  const rows = Array.from({ length: 1_000 }, () => ({
    get row() {
      looked++;
      return "x".repeat(1_000);
    },
  }));
  assert(sizeOf(rows, 20_000) >= 20_000);
  assert(looked < 30, `${looked} rows`);
});
