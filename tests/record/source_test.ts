import { assertEquals, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { encodeValue } from "../../wire/json.ts";
import { formatSource, parseSource, type Source } from "../../record/source.ts";
import fc from "../support/properties.ts";

const ATTRIBUTE = { kind: "attribute", args: [], kwargs: {}, every: undefined } as const;

Deno.test("a source is an attribute with arguments and a time, or notifications", () => {
  const cases: [text: string, source: Source][] = [
    ["DMM.voltage", { ...ATTRIBUTE, service: "DMM", attribute: "voltage" }],
    ["DMM.voltage@500ms", { ...ATTRIBUTE, service: "DMM", attribute: "voltage", every: 500 }],
    ["DMM.voltage@2", { ...ATTRIBUTE, service: "DMM", attribute: "voltage", every: 2_000 }],
    ["lab.room.DMM.voltage", { ...ATTRIBUTE, service: "lab.room.DMM", attribute: "voltage" }],
    ['"my DMM.2".voltage', { ...ATTRIBUTE, service: "my DMM.2", attribute: "voltage" }],
    ['DMM."a.b"@1h', { ...ATTRIBUTE, service: "DMM", attribute: "a.b", every: 3_600_000 }],
    ["DMM.stream(10)", { ...ATTRIBUTE, service: "DMM", attribute: "stream", args: [10] }],
    [
      `DMM.read( 10 ,[1, "a,)"], 'b, c', x={"y": 1}, word )@1min`,
      {
        ...ATTRIBUTE,
        service: "DMM",
        attribute: "read",
        args: [10, [1, "a,)"], "b, c", "word"],
        kwargs: { x: { y: 1 } },
        every: 60_000,
      },
    ],
    ["DMM.read()", { ...ATTRIBUTE, service: "DMM", attribute: "read" }],
    ["Environment:", { kind: "notifications", service: "Environment", keys: undefined }],
    [
      'a.Environment:temperature,"the humidity"',
      { kind: "notifications", service: "a.Environment", keys: ["temperature", "the humidity"] },
    ],
  ];
  for (const [text, source] of cases) assertEquals(parseSource(text), source, text);
});

Deno.test("the error of a source shows the place", () => {
  const cases: [text: string, reason: string, caret: number][] = [
    ["", "expected the name of a service", 0],
    ["DMM", 'expected "." and the name of an attribute, or ":" for its notifications', 3],
    [".voltage", "expected the name of a service", 0],
    ["DMM.", "expected the name of an attribute", 4],
    ["DMM.@500ms", "expected the name of an attribute", 4],
    ["DMM.voltage@", "expected a time such as 500ms, 10s, 5min or 2h", 12],
    ["DMM.voltage@soon", "expected a time such as 500ms, 10s, 5min or 2h", 12],
    ["DMM.voltage@0", "the time has to be at least 1ms", 12],
    ["DMM.voltage 500ms", 'expected "(" before arguments, or "@" before a time', 11],
    ["DMM.read(1, 2", 'expected "," or ")"', 13],
    ["DMM.read(1 2)", 'expected "," or ")"', 11],
    ["DMM.read(1,)", "expected an argument", 11],
    ["DMM.read([1)", "the bracket is not closed", 9],
    ["DMM.read('a)", "the quote is not closed", 9],
    ["DMM.read(x=1, x=2)", "a keyword argument is given twice", 8],
    ["DMM.read(1)500ms", 'expected "@" before a time, or the end', 11],
    ['"DMM', "the quote is not closed", 0],
    ['"\\x".a', "text in double quotes is JSON, and this is none", 0],
    ['"".a', "expected the name of a service, which is not empty", 0],
    ['DMM."a"b', 'expected "(" before arguments, or "@" before a time', 7],
    ["Environment:temperature@1s", "notifications come by themselves, and have no time", 23],
    ["Environment:a,", "expected the key of a value in notifications", 14],
    ["Environment:a,a", "the key is given twice", 14],
    ["Environment:a(1)", 'expected "," and another key, or the end', 13],
  ];
  for (const [text, reason, caret] of cases) {
    const error = assertThrows(() => parseSource(text), ValueError, undefined, text);
    assertEquals(
      error.message.split("\n"),
      [`Cannot read the source: ${reason}`, `  ${text}`, `  ${" ".repeat(caret)}^`],
    );
  }
});

Deno.test("the error of a source escapes control characters, and its place is below them", () => {
  const { message } = assertThrows(() => parseSource("\u001b[31mDMM.a"), ValueError);
  assertEquals(message.split("\n").slice(1), ["  \\u{1b}[31mDMM.a", "  ^"]);
  const second = assertThrows(() => parseSource("D\u001bMM.a"), ValueError);
  assertEquals(second.message.split("\n").slice(1), ["  D\\u{1b}MM.a", "   ^"]);
});

const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(..."a.1 :()@,'\"\\\u001b".split("")),
    minLength: 1,
    maxLength: 5,
  }),
);
const every = fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined });
const key = fc.string({
  unit: fc.constantFrom(..."ab_é".split("")),
  minLength: 1,
  maxLength: 3,
});
const value = fc.jsonValue({ maxDepth: 2 });
const source: fc.Arbitrary<Source> = fc.oneof(
  fc.record({
    kind: fc.constant("attribute" as const),
    service: name,
    attribute: name,
    args: fc.array(fc.oneof(name, value), { maxLength: 3 }),
    kwargs: fc.dictionary(key, fc.oneof(name, value), { maxKeys: 3 }),
    every,
  }),
  fc.record({
    kind: fc.constant("notifications" as const),
    service: name,
    keys: fc.option(fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  }),
);

Deno.test("a source that is written is read as it was", () => {
  fc.assert(fc.property(source, (written) => {
    const text = formatSource(written);
    const read = parseSource(text);
    assertEquals(formatSource(read), text);
    assertEquals(encodeValue(read), encodeValue(written)); // its numbers keep their digits
  }));
});

Deno.test("any text is a source or has a ValueError", () => {
  const unit = fc.constantFrom(..."aB1.:()@,'\"[]{}= \n\\ms".split(""));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
      try {
        assertEquals(parseSource(formatSource(parseSource(text))), parseSource(text));
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
