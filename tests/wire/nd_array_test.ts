import { assert, assertEquals, assertThrows } from "@std/assert";
import { textValue } from "../../record/stored_value.ts";
import { withLists } from "../../service/as_lists.ts";
import { readArrays } from "../../wire/array_reader.ts";
import { InlineArrays } from "../../wire/array_writer.ts";
import { encodeValue, parseJson } from "../../wire/json.ts";
import { writeJson } from "../../wire/json_writer.ts";
import { dtypeOf, NdArray, type NumberArray, sizeOf } from "../../wire/nd_array.ts";
import { KINDS } from "../support/arrays.ts";

Deno.test("the type of the elements is NumPy's, with the order of the bytes", () => {
  for (const [dtype, array] of Object.entries(KINDS)) assertEquals(dtypeOf(array), dtype);
  assertEquals(new NdArray(Uint8ClampedArray.of(1)).dtype, "|u1");
});

Deno.test("an array of several dimensions is lists in lists, row by row", () => {
  const six = Uint8Array.of(1, 2, 3, 4, 5, 6);
  assertEquals(new NdArray(six).toList(), [1, 2, 3, 4, 5, 6]);
  assertEquals(new NdArray(six, [3, 2]).toList(), [[1, 2], [3, 4], [5, 6]]);
  assertEquals(new NdArray(six, [1, 2, 3]).toList(), [[[1, 2, 3], [4, 5, 6]]]);
  assertEquals(new NdArray(BigInt64Array.of(2n ** 60n), [1, 1]).toList(), [[2n ** 60n]]);
  assertEquals(new NdArray(Float64Array.of(1.5), []).toList(), 1.5);
  assertEquals(new NdArray(new Int8Array(0), [2, 0]).toList(), [[], []]);
  assertEquals(new NdArray(new Int8Array(0), [0, 2]).toList(), []);
});

/** Shapes of a few bytes that would be millions of lists, with their numbers of elements. */
const MANY_LISTS: [shape: number[], elements: number][] = [
  [[2_000_000, 0], 0],
  [[1_000_000, ...Array(60).fill(1), 0], 0],
  [[300_000, ...Array(63).fill(1)], 300_000],
  [[2 ** 50, 0], 0],
];

Deno.test("an array is not written as millions of lists, with and without elements", () => {
  for (const [shape, elements] of MANY_LISTS) {
    const array = new NdArray(new Int8Array(elements), shape);
    for (
      const write of [
        () => array.toList(),
        () => encodeValue([array]),
        () => [...writeJson([array], 1_000)],
        () => withLists({ array }),
        () => textValue([array]), // in a file of text
      ]
    ) {
      assertThrows(write, RangeError, "cannot be made lists");
    }
    const json = encodeValue([array], "value", new InlineArrays());
    assertEquals((readArrays(parseJson(json)) as NdArray[])[0].shape, shape);
  }
  assertEquals((new NdArray(new Int8Array(0), [0, 2_000_000]).toList() as []).length, 0);
  const column = new NdArray(new Int8Array(400_000), [400_000, 1, 1, 1]);
  assertEquals((column.toList() as unknown[]).length, 400_000);
});

Deno.test("a shape has as many elements as there are", () => {
  const two = Int8Array.of(1, 2);
  for (const shape of [[], [1], [3], [2, 2], [-1, -2], [0.5, 4], [NaN], ["2"], [2, null]]) {
    const wrong = shape as number[];
    assertThrows(() => new NdArray(two, wrong), RangeError, "there are 2 elements");
  }
  assertThrows(() => new NdArray([1, 2] as unknown as NumberArray), TypeError, "a typed array");
  assertThrows(() => new NdArray(new DataView(two.buffer) as never, [2]), TypeError);
  assertThrows(() => new NdArray(two, Array(65).fill(1)), RangeError, "is none");
  assert(Object.isFrozen(new NdArray(two, [1, 2]).shape));
});

Deno.test("the product of a shape is not one that a number cannot hold", () => {
  assertEquals(sizeOf([2, 3, 4]), 24);
  assertEquals(sizeOf([]), 1);
  assertEquals(sizeOf([2 ** 27, 2 ** 27]), undefined);
  assertEquals(sizeOf([2 ** 27, 2 ** 27, 0]), undefined);
  assertEquals(sizeOf([0, 2 ** 52]), 0);
  assertEquals(sizeOf(Array(64).fill(2 ** 32)), undefined);
});
