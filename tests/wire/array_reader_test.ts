import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { ValueError } from "../../errors.ts";
import { mock } from "node:test";
import {
  ArrayReader,
  readArguments,
  readArrays,
  readArraysInSteps,
} from "../../wire/array_reader.ts";
import { ArrayParts, COPIED, InlineArrays } from "../../wire/array_writer.ts";
import { hasReserved } from "../../wire/array_key.ts";
import { HeldTexts } from "../../wire/held_texts.ts";
import { encodeValue, parseJson, parseJsonExactly } from "../../wire/json.ts";
import { writeJson } from "../../wire/json_writer.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { arraysOfAllKinds, described } from "../support/arrays.ts";
import { JsonReader } from "../../wire/json_reader.ts";
import { Assembly, PIECE_SIZE } from "../../wire/parts.ts";
import { countPauses } from "../support/pauses.ts";
import fc from "../support/properties.ts";

/** An array of the number 1, in JSON. */
const ONE = JSON.stringify(written({}));

/** A list in lists. */
function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** An array as a peer may write it, with what is other than in a correct one. */
function written(changes: Record<string, unknown>): unknown {
  return { "__array__": { dtype: "<f8", shape: [1], data: "AAAAAAAA8D8=", ...changes } };
}

Deno.test("an array is its type, its shape and its bytes in base64", () => {
  assertEquals(
    encodeValue({ x: Float64Array.of(1) }, "value", new InlineArrays()),
    '{"x":{"__array__":{"dtype":"<f8","shape":[1],"data":"AAAAAAAA8D8="}}}',
  );
  assertEquals(
    encodeValue(Uint8ClampedArray.of(1), "value", new InlineArrays()),
    '{"__array__":{"dtype":"|u1","shape":[1],"clamped":true,"data":"AQ=="}}',
  );
});

Deno.test("arrays of all kinds are the same to the bit, anywhere in a value", () => {
  const arrays = arraysOfAllKinds();
  const value = { arrays, deep: [[{ x: arrays[0] }], null, "text", 2n ** 70n, NaN] };
  const json = encodeValue(value, "value", new InlineArrays());
  const read = readArrays(parseJson(json)) as typeof value;
  assertEquals(read.arrays.map(described), arrays.map(described));
  assertEquals(described((read.deep[0] as { x: unknown }[])[0].x), described(arrays[0]));
  assertEquals(read.deep.slice(1), [null, "text", 2 ** 70, NaN]);
  const [last] = read.arrays.slice(-1) as NdArray[];
  assertEquals([last.shape, last.data.length], [[3, 0, 2], 0]);
});

Deno.test("a receiver that does not know arrays gets lists, with all digits of a bigint", () => {
  const big = new NdArray(BigUint64Array.of(2n ** 64n - 1n, 1n), [2, 1]);
  assertEquals(
    encodeValue([big, Float16Array.of(NaN, -0)]),
    "[[[18446744073709551615],[1]],[NaN,-0.0]]",
  );
});

Deno.test("arrays in pieces of JSON are those in one text", () => {
  const value = fc.constantFrom<unknown>(
    ...arraysOfAllKinds(),
    new NdArray(new Float32Array(999), [37, 27]),
  );
  fc.assert(fc.property(fc.array(value), fc.integer({ min: 1, max: 300 }), (arrays, length) => {
    for (const form of [undefined, new InlineArrays()]) {
      const text = encodeValue({ arrays }, "value", form);
      assertEquals([...writeJson({ arrays }, length, "value", form)].join(""), text);
    }
  }));
});

Deno.test("the list of an array of several dimensions is written in pieces that are not long", () => {
  const picture = new NdArray(Float64Array.from({ length: 90_000 }, (_, at) => at / 7), [
    300,
    3,
    100,
  ]);
  const texts = [...writeJson(picture, 1_000)];
  assertEquals(texts.join(""), encodeValue(picture));
  const longest = Math.max(...texts.map(({ length }) => length));
  assert(longest < 6_000, `${longest} characters`);
});

Deno.test("keys of every object's prototype are ordinary keys beside arrays", () => {
  const json = '{"__proto__":[' + ONE + '],"constructor":' + ONE + ',"toString":{"___array__":1}}';
  const read = readArrays(JSON.parse(json)) as Record<string, unknown>;
  assertEquals(Object.keys(read), ["__proto__", "constructor", "toString"]);
  const [member, constructor, own] = Object.values(read);
  assertEquals([member, constructor], [[Float64Array.of(1)], Float64Array.of(1)]);
  assertEquals(own, { "__array__": 1 });
  assertEquals(Object.getPrototypeOf(read), Object.prototype);
});

Deno.test("a user's own key is the same on the other side", () => {
  const own = { "__array__": { dtype: "<f8", shape: [1] }, "___array__": 1, "____array__": [2] };
  for (const value of [own, [{ deep: own }], { own, x: Int8Array.of(1) }, { "x__array__": 1 }]) {
    const json = encodeValue(value, "value", new InlineArrays());
    assertEquals(readArrays(parseJson(json)), value);
    assertEquals([...writeJson(value, 8, "value", new InlineArrays())].join(""), json);
  }
  assertEquals(hasReserved([{ deep: own }]), true);
  assertEquals(hasReserved([{ "x__array__": 1, __array: [null, "__array__"] }]), false);
});

Deno.test("what only looks like an array is an error that says why", () => {
  const wrong: [changes: Record<string, unknown>, reason: string][] = [
    [{ dtype: "<c16" }, '"<c16" is no type'],
    [{ dtype: "float64" }, "is no type"],
    [{ dtype: "|f8" }, "is no type"],
    [{ dtype: "=f8" }, "is no type"],
    [{ dtype: "<f9" }, "is no type"],
    [{ dtype: "<__proto__" }, "is no type"],
    [{ dtype: 8 }, "is no type"],
    [{ shape: [2] }, "has 16 bytes, and 9 of them have arrived"],
    [{ shape: [0] }, "has 0 bytes"],
    [{ shape: [1e9] }, "has 8000000000 bytes"],
    [{ shape: [2 ** 30, 2 ** 30] }, "is no shape"],
    [{ shape: [-1, -1] }, "is no shape"],
    [{ shape: "1" }, "is no shape"],
    [{ shape: undefined }, "is no shape"],
    [{ data: undefined }, "has neither data"],
    [{ data: 5 }, "has neither data"],
    [{ data: "AAAAAAAA8D8" }, "have arrived"],
    [{ data: "AAAAAAAA-D8=" }, "is not 8 bytes in base64"],
    [{ data: "AAAA AAAA8D=" }, "is not 8 bytes in base64"],
    [{ dtype: "O" }, "is no type"],
    [{ dtype: "<U5" }, "is no type"],
    [{ dtype: "<f16" }, "is no type"],
    [{ dtype: "|b8" }, "is no type"],
    [{ dtype: ["<f8"] }, '["<f8"] is no type'],
    [{ dtype: [["x", "<f8"], ["y", "<i4"]] }, "[a list,a list] is no type"],
    [{ dtype: { names: ["x"] } }, "an object is no type"],
    [{ dtype: nested(10_000) }, "[a list] is no type"],
    [{ shape: [nested(10_000)] }, "[a list] is no shape"],
    [{ shape: [0.5] }, "is no shape"],
    [{ shape: [1, "1"] }, "is no shape"],
    [{ shape: [null] }, "is no shape"],
    [{ shape: [1e300, 0] }, "is no shape"],
    [{ shape: [2 ** 32, 2 ** 32, 0] }, "is no shape"],
    [{ shape: new Array(65).fill(1) }, "is no shape"],
    [{ shape: new Array(3_000_000).fill(1) }, "is no shape"],
    [{ data: "AAAAAAAA8D8=AAAA" }, "have arrived"],
    [{ data: "AAAAAAAA8D8=\n" }, "have arrived"],
    [{ data: "AAAAAAAA====" }, "is not 8 bytes in base64"],
    [{ data: "AAAA=AAAA8D=" }, "is not 8 bytes in base64"],
    [{ part: 0 }, "Part 0 of an array has not arrived"],
    [{ part: 0.5 }, "Part 0.5 of an array has not arrived"],
    [{ part: "__proto__" }, 'Part "__proto__" of an array'],
    [{ part: null }, "Part null of an array"],
    [{ part: nested(10_000) }, "Part [a list] of an array"],
    [{ part: -1 }, "Part -1 of an array"],
    [{ part: "0" }, 'Part "0" of an array'],
  ];
  for (const [changes, reason] of wrong) {
    assertThrows(() => readArrays([written(changes)]), ValueError, reason);
  }
  const long = "x".repeat(1_000_000);
  for (const changes of [{ dtype: long }, { shape: Array(100_000).fill(1) }, { part: [long] }]) {
    const { message } = assertThrows(() => readArrays(written(changes)), ValueError);
    assert(message.length < 300, `${message.length} characters`);
  }
  for (const value of [null, 5, "x", []]) {
    assertThrows(() => readArrays({ "__array__": value }), ValueError);
  }
  const two = { ...written({}) as object, other: 1 };
  assertThrows(() => readArrays(two), ValueError, "has others too");
  assertThrows(() => readArguments([], written({}) as Record<string, unknown>), ValueError);
});

Deno.test("numbers whose bytes are in the other order are read, and booleans as 0 and 1", () => {
  const read = (dtype: string, bytes: number[]) =>
    readArrays(written({ dtype, shape: [1], data: btoa(String.fromCharCode(...bytes)) }));
  assertEquals(read(">f8", [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]), Float64Array.of(1));
  assertEquals(read(">i2", [0x01, 0x02]), Int16Array.of(258));
  assertEquals(read(">u4", [0, 0, 1, 0]), Uint32Array.of(256));
  assertEquals(
    read(">i8", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]),
    BigInt64Array.of(-2n),
  );
  assertEquals(read("|b1", [1]), Uint8Array.of(1));
  assertEquals(read("<u1", [7]), Uint8Array.of(7));
});

Deno.test("a runtime without Float16Array reads the same numbers", () => {
  const { Float16Array } = globalThis;
  const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index);
  const numbers = new Float16Array(bits.buffer);
  const json = encodeValue(numbers, "value", new InlineArrays());
  Object.assign(globalThis, { Float16Array: undefined });
  try {
    const read = readArrays(parseJson(json));
    assertInstanceOf(read, Float32Array);
    assertEquals(Array.from(read as Float32Array), Array.from(numbers));
  } finally {
    Object.assign(globalThis, { Float16Array });
  }
});

Deno.test("an array without its buffer is refused, in lists and as bytes", () => {
  const transferred = Float64Array.of(1, 2);
  transferred.buffer.transfer();
  const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
  const shorter = new Float64Array(buffer, 8, 1);
  const inside = new NdArray(new Float64Array(buffer), [2]);
  buffer.resize(8);
  for (const array of [transferred, shorter, inside]) {
    for (const form of [undefined, new InlineArrays(), new ArrayParts()]) {
      const message = "at args[0].x: its buffer was transferred, or is shorter now";
      assertThrows(() => encodeValue([{ x: array }], "args", form), TypeError, message);
      assertThrows(
        () => [...writeJson([{ x: array }], 4, "args", form)].join(),
        TypeError,
        message,
      );
    }
  }
});

Deno.test("bytes that say nothing of their numbers are refused", () => {
  const named = Object.assign(new ArrayBuffer(8), { name: "with a property" });
  for (const value of [named, new ArrayBuffer(8), new SharedArrayBuffer(8), new DataView(named)]) {
    for (const form of [undefined, new InlineArrays()]) {
      assertThrows(() => encodeValue([value], "args", form), TypeError, "make a Uint8Array of it");
    }
  }
});

Deno.test("a typed array is its numbers at any depth, also if it has a method toJSON, as Node's Buffer", () => {
  const buffer = Buffer.from("abc");
  const array = '{"__array__":{"dtype":"|u1","shape":[3],"data":"YWJj"}}';
  for (
    const [value, text] of [[buffer, "@"], [[buffer], "[@]"], [
      { x: { y: buffer } },
      '{"x":{"y":@}}',
    ]]
  ) {
    for (
      const [form, written] of [[undefined, "[97,98,99]"], [new InlineArrays(), array]] as const
    ) {
      const expected = String(text).replace("@", written);
      assertEquals(encodeValue(value, "value", form), expected);
      assertEquals([...writeJson(value, 1, "value", form)].join(""), expected);
    }
  }
});

Deno.test("numbers keep their digits beside an array", () => {
  const json = encodeValue([1n, Int8Array.of(1)], "value", new InlineArrays()).replace(
    "[1,",
    "[1.0,",
  );
  const read = readArrays(parseJsonExactly(json));
  assertEquals(encodeValue(read), "[1.0,[1]]");
});

Deno.test("long arrays are held as copies until there are too many of them", () => {
  const before = HeldTexts.heldAsBytes;
  const parts = new ArrayParts();
  const array = new Float64Array(COPIED / 8 - 1);
  const value = [array, Int8Array.of(1), array];
  parts.begin();
  const json = encodeValue(value, "value", parts);
  assertEquals((json.match(/"part":\d/g) ?? []).join(), '"part":0,"part":1');
  assertEquals([parts.areCopied, HeldTexts.heldAsBytes - before], [false, array.byteLength]);
  array[0] = 1;
  assertEquals(parts.parts.map(({ bytes }) => bytes[7]), [0, 0x3f]);
  parts.begin();
  assertEquals([encodeValue(value, "value", parts), parts.parts.length], [json, 2]);
  const bytes = parts.parts.map((part) => part.bytes.slice());
  const read = readArrays(parseJson(json), bytes) as Float64Array[];
  assertEquals([read[0][0], read[2][0]], [0, 1]);
  assertThrows(() => readArrays(parseJson(json), bytes.slice(1)), ValueError);
  assertThrows(() => readArrays(parseJson("[1]"), bytes), ValueError, "No array has part 0");
  const twice = json.replace('"part":1', '"part":0');
  assertThrows(() => readArrays(parseJson(twice), bytes), ValueError, "is used twice");
  const [copy, own] = parts.parts;
  parts.release();
  assertEquals(HeldTexts.heldAsBytes, before);
  // The memory of a copy is given back at once. The second one was no copy.
  assertEquals([copy.bytes.length, own.bytes.buffer === array.buffer], [0, true]);
  assertEquals(array.length, COPIED / 8 - 1);
});

/** Values with arrays, and with keys that are read or kept otherwise than most. */
const valueWithArrays = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(1, "text", null, [], {}, ...arraysOfAllKinds()),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom("a", "7", "0", "__array__", "___array__", "__proto__", "x__array__"),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
})).value;

/** A value in which each array has its bytes in base64, to compare it. */
function comparable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value) || value instanceof NdArray) return described(value);
  if (Array.isArray(value)) return value.map(comparable);
  return Object.entries(value).map(([key, member]) => [key, comparable(member)]);
}

Deno.test("the arrays of a value are the same if its text is read in parts, wherever it is cut", () => {
  const length = fc.integer({ min: 1, max: 60 });
  fc.assert(fc.property(valueWithArrays, length, length, (value, pieceLength, partLength) => {
    const text = encodeValue(value, "value", new InlineArrays());
    const arrays = new ArrayReader();
    const reader = new JsonReader(partLength, parseJson, arrays);
    for (let at = 0; at < text.length; at += pieceLength) {
      reader.read(text.slice(at, at + pieceLength));
    }
    assertEquals(comparable(reader.end()), comparable(value));
    arrays.end();
    assertEquals(comparable(readArrays(parseJson(text))), comparable(value));
  }));
});

Deno.test("what is wrong with an array is found in parts too", () => {
  const wrong = [
    '[1,{"__array__":{"dtype":"<f8","shape":[2],"data":"AAAAAAAA8D8="}},[[2],3]]',
    '[{"x":1,"__array__":{"dtype":"<f8","shape":[1],"data":"AAAAAAAA8D8="}},4]',
    '{"a":[{"__array__":{"dtype":[[1,2],"x"],"shape":[1],"data":"AAAAAAAA8D8="}}]}',
    '[{"__array__":{"dtype":"|u1","shape":[1],"part":0}},{"__array__":{"dtype":"|u1","shape":[1],"part":0}}]',
    '[{"__array__":{"dtype":"|u1","shape":[1],"part":0}}]',
    '[{"__array__":5}]',
  ];
  for (const text of wrong) {
    const whole = assertThrows(() => readArrays(parseJson(text)), ValueError).message;
    for (let partLength = 1; partLength < text.length; partLength++) {
      const arrays = new ArrayReader();
      const read = () => {
        const reader = new JsonReader(partLength, parseJson, arrays);
        reader.read(text);
        reader.end();
        arrays.end();
      };
      assertEquals(assertThrows(read, ValueError).message, whole);
    }
  }
});

/** Counts what is decoded from base64. */
function countDecoded(): Disposable & { take(): number } {
  const decode = mock.method(Uint8Array.prototype, "setFromBase64");
  return {
    take() {
      const count = decode.mock.callCount();
      decode.mock.resetCalls();
      return count;
    },
    [Symbol.dispose]: () => decode.mock.restore(),
  };
}

Deno.test("each piece of a value completes its own arrays: none are left for the end", () => {
  const value = Array.from({ length: 30_000 }, (_, index) => ({ of: [Int16Array.of(index)] }));
  const text = encodeValue(value, "value", new InlineArrays());
  const assembly = new Assembly(Infinity, undefined, undefined, true);
  using decoded = countDecoded();
  let before = 0;
  for (let at = 0; at < text.length; at += PIECE_SIZE) {
    assembly.add(text.slice(at, at + PIECE_SIZE));
    const count = decoded.take();
    assert(count > 0 && count < 6_000, `${count} at once`);
    before += count;
  }
  assertEquals(comparable(assembly.end(text.length)), comparable(value));
  assert(before + decoded.take() === 30_000 && before > 25_000, `${before} before the end`);
});

Deno.test("bytes in the other order are put right as they come, also in pieces of parts of numbers", () => {
  const numbers = Float64Array.from({ length: 1_000 }, (_, index) => index / 7);
  const bytes = new Uint8Array(numbers.slice().buffer);
  for (let start = 0; start < bytes.length; start += 8) bytes.subarray(start, start + 8).reverse();
  for (const length of [1, 7, 8, 100, 999, 8_000]) {
    const assembly = new Assembly(Infinity, undefined, undefined, true);
    const text = '[{"__array__":{"dtype":">f8","shape":[1000],"part":0}}]';
    assembly.add(text);
    for (let at = 0; at < bytes.length; at += length) {
      const size = at === 0 ? bytes.length : undefined;
      assembly.add({ part: 0, data: bytes.subarray(at, at + length).toBase64(), size });
    }
    assertEquals(assembly.end(text.length + bytes.length), [numbers]);
  }
});

Deno.test("the arrays of a long line are read in steps, and no further than somebody waits for them", async () => {
  const written = () => parseJson(`[${new Array(10_000).fill(ONE).join()}]`);
  using pauses = countPauses();
  const read = await readArraysInSteps(written()) as Float64Array[];
  assert(read.length === 10_000 && read.every((one) => one instanceof Float64Array));
  assert(pauses.count >= 10, `${pauses.count} pauses`);
  const before = pauses.count;
  await readArraysInSteps(written(), () => pauses.count < before + 3);
  assertEquals(pauses.count, before + 3);

  const long = Float64Array.from({ length: 500_000 }, (_, index) => index);
  const text = encodeValue({ x: [long, "after"] }, "value", new InlineArrays());
  const { count } = pauses;
  assertEquals(await readArraysInSteps(parseJson(text)), { x: [long, "after"] });
  assert(pauses.count - count >= 5, `${pauses.count - count} pauses for one long array`);
});

Deno.test("an array whose bytes come later is in its place beside keys that get their own names", () => {
  const part = (index: number) => `{"__array__":{"dtype":"|u1","shape":[1],"part":${index}}}`;
  const text = `[{"a":${part(0)},"___array__":${part(1)},"b":[${part(2)}]}]`;
  for (let partLength = 1; partLength < text.length + 10; partLength += 7) {
    const arrays = new ArrayReader();
    const reader = new JsonReader(partLength, parseJson, arrays);
    reader.read(text);
    reader.end();
    for (let index = 0; index < 3; index++) {
      arrays.beginPart(index, 1);
      arrays.addBytes(index, Uint8Array.of(index), 0, 1);
    }
    arrays.end();
    const [read] = reader.value as Record<string, unknown>[];
    assertEquals(Object.keys(read), ["a", "__array__", "b"]);
    assertEquals(read, {
      a: Uint8Array.of(0),
      "__array__": Uint8Array.of(1),
      b: [Uint8Array.of(2)],
    });
  }
});

Deno.test("many arrays whose bytes come later do not slow down many keys that get their own names", () => {
  const places = Array.from(
    { length: 30_000 },
    (_, part) => `{"__array__":{"dtype":"|u1","shape":[1],"part":${part}}}`,
  );
  const timeOf = (key: string) => {
    const reader = new JsonReader(undefined, parseJson, new ArrayReader());
    const start = performance.now();
    reader.read(`[[${places}],[${new Array(40_000).fill(`{"${key}":0}`)}]]`);
    reader.end();
    return performance.now() - start;
  };
  const [reserved, ordinary] = ["___array__", "x_array__"].map((key) =>
    Math.min(timeOf(key), timeOf(key))
  );
  // One that looks at all places for each key takes a hundred times as long.
  assert(reserved < 15 * ordinary, `${reserved} ms, and ${ordinary} ms for other keys`);
});

Deno.test("values that are nested ten thousand times are read, with the array in the middle", () => {
  const depth = 10_000;
  const json = '[{"a":'.repeat(depth) + ONE + "}]".repeat(depth);
  let value = readArrays(JSON.parse(json)) as unknown;
  for (let level = 0; level < depth; level++) value = (value as { a: unknown }[])[0].a;
  assertEquals(value, Float64Array.of(1));
});
