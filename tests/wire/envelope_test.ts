import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import { Envelope, type Field } from "../../wire/envelope.ts";
import { JSONDecodeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { kindOf, textOf } from "../support/plain_reading.ts";
import fc from "../support/properties.ts";

const FIELDS: readonly Field[] = [
  "error",
  "requester",
  "service",
  "uid",
  "attribute",
  "args",
  "kwargs",
  "result",
  "parts",
  "time",
  "traceparent",
  "tracestate",
];

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The envelope of a line that is a message. */
function read(line: string | Uint8Array, envelope = new Envelope()): Envelope {
  envelope.read(typeof line === "string" ? encoder.encode(line) : line);
  return envelope;
}

/** The error with which a line is rejected that is not a message. */
function errorOf(line: string | Uint8Array, envelope = new Envelope()): JSONDecodeError {
  return assertThrows(() => read(line, envelope), JSONDecodeError);
}

/** The fields of a line according to an envelope, and according to `JSON.parse`. */
function fieldsFrom(envelope: Envelope): unknown {
  return FIELDS.map((field) => [
    field,
    envelope.kind(field),
    envelope.isTrue(field),
    envelope.text(field),
  ]);
}

function fieldsOf(object: Record<string, unknown>): unknown {
  return FIELDS.map((field) => {
    const isTrue = Object.hasOwn(object, field) && object[field] === true;
    return [field, kindOf(object, field), isTrue, textOf(object, field)];
  });
}

/** White space that JSON allows between tokens. */
const space: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(" ", "\t", "\r", "\n"),
  maxLength: 2,
});

/** A string as JSON, with some escapes that are not necessary. */
function quoted(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, fc.array(fc.nat(3), { minLength: 1, maxLength: 5 })).map(([text, dice]) => {
    const characters = [...text].map((character, index) => {
      const choice = dice[index % dice.length];
      if (choice > 1) return JSON.stringify(character).slice(1, -1);
      return character.split("").map((unit) => {
        const hexadecimal = unit.charCodeAt(0).toString(16).padStart(4, "0");
        return `\\u${choice === 1 ? hexadecimal.toUpperCase() : hexadecimal}`;
      }).join("");
    });
    return `"${characters.join("")}"`;
  });
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('"', "\\", "/", "\b", "\ud800", "\udc00", "é", "😀", "\ufeff"),
  }),
);

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "0",
    "-0",
    "0.0",
    "-0.0e-0",
    "1E5",
    "1e+05",
    "12.50E-01",
    "1e999",
    "9".repeat(40),
  ),
);

/** Any JSON value as text, with white space wherever JSON allows it. */
const { value: json } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("true", "false", "null"),
    number,
    quoted(text),
    tie("array"),
    tie("object"),
  ),
  array: fc.tuple(space, fc.array(padded(tie("value")), { maxLength: 4 }))
    .map(([empty, values]) => values.length > 0 ? `[${values.join(",")}]` : `[${empty}]`),
  object: objectOf(tie("value"), quoted(text)),
}));

function padded(arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(space, arbitrary, space).map((parts) => parts.join(""));
}

function objectOf(value: fc.Arbitrary<string>, key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const member = fc.tuple(padded(key), padded(value)).map((parts) => parts.join(":"));
  return fc.tuple(space, fc.array(member, { maxLength: 8 }))
    .map(([empty, members]) => members.length > 0 ? `{${members.join(",")}}` : `{${empty}}`);
}

/** A line that holds one object, most of its keys those of the wire, some of them twice. */
const line = padded(objectOf(
  fc.oneof(json, quoted(fc.constantFrom("", "1", "Echo", "notification"))),
  fc.oneof(
    { weight: 4, arbitrary: quoted(fc.constantFrom(...FIELDS)) },
    {
      weight: 1,
      arbitrary: quoted(fc.oneof(text, fc.constantFrom("Service", "args ", "__proto__", "uidd"))),
    },
  ),
));

Deno.test("the kinds and texts of all fields are those of JSON.parse, for any object", () => {
  const envelope = new Envelope();
  fc.assert(
    fc.property(line, (line) => {
      read(line, envelope);
      assertEquals(fieldsFrom(envelope), fieldsOf(JSON.parse(line)));
    }),
    { numRuns: 1_500 },
  );
});

Deno.test("the objects that JSON.stringify writes are read as JSON.parse reads them", () => {
  const key = fc.oneof(fc.constantFrom<string>(...FIELDS), fc.string());
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.jsonValue({ stringUnit: "binary" })),
      fc.constantFrom(undefined, 1, "\t", "\r\n"),
      (object, indent) => {
        const written = JSON.stringify(object, undefined, indent);
        assertEquals(fieldsFrom(read(written)), fieldsOf(JSON.parse(written)));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a member can be spliced in at the end", () => {
  fc.assert(
    fc.property(line, (line) => {
      const bytes = encoder.encode(line);
      const { end } = read(bytes);
      assertEquals(bytes[end], 0x7d);
      assertEquals(decoder.decode(bytes.subarray(end + 1)).trim(), "");
      const separator = Object.keys(JSON.parse(line)).length > 0 ? "," : "";
      const spliced = `${decoder.decode(bytes.subarray(0, end))}${separator}"requester":"x"}`;
      assertEquals(JSON.parse(spliced), { ...JSON.parse(line), requester: "x" });
      assertEquals(read(spliced).text("requester"), "x");
    }),
    { numRuns: 300 },
  );
});

/** Whether a line is one object in strict UTF-8, according to JSON.parse. */
function isObject(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(strictDecoder.decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** One change of a line: a byte (or a piece of JSON) replaced, inserted or removed. */
const change = fc.record({
  place: fc.nat(),
  removed: fc.nat(2),
  inserted: fc.oneof(
    fc.uint8Array({ maxLength: 2 }),
    fc.constantFrom(
      ...'{}[]",:\\/-+.eE0123456789tfnu \t\r\n\x00\x1f\x7fé',
      "true",
      "nul",
      "\\u00",
      "\\ud83d",
      ",,",
      "//",
      "'",
      "\u00a0",
      "\ufeff",
      "\u2028",
    ).map((text) => encoder.encode(text)),
  ),
});

Deno.test("a line is read if and only if it is one JSON object in UTF-8", () => {
  const envelope = new Envelope();
  let objects = 0;
  let others = 0;
  fc.assert(
    fc.property(line, fc.array(change, { minLength: 1, maxLength: 3 }), (line, changes) => {
      let bytes = encoder.encode(line);
      for (const { place, removed, inserted } of changes) {
        const at = place % (bytes.length + 1);
        bytes = Uint8Array.of(
          ...bytes.subarray(0, at),
          ...inserted,
          ...bytes.subarray(at + removed),
        );
      }
      // A value that is similar to that of the previous line must not be taken for it.
      assertEquals(fieldsFrom(read(line, envelope)), fieldsOf(JSON.parse(line)));
      if (isObject(bytes)) {
        objects++;
        assertEquals(
          fieldsFrom(read(bytes, envelope)),
          fieldsOf(JSON.parse(decoder.decode(bytes))),
        );
      } else {
        others++;
        errorOf(bytes, envelope);
      }
    }),
    { numRuns: 4_000 },
  );
  assert(objects > 200 && others > 200, `a one-sided test: ${objects} objects, ${others} others`);
});

Deno.test("any bytes are read if and only if they are one JSON object in UTF-8", () => {
  const envelope = new Envelope();
  const unit = fc.constantFrom(...'{{}}[]""::,,\\u0dtrue-1.e ');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      const bytes = encoder.encode(`{${text}}`);
      if (isObject(bytes)) read(bytes, envelope);
      else errorOf(bytes, envelope);
    }),
    { numRuns: 3_000 },
  );
});

const NOT_OBJECTS = [
  "",
  " ",
  "null",
  "true",
  "1",
  '"text"',
  "[]",
  '[{"uid":"1"}]',
  "link Echo",
  "{",
  "}",
  "{]",
  "{,}",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,"a":1}',
  '{"a":1 "b":2}',
  '{"a" 1}',
  "{a:1}",
  "{'a':1}",
  "{1:1}",
  "{null:1}",
  '{"a":[1,]}',
  '{"a":[,1]}',
  '{"a":[1 2]}',
  '{"a":[1}}',
  '{"a":{"b":1]}',
  '{"a":{"b"}}',
  '{"a":{1:2}}',
  '{"a":tru}',
  '{"a":True}',
  '{"a":truee}',
  '{"a":undefined}',
  '{"a":01}',
  '{"a":-}',
  '{"a":-a}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":1.}',
  '{"a":1.e5}',
  '{"a":1e}',
  '{"a":1e+}',
  '{"a":0x10}',
  '{"a":1_000}',
  '{"a":1n}',
  '{"a":"}',
  '{"a":"\\"}',
  '{"a":"\\',
  '{"a":"\\x41"}',
  '{"a":"\\u12"}',
  '{"a":"\\u12g4"}',
  '{"a":"\\U0041"}',
  '{"\\":1}',
  '{"a":1} {"b":2}',
  '{"a":1}}',
  '{"a":1}x',
  '{"a":1}\0',
  '{"a":1}\u00a0',
  '\ufeff{"a":1}',
  '{"a":1/**/}',
  '{\v"a":1}',
  '{\f"a":1}',
];

for (const line of NOT_OBJECTS) {
  Deno.test(`${JSON.stringify(line)} is not a message`, () => {
    assertEquals(isObject(encoder.encode(line)), false);
    errorOf(line);
  });
}

Deno.test("a control character in a string is rejected, an escaped one is not", () => {
  for (let code = 0; code < 0x20; code++) {
    const character = String.fromCharCode(code);
    errorOf(`{"uid":"a${character}b"}`);
    errorOf(`{"result":["a${character}b"]}`);
    errorOf(`{"u${character}id":"ab"}`);
    const escaped = JSON.stringify(character);
    assertEquals(read(`{"uid":${escaped}}`).text("uid"), character);
  }
  assertEquals(read('{"uid":"\x7f"}').text("uid"), "\x7f");
});

Deno.test("every byte at every place of a long string is read as JSON.parse reads it", () => {
  const envelope = new Envelope();
  for (let length = 60; length <= 76; length++) {
    const plain = encoder.encode(`{"result":"${"~ !#[]".repeat(20).slice(0, length)}"}`);
    const start = 11 + 30; // the last bytes that are examined one by one, and those after them
    for (let place = start; place < 11 + length; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const line = plain.with(place, byte);
        let expected: boolean;
        try {
          expected = typeof JSON.parse(strictDecoder.decode(line)).result === "string";
        } catch {
          expected = false;
        }
        let found = true;
        try {
          envelope.read(line);
        } catch {
          found = false;
        }
        // Not `assertEquals` each time: it takes most of the time of 160,000 lines.
        if (found !== expected) fail(`byte ${byte} at ${place} of ${length}`);
      }
    }
  }
});

Deno.test("every escape of JSON is decoded in a text and in a key", () => {
  const envelope = read('{"u\\u0069d":"\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \\uD83D\\ude00"}');
  assertEquals(envelope.text("uid"), '" \\ / \b\f\n\r\t é 😀');
  assertEquals(read('{"\\u0073ervice":"Echo"}').text("service"), "Echo");
  assertEquals(read('{"\\u0072\\u0065quester":"a"}').text("requester"), "a");
  const all = [..."attribute"].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join("");
  assertEquals(read(`{"${all}":"add"}`).text("attribute"), "add");
});

Deno.test("a key that is similar to a field is not that field", () => {
  for (const key of ["Uid", "uid ", " uid", "ui", "uidd", "u\\u0049d", "\\uff55id", "uid\\u0000"]) {
    assertEquals(read(`{"${key}":"1"}`).kind("uid"), "absent", key);
  }
});

Deno.test("the last of several equal keys counts, escaped or not, of any kind", () => {
  assertEquals(read('{"uid":"1","uid":"2"}').text("uid"), "2");
  assertEquals(read('{"uid":"1","\\u0075id":"2"}').text("uid"), "2");
  assertEquals(read('{"\\u0075id":"1","uid":"2"}').text("uid"), "2");
  const envelope = read('{"uid":"1","error":true,"uid":[],"error":false}');
  assertEquals(envelope.kind("uid"), "array");
  assertEquals(envelope.text("uid"), undefined);
  assertEquals(envelope.isTrue("error"), false);
});

Deno.test("only the outermost object has fields", () => {
  const envelope = read(
    '{"result":{"uid":"1","requester":"x"},"args":[{"service":"y"}],"kwargs":{"error":true}}',
  );
  for (const field of ["uid", "requester", "service", "error"] as const) {
    assertEquals(envelope.kind(field), "absent");
  }
  assertEquals(envelope.kind("result"), "object");
  assertEquals(envelope.kind("args"), "array");
  assertEquals(envelope.kind("kwargs"), "object");
});

Deno.test("a text that contains JSON is only a text", () => {
  const uid = '"}],{"service":"x"';
  const envelope = read(JSON.stringify({ uid, attribute: "}" }));
  assertEquals(envelope.text("uid"), uid);
  assertEquals(envelope.text("attribute"), "}");
  assertEquals(envelope.kind("service"), "absent");
});

Deno.test("NaN, Infinity and -Infinity are numbers, as Python writes them", () => {
  for (const word of ["NaN", "Infinity", "-Infinity"]) {
    assertEquals(read(`{"result":${word}}`).kind("result"), "number");
    assertEquals(read(`{"result":[1,${word}],"uid":"1"}`).text("uid"), "1");
    assertEquals(read(`{"kwargs":{"x":${word}}}`).kind("kwargs"), "object");
  }
  for (
    const word of ["-NaN", "nan", "inf", "Inf", "NaNN", "Infinityy", "+Infinity", "--Infinity"]
  ) {
    errorOf(`{"result":${word}}`);
  }
});

Deno.test("isTrue is true only for the value true", () => {
  for (const value of ['"true"', "1", "false", "null", "[true]", '{"error":true}']) {
    assertEquals(read(`{"error":${value}}`).isTrue("error"), false, value);
  }
  assertEquals(read('{"error":true}').isTrue("error"), true);
  assertEquals(read("{}").isTrue("error"), false);
});

Deno.test("the escape of a lone surrogate is decoded as by JSON.parse", () => {
  for (const escape of ["\\ud800", "\\udfff", "\\ude00\\ud83d"]) {
    assertEquals(read(`{"uid":"${escape}"}`).text("uid"), JSON.parse(`"${escape}"`));
  }
});

Deno.test("a text that starts with a byte order mark keeps it", () => {
  assertEquals(read('{"uid":"\ufeffabc"}').text("uid"), "\ufeffabc");
  assertEquals(read('{"uid":"\\ufeffabc"}').text("uid"), "\ufeffabc");
  assertEquals(read('{"uid":"abc\ufeff"}').text("uid"), "abc\ufeff");
});

const NOT_UTF8: readonly [name: string, bytes: readonly number[]][] = [
  ["a continuation byte alone", [0x80]],
  ["a sequence that is cut off", [0xc3]],
  ["a sequence that is cut off before its last byte", [0xe2, 0x82]],
  ["a sequence for a character that has a shorter one", [0xc0, 0xaf]],
  ["a surrogate", [0xed, 0xa0, 0x80]],
  ["a character beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
  ["a byte that no UTF-8 has", [0xff]],
];

for (const [name, bytes] of NOT_UTF8) {
  Deno.test(`${name} makes a line invalid, in a text, a payload or a key`, () => {
    for (const [before, after] of [['{"uid":"', '"}'], ['{"result":["', '"]}'], ['{"', '":1}']]) {
      const line = Uint8Array.of(...encoder.encode(before), ...bytes, ...encoder.encode(after));
      assertEquals(errorOf(line).message, "The line is not valid UTF-8");
    }
  });
}

Deno.test("values may be nested as deep as the limit, and no deeper", () => {
  const nest = (open: string, close: string, depth: number) =>
    `{"uid":"1","result":${open.repeat(depth)}${close.repeat(depth)},"requester":"x"}`;
  const deepest = read(nest("[", "]", 5), new Envelope(5));
  assertEquals(deepest.text("requester"), "x");
  const error = errorOf(nest("[", "]", 6), new Envelope(5));
  assert(error.message.startsWith("Nested deeper than the limit of 5 levels"), error.message);
  read(`{"result":${'{"a":'.repeat(5)}1${"}".repeat(5)}}`, new Envelope(5));
  errorOf(`{"result":${'{"a":'.repeat(6)}1${"}".repeat(6)}}`, new Envelope(5));
  read(nest("[", "]", LIMITS.maxDepth));
  errorOf(nest("[", "]", LIMITS.maxDepth + 1));
});

Deno.test("the depth counts the open levels, not the closed ones", () => {
  const envelope = new Envelope(3);
  assertEquals(
    read(`{"result":[${"[[]],[{}],".repeat(500)}1],"uid":"1"}`, envelope).text("uid"),
    "1",
  );
});

Deno.test("100,000 brackets are rejected, and the next line is read", () => {
  const envelope = new Envelope();
  for (const open of ["[", '{"a":', '[{"a":']) {
    const error = errorOf(`{"uid":"1","result":${open.repeat(100_000)}`, envelope);
    assert(error.message.startsWith("Nested deeper than the limit of 512 levels"), error.message);
    assertEquals(envelope.text("uid"), "1");
  }
  assertEquals(read('{"uid":"2"}', envelope).text("uid"), "2");
});

Deno.test("the fields of the previous line are forgotten", () => {
  const envelope = read('{"uid":"1","service":"x","error":true,"args":[]}');
  read('{"uid":"2"}', envelope);
  assertEquals(fieldsFrom(envelope), fieldsOf({ uid: "2" }));
  errorOf("", envelope);
  assertEquals(fieldsFrom(envelope), fieldsOf({}));
});

Deno.test("a text with the same start, the same end or a part of the previous text is read anew", () => {
  const envelope = new Envelope();
  for (const service of ["Lab", "Lab", "Labs", "La", "Lbb", "", "Lab\\u0000", "Lab", "L\\u0061b"]) {
    const line = `{"service":"${service}","uid":"1"}`;
    assertEquals(fieldsFrom(read(line, envelope)), fieldsOf(JSON.parse(line)));
  }
  errorOf('{"service":"L\\u0061b', envelope);
  errorOf('{"service":"Lab', envelope);
  errorOf('{"service":"Lab"', envelope);
  errorOf('{"service', envelope);
  assertEquals(read('{"service":"Lab"}', envelope).text("service"), "Lab");
});

Deno.test("the fields before a fault are given", () => {
  const envelope = new Envelope();
  errorOf('{"requester":"a","uid":"1","result":[1,2', envelope);
  assertEquals(fieldsFrom(envelope), fieldsOf({ requester: "a", uid: "1" }));
});

Deno.test("the message of a fault has its position, with Python's text", () => {
  assertEquals(errorOf("").message, "Expecting a JSON object: line 1 column 1 (char 0)");
  assertEquals(errorOf('{"a":1} x').message, "Extra data: line 1 column 9 (char 8)");
  assertEquals(errorOf('{"a" 1}').message, "Expecting ':' delimiter: line 1 column 6 (char 5)");
  assertEquals(errorOf('{"a":x}').message, "Expecting value: line 1 column 6 (char 5)");
});
