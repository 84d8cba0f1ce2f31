import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { Future } from "../../future.ts";
import { encodeValue, parseJson } from "../../wire/json.ts";
import { writeJson } from "../../wire/json_writer.ts";
import fc from "../support/properties.ts";

Deno.test("undefined is written as null", () => {
  assertEquals(encodeValue(undefined), "null");
  assertEquals(encodeValue([1, undefined]), "[1,null]");
});

Deno.test("an object with to_json or toJSON is written as the result of that method, at any depth", () => {
  const old = { to_json: () => ({ volts: 1 }) };
  const date = new Date(Date.UTC(2024, 0, 2));
  assertEquals(encodeValue(old), '{"volts":1}');
  assertEquals(encodeValue(date), '"2024-01-02T00:00:00.000Z"');
  assertEquals(
    encodeValue({ a: [old, date] }),
    '{"a":[{"volts":1},"2024-01-02T00:00:00.000Z"]}',
  );
  assertEquals(encodeValue({ to_json: () => [old] }), '[{"volts":1}]');
  assertEquals(encodeValue({ to_json: "a text" }), '{"to_json":"a text"}');
});

Deno.test("to_json is called as a method of its object", () => {
  class Reading {
    volts = 3;
    to_json() {
      return [this.volts];
    }
  }
  assertEquals(encodeValue(new Reading()), "[3]");
});

Deno.test("an object whose toJSON or to_json returns undefined is written as null", () => {
  assertEquals(encodeValue({ toJSON: () => undefined }), "null");
  assertEquals(encodeValue({ to_json: () => undefined }), "null");
});

Deno.test("the result of to_json has to follow the rules of any value", () => {
  const refused = (value: unknown, type: string) =>
    assertThrows(
      () => encodeValue(value),
      TypeError,
      `Object of type ${type} is not JSON serializable`,
    );
  refused({ to_json: () => () => 1 }, "function");
  refused({ to_json: () => Symbol("s") }, "symbol");
  refused([{ to_json: () => () => 1 }], "function");
  assertEquals(encodeValue({ to_json: () => ({ to_json: () => 1 }) }), "1");
  assertEquals(encodeValue({ to_json: () => new Date(0) }), '"1970-01-01T00:00:00.000Z"');
});

const UNSENDABLE: readonly [name: string, value: unknown][] = [
  ["a function", () => 1],
  ["a class", class Lab {}],
  ["a symbol", Symbol("s")],
];

/** Values that `JSON.stringify` would write as an object without members. */
const ITERABLES: readonly [name: string, value: unknown][] = [
  ["Map", new Map([[1, 2]])],
  ["Set", new Set([1])],
  ["a generator", function* () {}()],
];

for (const [name, value] of ITERABLES) {
  Deno.test(`${name} cannot be written, alone or inside another value`, () => {
    for (const whole of [value, [value], { a: [value] }, { to_json: () => value }]) {
      assertThrows(() => encodeValue(whole), TypeError, "is not JSON serializable");
    }
  });
}

Deno.test("a typed array is written as an array of its numbers", () => {
  assertEquals(encodeValue(new Float64Array([1, 2.5, NaN])), "[1,2.5,NaN]");
  assertEquals(encodeValue({ v: [new Uint8Array([255])] }), '{"v":[[255]]}');
  assertEquals(encodeValue(Object("text")), '"text"');
  assertEquals(encodeValue(new BigInt64Array([1n, 2n ** 60n])), "[1,1152921504606846976]");
});

for (const [name, value] of UNSENDABLE) {
  Deno.test(`${name} cannot be written, alone or inside another value`, () => {
    for (
      const whole of [value, [value], { a: value }, [[{ a: value }]], { to_json: () => [value] }]
    ) {
      const error: Error = assertThrows(() => encodeValue(whole), TypeError);
      assertStringIncludes(
        error.message,
        `Object of type ${typeof value} is not JSON serializable, at value`,
      );
    }
  });
}

/** What `JSON.stringify` would write as `{}`, or as what is not all of it. */
const NO_VALUES: readonly [value: unknown, type: string, advice: string][] = [
  [Promise.resolve(1), "Promise", ": await it first"],
  [Object.assign(Promise.resolve(1), { cancel: 1 }), "Promise", ": await it first"],
  [Future.withResolvers().future, "Future", ": await it first"],
  [Object.create({ then() {} }, { x: { value: 1, enumerable: true } }), "Object", ": await it"],
  [new Error("no power"), "Error", ": send its message"],
  [new ValueError("no power"), "ValueError", ": send its message"],
  [Object.assign(new TypeError(), { code: 1 }), "TypeError", ": send its message"],
  [/x/, "RegExp", ""],
  [new ArrayBuffer(1), "ArrayBuffer", ": make a Uint8Array of it"],
  [new DataView(new ArrayBuffer(1)), "DataView", ": make a Uint8Array of it"],
  [new SharedArrayBuffer(1), "SharedArrayBuffer", ""],
  [new Blob(["x"]), "Blob", ""],
  [new Map([[1, 2]]), "Map", ": make an array or an object of it"],
  [new Set([1]), "Set", ": make an array or an object of it"],
  [new WeakMap(), "WeakMap", ""],
  [new WeakRef({}), "WeakRef", ""],
  [function* () {}(), "", ": make an array or an object of it"],
  [async function* () {}(), "", ": make an array or an object of it"],
  [new Response(""), "Response", ""],
  [new ReadableStream(), "ReadableStream", ""],
  [new AbortController().signal, "AbortSignal", ""],
  [new Intl.NumberFormat(), "NumberFormat", ""],
  [
    new (class Secret {
      #volts = 1;
      get volts() {
        return this.#volts;
      }
    })(),
    "Secret",
    "toJSON",
  ],
  [
    new (class Port {
      port = 1;
      [Symbol.dispose]() {}
    })(),
    "Port",
    "",
  ],
  [() => 1, "function", ""],
  [Symbol("s"), "symbol", ""],
];

for (const [index, [value, type, advice]] of NO_VALUES.entries()) {
  Deno.test(`no value, ${index}: ${type} is refused with its place`, () => {
    const places: [whole: unknown, place: string][] = [
      [value, "args"],
      [[{ x: value }], "args[0].x"],
      [[1, NaN, { "two words": [value] }], 'args[2]["two words"][0]'],
      [{ a: { b: { c: { d: { e: [value] } } } } }, "args.a.b.c.d.e[0]"],
      [[{ toJSON: () => ({ inner: value }) }], "args[0].inner"],
      [[{ to_json: () => value }], "args[0]"],
    ];
    for (const [whole, place] of places) {
      const error = assertThrows(() => encodeValue(whole, "args"), TypeError);
      assertStringIncludes(error.message, `Object of type ${type}`);
      assertStringIncludes(error.message, `is not JSON serializable, at ${place}`);
      assertStringIncludes(error.message, advice);
      assert(error.message.includes(`at ${place}:`) || error.message.endsWith(`at ${place}`));
    }
  });
}

Deno.test("objects with properties of their own are written, whatever their class", () => {
  class Reading {
    constructor(readonly volts: number) {}
  }
  const { context } = { context: Object.create(Object.create(null, { isPrototypeOf: {} })) };
  assertEquals(encodeValue([new Reading(1)]), '[{"volts":1}]');
  assertEquals(encodeValue(Object.create(null)), "{}");
  assertEquals(encodeValue(context), "{}"); // a plain object of another realm
  assertEquals(encodeValue([Object("a"), Object(1), Object(true)]), '["a",1,true]');
  assertEquals(encodeValue([{}, new URL("tcp://a:1")]), '[{},"tcp://a:1"]');
});

Deno.test("-0 keeps its sign, and is a floating-point number for Python", () => {
  assertEquals(encodeValue(-0), "-0.0");
  assertEquals(
    encodeValue([0, -0, { a: { b: { c: { d: -0 } } } }, new Float32Array([-0, 0])]),
    [
      "[0,-0.0",
      '{"a":{"b":{"c":{"d":-0.0}}}}',
      "[-0.0,0]]",
    ].join(","),
  );
  assert(Object.is(parseJson("-0.0"), -0));
});

Deno.test("a browser without JSON.rawJSON writes these numbers too", () => {
  const { rawJSON } = JSON as unknown as { rawJSON?: unknown };
  assert(rawJSON !== undefined, "this runtime has it");
  try {
    delete (JSON as { rawJSON?: unknown }).rawJSON;
    const values = [-0, 2n ** 80n, -(2n ** 80n), NaN, -Infinity, new BigInt64Array([-7n])];
    const text = "[-0.0,1208925819614629174706176,-1208925819614629174706176,NaN,-Infinity,[-7]]";
    assertEquals(encodeValue(values), text);
    assertEquals([...writeJson(values, 10)].join(""), text);
  } finally {
    Object.defineProperty(JSON, "rawJSON", { value: rawJSON, configurable: true, writable: true });
  }
});

Deno.test("a bigint is written with all of its digits, a lone surrogate as its escape", () => {
  assertEquals(encodeValue(2n ** 70n), "1180591620717411303424");
  assertEquals(encodeValue([-1n, { a: 2n ** 64n }]), '[-1,{"a":18446744073709551616}]');
  assertEquals(encodeValue(["\ud800", { "\udc00": 1 }]), '["\\ud800",{"\\udc00":1}]');
});

Deno.test("a cycle cannot be written", () => {
  const cycle: unknown[] = [];
  cycle.push([cycle]);
  assertThrows(() => encodeValue(cycle), TypeError, "circular structure");
});

Deno.test("an error of toJSON or to_json is thrown to the caller", () => {
  const broken = {
    toJSON() {
      throw new ValueError("not ready");
    },
  };
  assertThrows(() => encodeValue(broken), ValueError, "not ready");
});

Deno.test("NaN and the infinities are written as Python writes them, wherever they are", () => {
  assertEquals(encodeValue(NaN), "NaN");
  assertEquals(encodeValue(-Infinity), "-Infinity");
  assertEquals(
    encodeValue({ a: [1, NaN, "NaN"], b: Infinity, c: { to_json: () => -Infinity } }),
    '{"a":[1,NaN,"NaN"],"b":Infinity,"c":-Infinity}',
  );
});

Deno.test("NaN and the infinities are read as Python writes them, wherever they are", () => {
  assertEquals(parseJson("NaN"), NaN);
  assertEquals(parseJson(' {"a": [NaN, -Infinity,Infinity] , "b":-Infinity}'), {
    a: [NaN, -Infinity, Infinity],
    b: -Infinity,
  });
});

Deno.test("a text or a key that contains NaN or Infinity is not changed", () => {
  const value = { NaN: "NaN", "-Infinity": ['\\"NaN', "\\\\", "Infinity"], x: Infinity, y: NaN };
  assertEquals(parseJson(encodeValue(value)), value);
});

for (
  const text of [
    "NaN1",
    "1NaN",
    "-NaN",
    "NaNNaN",
    "1Infinity",
    "Infinity1",
    "+Infinity",
    "--Infinity",
    "- Infinity",
    "nan",
    "inf",
    "[NaN",
    '"NaN',
    "NaN,",
    "{NaN:1}",
    '{"a":1,NaN \r\n\t:1}',
    "[NaN:1]",
    '{"a":Infinity"b":1}',
    '["\\"NaN]',
    "Infinity.5",
    "-Infinitye5",
  ]
) {
  Deno.test(`${text} is not JSON`, () => {
    assertThrows(() => parseJson(text), SyntaxError);
  });
}

Deno.test("a value that is written is read as the same value", () => {
  const number = fc.double();
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      number,
      fc.string({ unit: fc.constantFrom("NaN", "Infinity", '"', "\\", "-", " ", "é", ",") }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(fc.property(value, (value) => {
    assertEquals(parseJson(encodeValue(value)), withOwnKeys(value));
  }));
});

/** The same value with plain objects: those of fast-check may have no prototype. */
function withOwnKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withOwnKeys(item)]));
}
