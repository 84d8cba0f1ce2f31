import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { JSONDecodeError, ValueError } from "../../errors.ts";
import { encodeValue, parseJson } from "../../wire/json.ts";
import { encodeLarge, isLarge, readLarge } from "../../wire/large_values.ts";
import { LineSplitter, LongLine } from "../../wire/line.ts";

const encoder = new TextEncoder();

async function textOf(value: unknown): Promise<string> {
  return await new Blob(await encodeLarge(value) as Uint8Array<ArrayBuffer>[]).text();
}

/** A line that comes in pieces of some size; whether its end comes is for the test to say. */
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

Deno.test("a value is large or not, whatever it is made of", () => {
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

Deno.test("what is written a bit at a time is what is written at once", async () => {
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

Deno.test("what cannot be sent is refused, however deep in a large value it is", async () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [() => 1, 1n, new Map(), cycle]) {
    await assertRejects(() => encodeLarge([..."x".repeat(1_000), { a: [value] }]), TypeError);
  }
});

Deno.test("an object is read of its pieces, wherever they are cut", async () => {
  const object = { uid: "1", result: ['é語😀\\"', 1.5, { "": null }] };
  for (let size = 1; size < 30; size++) {
    const outcome = await readLarge(longLine(JSON.stringify(object), size), 1_000);
    assertEquals(outcome, { state: "read", object });
  }
});

Deno.test("keys that are integers keep their values, in whatever order they were written", async () => {
  for (
    const text of [
      '{"10":{"a":1},"2":{"b":2,"c":[3]},"uid":"1"}',
      '{"result":{"name":{"x":1},"\\u0031":{"y":[1,2],"z":3}},"uid":"1"}',
      '{"b":{"x":1},"0" : {"y":[1,2]}}',
    ]
  ) {
    for (let size = 1; size < 30; size++) {
      const outcome = await readLarge(longLine(text, size), 1_000);
      assertEquals(outcome, { state: "read", object: JSON.parse(text) });
    }
  }
});

Deno.test("a byte order mark in a text stays there, wherever a piece begins", async () => {
  const object = { result: ["\ufeff", "a\ufeff\ufeffb"], "\ufeff": 1 };
  for (let size = 1; size < 30; size++) {
    const outcome = await readLarge(longLine(JSON.stringify(object), size), 1_000);
    assertEquals(outcome, { state: "read", object });
  }
});

Deno.test("a long line that is no UTF-8 is refused, as a short one is", async () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
    const line = [...encoder.encode('{"uid":"1","result":["'), ...bytes, ...encoder.encode('"]}')];
    const outcome = await readLarge(longLine(Uint8Array.from(line)), 1_000);
    if (outcome.state !== "refused") throw new Error(outcome.state);
    assert(outcome.error instanceof JSONDecodeError, String(outcome.error));
    assertEquals(outcome.keys.text("uid"), "1");
  }
});

Deno.test("no more than the limit is held of a line that only our own reader can read", async () => {
  const text = `{"result":[NaN,"${"x".repeat(1_000)}"],"uid":"1"}`;
  const outcome = await readLarge(longLine(text), 500);
  if (outcome.state !== "refused") throw new Error(outcome.state);
  assert(outcome.error instanceof ValueError, String(outcome.error));
  assertEquals(outcome.keys.text("uid"), "1");
});

Deno.test("NaN and Infinity are read in a long line too", async () => {
  const outcome = await readLarge(longLine('{"result":[NaN,-Infinity,"NaN"],"uid":"1"}'), 1_000);
  assertEquals(outcome, {
    state: "read",
    object: { result: [NaN, -Infinity, "NaN"], uid: "1" },
  });
});

Deno.test("a line that cannot be read says whose it is, wherever in it that is", async () => {
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
    const outcome = await readLarge(longLine(text), limit);
    if (outcome.state !== "refused") throw new Error(outcome.state);
    assert(outcome.error instanceof (kind as typeof Error), String(outcome.error));
    assert(outcome.error.message.includes(message), outcome.error.message);
    assertEquals([outcome.keys.text("requester"), outcome.keys.text("uid")], ["c", "1"]);
  }
  const array = await readLarge(longLine('["uid","1"]'), 1_000);
  assertEquals(array.state, "refused");
});

Deno.test("a line that is cut off is no message, however much of it came", async () => {
  for (const text of ['{"uid":"1"}', '{"uid":"1', '{"uid":NaN}']) {
    assertEquals(await readLarge(longLine(text, 2, ""), 1_000), { state: "cut" });
  }
});
