import { assertEquals } from "@std/assert";
import { NdArray } from "../../../wire/nd_array.ts";
import { MAX_LINES, SeriesSet } from "../../../web/page/series_set.ts";

function linesOf(set: SeriesSet): [label: string, unit: string, values: number[]][] {
  return set.series.map((one) => [
    one.label,
    one.unit,
    Array.from({ length: one.length }, (_, index) => one.valueAt(index)),
  ]);
}

Deno.test("a number is a line, an object of numbers is several", () => {
  const set = new SeriesSet();
  set.add("read", 1, 5, { unit: "V" });
  set.add("read", 2, true, { unit: "V" });
  assertEquals([linesOf(set), set.isPlotted], [[["read", "V", [5, 1]]], true]);
  const named = new SeriesSet();
  named.add("", 1, { temperature: 20, state: { on: true }, range: [0, 9] });
  assertEquals(linesOf(named), [
    ["temperature", "", [20]],
    ["state.on", "", [1]],
    ["range[0]", "", [0]],
    ["range[1]", "", [9]],
  ]);
});

Deno.test("what is no number is the latest value, and not in the plot", () => {
  const set = new SeriesSet();
  for (const value of ["text", [1, "2"], [1, 2, 3, 4, 5, 6, 7, 8, 9], {}, { a: { b: { c: 1 } } }]) {
    set.add("x", 1, value);
    assertEquals([set.series.length, set.isPlotted, set.latest?.value], [0, false, value]);
  }
  set.add("x", 2, { number: 1, name: "n" });
  assertEquals([set.series.length, set.isPlotted], [1, false]);
});

Deno.test("a reading that is null is a gap in its line", () => {
  const set = new SeriesSet();
  set.add("x", 1, null);
  assertEquals([set.series.length, set.isPlotted], [0, false]);
  set.add("x", 2, 5);
  set.add("x", 3, null);
  set.add("x", 4, 6);
  set.gap(5);
  assertEquals(linesOf(set), [["x", "", [5, NaN, 6, NaN]]]);
});

Deno.test("a short array of numbers has a line for each of its numbers, as a list has", () => {
  const set = new SeriesSet();
  set.add("x", 1, Float64Array.of(1, 2));
  set.add("x", 2, [3, 4]);
  set.add("y", 3, new NdArray(Int8Array.of(5), []));
  assertEquals(linesOf(set), [["x[0]", "", [1, 3]], ["x[1]", "", [2, 4]], ["y", "", [5]]]);
  set.add("z", 4, new Float64Array(1_000_000));
  set.add("z", 4, new NdArray(Int8Array.of(5), [1, 1]));
  assertEquals(set.series.length, 3);
});

Deno.test("another unit is another line", () => {
  const set = new SeriesSet();
  set.add("x", 1, 5, { unit: "V" });
  set.add("x", 2, 5000, { unit: "mV" });
  assertEquals(linesOf(set), [["x", "V", [5]], ["x", "mV", [5000]]]);
});

Deno.test("a service that invents names gets no more lines than there are", () => {
  const set = new SeriesSet();
  for (let index = 0; index < 5000; index++) set.add("", index, { [`k${index}`]: index });
  assertEquals([set.series.length, set.omitted], [MAX_LINES, 1000]);
  const hostile = new SeriesSet();
  hostile.add("", 1, JSON.parse('{"__proto__": 1, "constructor": 2}'));
  assertEquals(linesOf(hostile).map(([label]) => label), ["__proto__", "constructor"]);
});

Deno.test("the list of lines is another one only when there is another line", () => {
  const set = new SeriesSet();
  let changes = 0;
  set.listen(() => changes++);
  set.add("x", 1, 5);
  const first = set.series;
  set.add("x", 2, 5);
  assertEquals([set.series === first, changes], [true, 2]);
  set.add("y", 2, 5);
  assertEquals(set.series === first, false);
});
