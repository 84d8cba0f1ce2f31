import { assert, assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { NdArray } from "../../../wire/nd_array.ts";
import { jsonText } from "../../../web/page/json_text.ts";

Deno.test("the text is the JSON of the value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const { text, isCut } = jsonText(value, 1e6);
    assertEquals([JSON.parse(text), isCut], [JSON.parse(JSON.stringify(value)), false]);
  }));
});

Deno.test("what is short stays on one line, what is long is indented", () => {
  const { text } = jsonText({ a: [1, NaN, -Infinity], b: {} }, 100);
  assertEquals(text, '{ "a": [1, NaN, -Infinity], "b": {} }');
  const long = "x".repeat(90);
  assertEquals(jsonText([1, [long]], 1000).text, `[\n  1,\n  [\n    "${long}"\n  ]\n]`);
});

Deno.test("the beginning of a large value is made, and no more", () => {
  let read = 0;
  const rows = new Proxy(new Array(1_000_000).fill(0.25), {
    get: (target, key) => {
      read++;
      return Reflect.get(target, key);
    },
    ownKeys: () => {
      throw new Error("all keys were listed");
    },
  });
  const { text, isCut } = jsonText(rows, 1000);
  assertEquals([text.length, isCut], [1000, true]);
  assert(read < 2000, `${read}`);
});

Deno.test("deep nesting and long texts are cut", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = { deep };
  const cut = jsonText(deep, 100_000);
  assert(cut.isCut && cut.text.includes("…"));
  const text = jsonText(["y".repeat(1_000_000)], 500);
  assertEquals([text.text.length, text.isCut], [500, true]);
});

Deno.test("arrays of numbers are written as lists, and of a large one the beginning is", () => {
  const rows = new NdArray(Float64Array.of(1, NaN, 3, 4), [2, 2]);
  const value = { rows, one: new NdArray(Int8Array.of(5), []), big: BigInt64Array.of(2n ** 62n) };
  const list = { rows: [[1, NaN], [3, 4]], one: 5, big: [2n ** 62n] };
  assertEquals(jsonText(value, 1000), jsonText(list, 1000));
  const wave = new Uint8Array(100).fill(7);
  assertEquals(jsonText({ wave }, 10_000), jsonText({ wave: [...wave] }, 10_000));
  assertEquals(
    jsonText(new NdArray(wave, [5, 20]), 10_000),
    jsonText(Array(5).fill(Array(20).fill(7)), 10_000),
  );
  const large = new NdArray(new Float32Array(10_000_000), [10, 1_000_000]);
  const began = jsonText(large, 1000);
  assertEquals([began.text.length, began.isCut], [1000, true]);
});
