/** What a description that a peer sends is taken for. */

import { assert, assertEquals } from "@std/assert";
import { ABOUT_LIMITS } from "../../limits.ts";
import { toServiceAbout } from "../../wire/about.ts";
import { encodeValue, parseJson } from "../../wire/json.ts";
import fc from "../support/properties.ts";

const WHOLE = {
  description: "A multimeter\nfor DC",
  attributes: {
    voltage: {
      description: "Measures",
      parameters: [{
        name: "range",
        description: "",
        unit: "V",
        schema: { type: "number" },
        default: 10,
      }],
      result: {
        description: "the voltage",
        unit: "V",
        schema: { type: "number" },
        warning: [4.5, 5.5],
        alarm: [-Infinity, 6],
      },
      safe: true,
    },
  },
  notifications: {
    temperature: { unit: "°C" },
    trace: { unit: "V", array: { dtype: "<f8", shape: [null, 3] } },
  },
  implements: ["recorder.1"],
};

Deno.test("a description of the documented form is taken as it is", () => {
  const { description: _, ...parameter } = WHOLE.attributes.voltage.parameters[0];
  const voltage = { ...WHOLE.attributes.voltage, parameters: [parameter] }; // an empty text says nothing
  assertEquals(toServiceAbout(WHOLE), { ...WHOLE, attributes: { voltage } } as unknown);
  assertEquals(toServiceAbout(parseJson(encodeValue(WHOLE))), toServiceAbout(WHOLE));
});

for (const value of [undefined, null, 1, "text", [], true, NaN, [[WHOLE]]]) {
  Deno.test(`${encodeValue(value)} describes nothing`, () => {
    assertEquals(toServiceAbout(value), {
      description: "",
      attributes: {},
      notifications: {},
      implements: [],
    });
  });
}

const WRONG_ARRAYS = [
  true,
  {},
  { dtype: "float64" },
  { dtype: "=f8" },
  { dtype: "<c16" },
  { dtype: "|f8" },
  { dtype: [["x", "<f8"]] },
  { dtype: "<f8", shape: 3 },
  { dtype: "<f8", shape: [-1] },
  { dtype: "<f8", shape: [0.5] },
  { dtype: "<f8", shape: ["3"] },
  { dtype: "<f8", shape: [2 ** 53, null] },
  { dtype: "<f8", shape: new Array(65).fill(1) },
];

Deno.test("what is of a wrong type is left out, and what is right beside it is kept", () => {
  const about = toServiceAbout({
    description: ["x"],
    attributes: {
      a: 5,
      b: { description: {}, parameters: "x", result: [], safe: "yes", other: 1 },
      c: {
        parameters: [null, { unit: "V" }, { name: 5 }, { name: "x", unit: {}, schema: "number" }],
      },
      d: { result: { warning: [2, 1], alarm: ["1", 2], unit: "A", schema: [] } },
      e: { result: { warning: [1], alarm: [NaN, 1] } },
      f: { parameters: [{ name: "x", array: { dtype: ">f4", shape: [], other: 1 } }] },
      ...Object.fromEntries(
        WRONG_ARRAYS.map((array, index) => [`g${index}`, { result: { array } }]),
      ),
    },
    notifications: [{ unit: "V" }],
    implements: [1, "recorder.1", null, ""],
    more: { of: "this" },
  });
  assertEquals(about, {
    description: "",
    attributes: {
      b: {},
      c: { parameters: [{ name: "x" }] },
      d: { result: { unit: "A" } },
      e: { result: {} },
      f: { parameters: [{ name: "x", array: { dtype: ">f4", shape: [] } }] },
      ...Object.fromEntries(WRONG_ARRAYS.map((_, index) => [`g${index}`, { result: {} }])),
    },
    notifications: {},
    implements: ["recorder.1"],
  });
});

Deno.test("a text is cut at its limit, and names, units and schemas beyond theirs are left out", () => {
  const long = "x".repeat(1024 * 1024);
  const deep = JSON.parse('{"a":'.repeat(500) + "1" + "}".repeat(500));
  const about = toServiceAbout({
    description: long,
    attributes: {
      a: {
        parameters: [
          { name: "x", schema: { description: long }, default: long },
          { name: long },
          { name: "y", schema: deep, default: deep, unit: long },
          ...Array.from({ length: 1_000 }, (_, index) => ({ name: `p${index}` })),
        ],
      },
    },
    notifications: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`n${i}`, {}])),
    implements: Array(1_000).fill("recorder.1").concat(long),
  });
  assertEquals(about.description.length, ABOUT_LIMITS.text);
  const parameters = about.attributes.a.parameters!;
  assertEquals(parameters.slice(0, 2), [{ name: "x" }, { name: "y" }]);
  assertEquals(parameters.length, ABOUT_LIMITS.parameters - 1); // one had no name
  assertEquals(Object.keys(about.notifications).length, ABOUT_LIMITS.notifications);
  assertEquals(about.implements.length, ABOUT_LIMITS.roles);
  assert(encodeValue(about).length < 100_000);
});

Deno.test("control characters and those that turn a line around are replaced", () => {
  const description = "a\u001b[2J\u009b\0\r\nb\tc\u202e\u2066\ud800é\u200d語";
  const unit = "V\u001b";
  const about = toServiceAbout({ description, attributes: { a: { result: { unit } } } });
  assertEquals(about.description, "a\ufffd[2J\ufffd\ufffd\nb\tc\ufffd\ufffd\ufffdé\u200d語");
  assertEquals(about.attributes.a.result, {});
});

Deno.test("names of Object.prototype are ordinary names", () => {
  const text = '{"attributes":{"__proto__":{"safe":true},"constructor":{"safe":false}},' +
    '"notifications":{"__proto__":{"unit":"V"}}}';
  const about = toServiceAbout(parseJson(text));
  assertEquals(Object.keys(about.attributes), ["__proto__", "constructor"]);
  assertEquals(Object.getPrototypeOf(about.attributes), Object.prototype);
  assertEquals(
    JSON.parse(encodeValue(about)).notifications,
    JSON.parse('{"__proto__":{"unit":"V"}}'),
  );
  assertEquals(({} as { safe?: unknown }).safe, undefined);
});

Deno.test("with the names of the attributes given, no other is described", () => {
  const about = toServiceAbout(WHOLE, new Set(["current"]));
  assertEquals(about.attributes, {});
});

Deno.test("any JSON gives a description that is taken as it is", () => {
  fc.assert(
    fc.property(
      fc.record({
        description: fc.jsonValue(),
        attributes: fc.dictionary(
          fc.string(),
          fc.oneof(
            fc.jsonValue(),
            fc.record({
              description: fc.oneof(fc.string(), fc.jsonValue()),
              parameters: fc.array(fc.oneof(fc.jsonValue(), fc.record({ name: fc.string() }))),
              result: fc.jsonValue(),
            }),
          ),
        ),
        notifications: fc.jsonValue(),
        implements: fc.jsonValue(),
      }),
      (value) => {
        const about = toServiceAbout(value);
        assertEquals(toServiceAbout(parseJson(encodeValue(about))), about);
      },
    ),
  );
});
