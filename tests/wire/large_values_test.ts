import { assert, assertEquals, assertRejects } from "@std/assert";
import { JSONDecodeError, ValueError } from "../../errors.ts";
import { encodeValue, parseJson } from "../../wire/json.ts";
import { encodeLarge, isLarge, readLarge } from "../../wire/large_values.ts";
import { LineSplitter, LongLine } from "../../wire/line.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

async function textOf(value: unknown): Promise<string> {
  return await new Blob(await encodeLarge(value) as Uint8Array<ArrayBuffer>[]).text();
}

/** A line that arrives in pieces of a size, with or without its end. */
function longLine(text: string | Uint8Array, pieceSize = 7, end = "\n"): LongLine {
  const start = typeof text === "string" ? encoder.encode(text) : text;
  const bytes = Uint8Array.of(...start, ...encoder.encode(end));
  let at = 0;
  const splitter: LineSplitter = new LineSplitter(0, () => {
    if (at >= bytes.length) return Promise.resolve(false);
    splitter.split(bytes.slice(at, at += pieceSize));
    return Promise.resolve(true);
  });
  const [line] = splitter.split(bytes.slice(at, at += 3));
  if (!(line instanceof LongLine)) throw new Error("the line is whole");
  return line;
}

Deno.test("whether a value is large is known for values of any kind", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle, cycle);
  const large = [
    "x".repeat(300_000),
    Array.from({ length: 40_000 }, () => 1),
    { a: { b: ["x".repeat(150_000), "x".repeat(150_000)] } },
    Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => null)),
    new Float64Array(100_000),
    cycle,
  ];
  for (const value of large) assertEquals(isLarge(value), true);
  const small = [
    undefined,
    null,
    1,
    "x",
    [],
    {},
    [1, { a: "x".repeat(1_000) }],
    new Date(),
    () => 1,
  ];
  for (const value of small) assertEquals(isLarge(value), false);
});

Deno.test("a value that is encoded in steps is the same as one that is encoded at once", async () => {
  for (
    const value of [
      { a: [NaN, -Infinity, "NaN", undefined, new Date(0), { to_json: () => [1] }] },
      new Float64Array([1, 2.5]),
      "é語😀".repeat(50_000),
      null,
    ]
  ) {
    assertEquals(await textOf(value), encodeValue(value));
  }
  await fc.assert(fc.asyncProperty(fc.jsonValue(), async (value) => {
    assertEquals(parseJson(await textOf(value)), parseJson(encodeValue(value)));
  }));
});

Deno.test("a value that JSON cannot hold is rejected at any depth of a large value", async () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [() => 1, Promise.resolve(), new Map(), cycle]) {
    await assertRejects(() => encodeLarge([..."x".repeat(1_000), { a: [value] }]), TypeError);
  }
});

Deno.test("an object is read from its pieces, wherever it is cut", async () => {
  const object = { uid: "1", result: ['é語😀\\"', 1.5, { "": null }] };
  for (let size = 1; size < 30; size++) {
    const result = await readLarge(longLine(JSON.stringify(object), size), 1_000);
    assertEquals(result, { state: "read", object });
  }
});

Deno.test("keys that are integers keep their values, written in any order", async () => {
  for (
    const text of [
      '{"10":{"a":1},"2":{"b":2,"c":[3]},"uid":"1"}',
      '{"result":{"name":{"x":1},"\\u0031":{"y":[1,2],"z":3}},"uid":"1"}',
      '{"b":{"x":1},"0" : {"y":[1,2]}}',
    ]
  ) {
    for (let size = 1; size < 30; size++) {
      const result = await readLarge(longLine(text, size), 1_000);
      assertEquals(result, { state: "read", object: JSON.parse(text) });
    }
  }
});

Deno.test("a byte order mark in a text is kept, wherever a piece begins", async () => {
  const object = { result: ["\ufeff", "a\ufeff\ufeffb"], "\ufeff": 1 };
  for (let size = 1; size < 30; size++) {
    const result = await readLarge(longLine(JSON.stringify(object), size), 1_000);
    assertEquals(result, { state: "read", object });
  }
});

Deno.test("a long line that is not UTF-8 is rejected, as a short one is", async () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
    const line = [...encoder.encode('{"uid":"1","result":["'), ...bytes, ...encoder.encode('"]}')];
    const result = await readLarge(longLine(Uint8Array.from(line)), 1_000);
    if (result.state !== "invalid") throw new Error(result.state);
    assert(result.error instanceof JSONDecodeError, String(result.error));
    assertEquals(result.keys.text("uid"), "1");
  }
});

Deno.test("a line above the limit is rejected, and its keys are found", async () => {
  const text = `{"result":[NaN,"${"x".repeat(1_000)}"],"uid":"1"}`;
  const result = await readLarge(longLine(text), 500);
  if (result.state !== "invalid") throw new Error(result.state);
  assert(result.error instanceof ValueError, String(result.error));
  assertEquals(result.keys.text("uid"), "1");
});

Deno.test("NaN and Infinity are read in a long line too", async () => {
  const result = await readLarge(longLine('{"result":[NaN,-Infinity,"NaN"],"uid":"1"}'), 1_000);
  assertEquals(result, {
    state: "read",
    object: { result: [NaN, -Infinity, "NaN"], uid: "1" },
  });
});

Deno.test("the keys of a line that cannot be read are found at any position", async () => {
  const cases: [line: string, limit: number, kind: unknown, text: string][] = [
    ['{"requester":"c","result":[1,,2],"uid":"1"}', 1_000, JSONDecodeError, "Cannot read the line"],
    [
      `{"requester":"c","result":"${"x".repeat(99)}","uid":"1"}`,
      50,
      ValueError,
      "readLimit, 50 bytes",
    ],
  ];
  for (const [text, limit, kind, message] of cases) {
    const result = await readLarge(longLine(text), limit);
    if (result.state !== "invalid") throw new Error(result.state);
    assert(result.error instanceof (kind as typeof Error), String(result.error));
    assert(result.error.message.includes(message), result.error.message);
    assertEquals([result.keys.text("requester"), result.keys.text("uid")], ["c", "1"]);
  }
  const array = await readLarge(longLine('["uid","1"]'), 1_000);
  assertEquals(array.state, "invalid");
});

Deno.test("a line that is cut off is not a message, wherever it is cut", async () => {
  for (const text of ['{"uid":"1"}', '{"uid":"1', '{"uid":NaN}']) {
    assertEquals(await readLarge(longLine(text, 2, ""), 1_000), { state: "truncated" });
  }
});
