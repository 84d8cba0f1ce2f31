import { assert, assertEquals } from "@std/assert";
import { NdArray } from "../../../wire/nd_array.ts";
import { kindOf, type ValueKind } from "../../../web/page/value_kind.ts";

/** The lines of a plot as arrays of places and values; the name of the axis. */
function plotOf(value: unknown) {
  const kind = kindOf(value) as ValueKind & { kind: "lines" };
  assertEquals(kind.kind, "lines");
  const lines = kind.lines.map(({ label, samples }) => [
    label,
    Array.from({ length: samples.length }, (_, at) => samples.timeAt(at)),
    Array.from({ length: samples.length }, (_, at) => samples.valueAt(at)),
  ]);
  return { axis: kind.axis, lines };
}

Deno.test("numbers are a plot over their index; what is missing or not finite is a gap", () => {
  assertEquals(plotOf([1, null, NaN, Infinity, 2]), {
    axis: "index",
    lines: [["value", [0, 1, 2, 3, 4], [1, NaN, NaN, NaN, 2]]],
  });
});

Deno.test("arrays with names are lines over the first one, if that increases", () => {
  assertEquals(plotOf({ frequency: [10, 20, 40], amplitude: [1, 2, 3] }), {
    axis: "frequency",
    lines: [["amplitude", [10, 20, 40], [1, 2, 3]]],
  });
  assertEquals(plotOf({ up: [1, 2, 2], down: [3, 2, 1] }), {
    axis: "index",
    lines: [["up", [0, 1, 2], [1, 2, 2]], ["down", [0, 1, 2], [3, 2, 1]]],
  });
  assertEquals(plotOf({ only: [1, 2, 3] }).axis, "index");
});

Deno.test("pairs are a line over the first of them, a few long rows are a line each", () => {
  assertEquals(plotOf([[0, 5], [1, 6], [5, 7]]), {
    axis: "column 0",
    lines: [["column 1", [0, 1, 5], [5, 6, 7]]],
  });
  const ramp = Array.from({ length: 20 }, (_, index) => index);
  assertEquals(plotOf([ramp, ramp]).lines.map(([label]) => label), ["row 0", "row 1"]);
});

Deno.test("a place on the axis is found in lines over other numbers", () => {
  const kind = kindOf({ x: [10, 20, 40], y: [1, 2, 3] }) as ValueKind & { kind: "lines" };
  const [{ samples }] = kind.lines;
  assertEquals([5, 10, 11, 40, 41].map((place) => samples.indexAt(place)), [0, 0, 1, 2, 3]);
});

Deno.test("a list of objects is a table of all their keys", () => {
  const kind = kindOf([{ a: 1 }, { b: { c: 2 }, a: null }]);
  assertEquals(kind.kind === "table" && kind.table.columns, ["a", "b"]);
});

Deno.test("all else is a number, a text, or JSON", () => {
  const ragged = [[1, 2], [1, 2, 3], [4]];
  const values = [
    ...[5, NaN, "text", "<b>", null, true, [], {}, [1, 2], [1, "2", 3], [NaN, NaN, NaN]],
    ...[ragged, [{}, {}], [{ a: 1 }, 2], [[1, "x"], [2, "y"], [3, "z"]], {
      a: [1, 2, 3],
      b: [1, 2],
    }],
  ];
  assertEquals(values.map((value) => kindOf(value).kind), [
    ...["number", "number", "text", "text", ...new Array(12).fill("json")],
  ]);
});

Deno.test("hostile names are names, and deep nesting is JSON", () => {
  const named = JSON.parse('[{"__proto__": 1, "constructor": "x", "<img>": 2}]');
  const kind = kindOf(named);
  assertEquals(kind.kind === "table" && kind.table.columns, ["__proto__", "constructor", "<img>"]);
  const lines = JSON.parse('{"__proto__": [1, 2, 3], "toString": [4, 5, 6]}');
  assertEquals(plotOf(lines).axis, "__proto__");
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assertEquals(kindOf(deep).kind, "json");
});

Deno.test("a million numbers are one line, and none of them is copied", () => {
  const numbers = Array.from({ length: 1_000_000 }, (_, index) => index / 7);
  const kind = kindOf(numbers);
  assert(kind.kind === "lines" && kind.lines[0].samples.length === 1_000_000);
  const rows = Array.from({ length: 100_000 }, (_, index) => ({ index }));
  const table = kindOf(rows);
  assert(table.kind === "table" && table.table.rows.length === 100_000);
});

Deno.test("arrays of numbers are shown as their lists are", () => {
  const wave = Float64Array.from({ length: 20 }, (_, index) => index / 2);
  const pairs = Float32Array.of(0, 5, 1, 6, 5, 7);
  const same: [array: unknown, list: unknown][] = [
    [wave, [...wave]],
    [new NdArray(wave), [...wave]],
    [BigInt64Array.of(1n, -2n, 3n), [1, -2, 3]],
    [Float32Array.of(1, NaN, Infinity, 2), [1, NaN, Infinity, 2]],
    [new NdArray(pairs, [3, 2]), [[0, 5], [1, 6], [5, 7]]],
    [new NdArray(wave, [2, 10]), [[...wave.slice(0, 10)], [...wave.slice(10)]]],
    [[wave, wave], [[...wave], [...wave]]],
    [[Int8Array.of(0, 5), Int8Array.of(1, 6), Int8Array.of(5, 7)], [[0, 5], [1, 6], [5, 7]]],
    [{ frequency: wave, amplitude: wave }, { frequency: [...wave], amplitude: [...wave] }],
  ];
  for (const [array, list] of same) assertEquals(plotOf(array), plotOf(list));
  const others: [array: unknown, kind: ValueKind["kind"]][] = [
    [new NdArray(Int16Array.of(42), []), "number"],
    [new Float64Array(0), "json"],
    [Int8Array.of(1, 2), "json"],
    [new NdArray(wave, [2, 5, 2]), "json"],
    [new NdArray(new Int8Array(0), [3, 0]), "json"],
    [[Int8Array.of(1, 2), Int8Array.of(1)], "json"],
    [[{ wave }, { wave }], "table"],
  ];
  assertEquals(others.map(([array]) => kindOf(array).kind), others.map(([, kind]) => kind));
});

Deno.test("a million rows of an array are lines that read the array itself", () => {
  const data = new Float64Array(3_000_000).map((_, index) => index);
  const kind = kindOf(new NdArray(data, [1_000_000, 3]));
  assert(kind.kind === "lines" && kind.lines.length === 2 && kind.axis === "column 0");
  data[3 * 999_999 + 2] = -7;
  assertEquals((kind as ValueKind & { kind: "lines" }).lines[1].samples.valueAt(999_999), -7);
});

Deno.test("a typed array without finite numbers is no plot", () => {
  assertEquals(kindOf(Float64Array.of(NaN, Infinity, NaN)).kind, "json");
  assertEquals(kindOf(Float32Array.of(NaN, NaN, 1)).kind, "lines");
  assertEquals(kindOf(BigInt64Array.of(1n, 2n, 3n)).kind, "lines");
  assertEquals(kindOf(new Int8Array(0)).kind, "json");
});
