import { assert, assertEquals, assertThrows } from "@std/assert";
import { Envelope } from "../../wire/envelope.ts";
import { JSONDecodeError } from "../../errors.ts";
import { encodeValue } from "../../wire/json.ts";
import { encodeRequest } from "../../wire/message.ts";
import { parseTyped, typedText, withoutQuotes } from "../../manager/terminal.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

/** The arguments that a text is parsed as. */
function argsOf(text: string): unknown[] {
  const { args, kwargs } = parseTyped(`Echo echo ${text}`);
  assertEquals(kwargs, {});
  return args;
}

/** The message that a text is sent as. */
function wireOf(text: string): string {
  return encodeRequest(parseTyped(text));
}

function expectRefusal(text: string, reason: string): void {
  const error: Error = assertThrows(() => parseTyped(text), JSONDecodeError);
  assert(error.message.includes(reason), `${JSON.stringify(text)}: ${error.message}`);
}

// Recorded

interface Recorded {
  connection: string;
  sender: "manager" | "device";
  line: string | null;
}

/** A recording of a person at a terminal: each typed line and the line that answered it. */
function recordedExchanges(): { typed: string; outcome: Recorded }[] {
  const recording: Recorded[] = Deno.readTextFileSync(
    new URL("../fixtures/terminal.jsonl", import.meta.url),
  ).trim().split("\n").map((line) => JSON.parse(line));
  return recording.flatMap((entry, index) =>
    entry.connection === "3" && entry.sender === "device" && entry.line !== null
      ? [{ typed: entry.line.replace(/\r\n$/, ""), outcome: recording[index + 1] }]
      : []
  ).slice(1); // the first is the answer to the handshake
}

Deno.test("each recorded line that a person typed is parsed as the Manager of Python did", () => {
  const toManager: Record<string, [attribute: string, args: unknown[]]> = {
    "identity": ["identity", []],
    "Manager identity": ["identity", []],
    "link Lab": ["link", ["Lab"]],
    "link Nothing": ["link", ["Nothing"]],
    "disconnect": ["__disconnect__", []],
  };
  // The Manager found no such services, and its errors show how it had parsed these lines.
  const toUnknown: Record<string, unknown> = {
    "Nothing add 1 2": { service: "Nothing", attribute: "add", args: [1, 2] },
    "{not json": { service: "{not", attribute: "json", args: [] },
  };
  const count = { forwarded: 0, rejected: 0, byManager: 0, toUnknown: 0 };
  for (const { typed, outcome } of recordedExchanges()) {
    if (outcome.connection !== "3") {
      const { error: _, requester: __, ...meaning } = JSON.parse(outcome.line!);
      assertEquals(parseTyped(typed), meaning);
      count.forwarded++;
    } else if (outcome.line?.includes("JSONDecodeError")) {
      assertThrows(() => parseTyped(typed), JSONDecodeError);
      count.rejected++;
    } else if (typed in toManager) {
      const [attribute, args] = toManager[typed];
      assertEquals(parseTyped(typed), { service: "Manager", attribute, args, kwargs: {}, uid: "" });
      count.byManager++;
    } else {
      const { service, attribute, args } = parseTyped(typed);
      assertEquals({ service, attribute, args }, toUnknown[typed]);
      count.toUnknown++;
    }
  }
  assertEquals(count, { forwarded: 7, rejected: 3, byManager: 5, toUnknown: 2 });
});

// Commands

Deno.test("commands are known in any case and with any space around them", () => {
  for (const text of ["identity", " Identity\t", "IDENTITY\r", "Manager identity"]) {
    assertEquals(wireOf(text), wireOf("identity"));
  }
  for (const text of ["disconnect", "exit", "EXIT ", "__disconnect__", "__DISCONNECT__"]) {
    assertEquals(parseTyped(text), {
      service: "Manager",
      attribute: "__disconnect__",
      args: [],
      kwargs: {},
      uid: "",
    });
  }
});

Deno.test("the service to link with is the rest of the line, with quotes around it or without", () => {
  for (
    const text of ["link String Editor", "LINK  String Editor ", 'link "String Editor"'].concat(
      "link\t'String Editor'",
    )
  ) assertEquals(parseTyped(text).args, ["String Editor"], text);
  for (const text of ["link it's", "link 'it's'"]) assertEquals(parseTyped(text).args, ["it's"]);
  for (const text of ["linkString", "Link'String'", 'link"String"']) { // as Python reads it
    assertEquals(parseTyped(text), { ...parseTyped("link String") }, text);
  }
  assertEquals(parseTyped("link'String Editor'").args, ["String Editor"]);
  expectRefusal("link", "expected the name of an attribute");
  expectRefusal("link ", "expected the name of an attribute");
});

Deno.test("a command in quotes is the name of a service", () => {
  assertEquals(parseTyped('"link" Lab').service, "link");
  assertEquals(parseTyped("'identity' x").service, "identity");
  assertEquals(parseTyped("disconnect me").service, "disconnect");
  assertEquals(parseTyped("linked x").service, "linked");
});

Deno.test("the error names the service or attribute that is missing", () => {
  expectRefusal("", "expected the name of a service");
  expectRefusal(" \t ", "expected the name of a service");
  expectRefusal("Lab", "expected the name of an attribute");
  expectRefusal('"String Editor" ', "expected the name of an attribute");
});

// Values

/** What is sent for a value, as JSON. */
class Raw {
  constructor(readonly json: string) {}
}
const rawJson = (json: string) => new Raw(json);
const isRaw = (value: unknown): value is Raw => value instanceof Raw;

const VALUES: readonly [typed: string, value: unknown][] = [
  ["true", true],
  ["TRUE", true],
  ["False", false],
  ["null", null],
  ["Null", null],
  ["none", null],
  ["NONE", null],
  ["nonesuch", "nonesuch"],
  ["0", 0],
  ["007", "007"],
  ["-01", "-01"],
  ["0_7", "0_7"],
  ["000", 0],
  ["00.5", 0.5],
  ["007e1", rawJson("7e1")],
  ["+5", 5],
  ["-5", -5],
  ["2.50", rawJson("2.50")],
  [".5", 0.5],
  ["5.", rawJson("5.0")],
  ["-1e-3", rawJson("-1e-3")],
  ["+2.5E+2", rawJson("2.5E+2")],
  [".", "."],
  ["-", "-"],
  ["+.", "+."],
  ["e5", "e5"],
  ["1e", "1e"],
  ["1_000", 1000],
  ["1__0", "1__0"],
  ["_1", "_1"],
  ["1.0", rawJson("1.0")],
  ["-0", rawJson("-0")],
  ["-0.0", rawJson("-0.0")],
  ["9007199254740993", rawJson("9007199254740993")],
  ["0x", "0x"],
  ["-0xFF", -255],
  ["0x_ff_00", 0xff00],
  ["0xffffffffffffffff", rawJson("18446744073709551615")],
  ["0o17", 15],
  ["0b101", 5],
  ["0b12", "0b12"],
  ["()", rawJson("[]")],
  ["(1, 2)", rawJson("[1,2]")],
  ["(1,)", rawJson("[1]")],
  ["(1)", 1],
  ["((1, 'a'), [(2,), (3)], x)", rawJson('[[1,"a"],[[2],3],"x"]')],
  ["[(1, 2.0)]", rawJson("[[1,2.0]]")],
  ["(volt", "(volt"],
  ["{}", rawJson("{}")],
  ["{'a': 1}", rawJson('{"a":1}')],
  ["{\"a b\" : (1, 0xF), 'c':[volt],}", rawJson('{"a b":[1,15],"c":["volt"]}')],
  ["{1: 2, 0x10: {None: True}, 1.50: x}", rawJson('{"1":2,"16":{"null":true},"1.50":"x"}')],
  ["[{'a': {}}]", rawJson('[{"a":{}}]')],
  ["x={'__proto__': 1}", { x: JSON.parse('{"__proto__":1}') }],
  ["{a:1}", "{a:1}"],
  ["{1,2}", "{1,2}"],
  ["{'a'}", "{'a'}"],
  ["{'a':}", "{'a':}"],
  ["{'a':1}b", "{'a':1}b"],
  ["{,}", "{,}"],
  ["{", "{"],
  ["(a)b", "(a)b"],
  ["[a)]", rawJson('["a)"]')],
  ["a = 1", { a: 1 }],
  ["a =1", { a: 1 }],
  ["a= (1, 2)", { a: [1, 2] }],
  ["a  =  'b c'", { a: "b c" }],
  ["0x10", 16],
  ["1.2.3", "1.2.3"],
  ["٣", "٣"],
  ["'5'", "5"],
  ['"true"', "true"],
  ["'null'", "null"],
  ['""', ""],
  ["''", ""],
  ["it's", "it's"],
  ['5"', '5"'],
  ["a=", { a: "" }],
  ["=1", "=1"],
  ["a.b=1", "a.b=1"],
  ["1=2", "1=2"],
  ["'a=1'", "a=1"],
  ["a==1", { a: "=1" }],
];

for (const [typed, value] of VALUES) {
  Deno.test(`${typed} typed as a value is ${JSON.stringify(value)}`, () => {
    const { args, kwargs } = parseTyped(`Echo echo ${typed}`);
    const isNamed = typeof value === "object" && value !== null && !isRaw(value);
    assertEquals(kwargs, isNamed ? value : {});
    assertEquals(
      encodeValue(args),
      isNamed ? "[]" : `[${isRaw(value) ? value.json : encodeValue(value)}]`,
    );
  });
}

Deno.test("brackets that are not closed take no long time", () => {
  for (
    const text of [
      "(",
      "(1, ",
      "(a,",
      "[(1), ",
      "((",
      "(x) ",
      "a = ",
      "0x_f_",
      "1_0.",
      "{",
      "{1:{",
      "{1:2},",
      "{'a':[{",
    ]
  ) {
    const line = text.repeat(60_000 / text.length);
    const start = performance.now();
    try {
      argsOf(`${line}!`);
    } catch {
      // an error is an answer as well
    }
    assert(performance.now() - start < 2_000, text);
  }
});

Deno.test("a quoted text may hold anything, its own quote and a backslash with a backslash before", () => {
  assertEquals(argsOf(String.raw`"say \"hi\"" 'it\'s' "it's" 'a "b"'`), [
    'say "hi"',
    "it's",
    "it's",
    'a "b"',
  ]);
  assertEquals(argsOf(String.raw`"back\\" "\\\"" '\\'`), ["back\\", '\\"', "\\"]);
  assertEquals(argsOf(String.raw`"C:\new\table" C:\new\ '\d'`), [
    String.raw`C:\new\table`,
    "C:\\new\\",
    "\\d",
  ]);
  assertEquals(argsOf('"[1, 2]" "a=1 b=2" "tab\tand\u2028line"'), [
    "[1, 2]",
    "a=1 b=2",
    "tab\tand\u2028line",
  ]);
});

Deno.test("service and attribute may be quoted, and escaped", () => {
  const { service, attribute, args } = parseTyped(String.raw`"a \"b\"" 'c d' 1`);
  assertEquals([service, attribute, args], ['a "b"', "c d", [1]]);
  assertEquals(parseTyped("5 true").attribute, "true");
});

Deno.test("a list holds values of any kind, lists too", () => {
  assertEquals(argsOf("[]"), [[]]);
  assertEquals(argsOf("[ ] [1] [ 1 , 2 ] [1,]"), [[], [1], [1, 2], [1]]);
  assertEquals(argsOf("[1,[2,[3]],[]] x"), [[1, [2, [3]], []], "x"]);
  assertEquals(argsOf(String.raw`["a, b", 'c]', plain, "", none, TRUE, -1.5, a=b]`), [
    ["a, b", "c]", "plain", "", null, true, -1.5, "a=b"],
  ]);
});

Deno.test("a missing item of a list is rejected, not parsed as an empty string", () => {
  for (const list of ["[,]", "[,1]", "[1,,2]", "[1, ,2]", "[[,]]", "[1,,]"]) {
    expectRefusal(`Echo echo ${list}`, "expected a value in a list");
  }
});

Deno.test("a list or a quote that is not closed is rejected", () => {
  for (const text of ["[", "[1", "[1,", "[[1]", "[1 2]", '["a"b]', "x=[1", "[ "]) {
    expectRefusal(`Echo echo ${text}`, "list");
  }
  for (const text of ['"', "'", '"a', "'a\"", '"a\\"', "[1, 'a]", "x='a", '"a" "']) {
    expectRefusal(`Echo echo ${text}`, "the quote is not closed");
  }
  expectRefusal('"Echo echo', "the quote is not closed");
  expectRefusal("Echo 'echo", "the quote is not closed");
});

Deno.test("the error has the column", () => {
  expectRefusal("Echo echo 'a", "at column 11");
  expectRefusal("Echo echo [1 2]", "at column 14");
});

Deno.test("lists are nested 32 deep at the most", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals(JSON.stringify(argsOf(nested(32))), `[${nested(32)}]`);
  expectRefusal(`Echo echo ${nested(33)}`, "more than 32 deep");
  expectRefusal(`Echo echo x=${nested(33)}`, "more than 32 deep");
  expectRefusal(`Echo echo ${"[".repeat(60_000)}`, "more than 32 deep");
  assertEquals(argsOf("[] ".repeat(100)).length, 100);
});

Deno.test("keyword arguments take any value, between others and in any order", () => {
  const { args, kwargs } = parseTyped(
    `Echo echo b=2 1 a="two words" 2 list=[1, [x]] none=None é=ü _1='' c=x=y`,
  );
  assertEquals(args, [1, 2]);
  assertEquals(kwargs, {
    b: 2,
    a: "two words",
    list: [1, ["x"]],
    none: null,
    é: "ü",
    _1: "",
    c: "x=y",
  });
});

Deno.test("the last of two keyword arguments with one name counts, as in JSON", () => {
  assertEquals(parseTyped("Echo echo x=1 y=2 x=3").kwargs, { x: 3, y: 2 });
  assertEquals(parseTyped("Echo echo __proto__=1 __proto__=2").kwargs["__proto__"], 2);
});

Deno.test("a keyword argument may be called __proto__, and changes no prototype", () => {
  const { kwargs } = parseTyped("Echo echo __proto__=1 constructor=[] toString=x");
  assertEquals(Object.keys(kwargs), ["__proto__", "constructor", "toString"]);
  assertEquals(Object.getPrototypeOf(kwargs), Object.prototype);
  assert(
    wireOf("Echo echo __proto__=1").endsWith('"kwargs":{"__proto__":1}}'),
    wireOf("Echo echo __proto__=1"),
  );
});

Deno.test("an integer is sent with every digit that was typed", () => {
  const [large, small] = ["9007199254740993", "-123456789012345678901234567890"];
  assertEquals(
    wireOf(`Echo echo ${large} +${large} n=${small} [${small},[${large}]] [${large}]`),
    '{"error":false,"service":"Echo","uid":"","attribute":"echo",' +
      `"args":[${large},${large},[${small},[${large}]],[${large}]],"kwargs":{"n":${small}}}`,
  );
  const many = "7".repeat(10_000);
  assert(wireOf(`Echo echo ${many}`).includes(`[${many}]`));
  assertEquals(argsOf("9007199254740991 -9007199254740991"), [2 ** 53 - 1, -(2 ** 53 - 1)]);
});

// Which lines are typed

Deno.test("a line is typed if it is text and does not begin like a message of a program", () => {
  for (const text of ["", "identity", "é語😀", "{not json", "{", "{}", "{'a': 1}", "[1]", '"a"']) {
    assertEquals(typedText(encoder.encode(text)), text);
  }
  for (
    const text of ['{"service":"Echo"', ' {"', '{ "a', '\t{\r\n "service', '{"', '{"a":1} and more']
  ) assertEquals(typedText(encoder.encode(text)), undefined, text);
});

Deno.test("a line that is not UTF-8 is not typed", () => {
  for (const bytes of [[0xff], [0x41, 0xc3], [0xed, 0xa0, 0x80], [0x16, 0x03, 0x01, 0xfe]]) {
    assertEquals(typedText(Uint8Array.from(bytes)), undefined);
  }
});

Deno.test("a line is typed if it has no more than 64 KiB", () => {
  const longest = "x".repeat(64 * 1024);
  assertEquals(typedText(encoder.encode(longest)), longest);
  assertEquals(typedText(encoder.encode(`${longest}x`)), undefined);
  assertEquals(typedText(encoder.encode("é".repeat(32 * 1024 + 1))), undefined);
});

Deno.test("the longest line is parsed, whatever it contains", () => {
  const half = 32 * 1024 - 20;
  const long = 2 * half;
  assertEquals(argsOf(`"${"a".repeat(long)}"`), ["a".repeat(long)]);
  assertEquals(argsOf(`"${"\\\\".repeat(half)}"`), ["\\".repeat(half)]);
  assertEquals(argsOf("x ".repeat(half)).length, half);
  assertEquals((argsOf(`[${"x,".repeat(half)}]`)[0] as unknown[]).length, half);
  for (const unit of ["\\", "'", '"', '\\"', "= ", "[ "]) {
    expectJsonDecodeErrorOrRequest(`Echo echo "${unit.repeat(long / unit.length)}`);
  }
});

Deno.test("a text of a megabyte is parsed without backtracking, also if it nearly is a number or a link", () => {
  const size = 1_000_000; // in which a pattern that tries again at each character takes minutes
  for (const before of ["", "+", "1.", "."]) {
    const word = `${before}${"1".repeat(size)}x`;
    assertEquals(argsOf(word), [word]);
  }
  const { service, attribute } = parseTyped(`link${" ".repeat(size)}a\rb`);
  assertEquals([service, attribute], ["link", "a"]);
});

Deno.test("only a pair of equal quotes is removed from a name", () => {
  assertEquals(
    ['"a b"', "'a'", "''", '"a', "a'", "\"a'", "a", "", '"', "\"'a'\""].map(withoutQuotes),
    ["a b", "a", "", '"a', "a'", "\"a'", "a", "", '"', "'a'"],
  );
});

// Any text

/** Asserts that a text is rejected with a JSONDecodeError, or can be sent as one well-formed line. */
function expectJsonDecodeErrorOrRequest(text: string): "refused" | "understood" {
  let parsed;
  try {
    parsed = parseTyped(text);
  } catch (error) {
    if (error instanceof JSONDecodeError) return "refused";
    throw error;
  }
  const envelope = new Envelope();
  envelope.read(encoder.encode(encodeRequest(parsed)));
  assertEquals(
    [envelope.text("service"), envelope.text("attribute"), envelope.text("uid")]
      .map((name) => name?.toWellFormed()),
    [parsed.service.toWellFormed(), parsed.attribute.toWellFormed(), ""],
  );
  assertEquals([envelope.kind("args"), envelope.kind("kwargs")], ["array", "object"]);
  return "understood";
}

Deno.test("any text is a request that can be sent, or a JSONDecodeError", () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(" ", '"', "'", "[", "]", ",", "=", "\\", "x=", "_=") },
    {
      weight: 2,
      arbitrary: fc.constantFrom("link ", "1", "-", ".", "e9", "999999999999999999", "null", "a"),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
    { weight: 1, arbitrary: fc.constantFrom("\ud83d", "\udca1", "\u2028", "\ufeff", "\0") },
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  const found = { refused: 0, understood: 0 };
  fc.assert(
    fc.property(fc.oneof(text, text.map((rest) => `Echo echo ${rest}`)), (text) => {
      found[expectJsonDecodeErrorOrRequest(text)]++;
    }),
    { numRuns: 5_000 },
  );
  assert(found.refused > 100 && found.understood > 100, JSON.stringify(found));
});

/** Chooses one of several ways to type the same. */
type Pick = (ways: readonly string[]) => string;

function print(value: unknown, pick: Pick): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => print(item, pick)).join(pick([",", ", ", " ,"]));
    return `[${pick(["", " "])}${items}${items && pick(["", ",", " , "])}${pick(["", " "])}]`;
  }
  if (value === null) return pick(["null", "None", "NONE"]);
  if (typeof value === "boolean") return pick([`${value}`, `${value}`.toUpperCase()]);
  if (typeof value !== "string") return encodeValue(value);
  const quote = pick(['"', "'"]);
  return quote + value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`) + quote;
}

Deno.test("any request that is typed is sent as that request", () => {
  const name = fc.oneof(fc.string(), fc.constantFrom("link", "identity", "exit", "a b", "\\", "'"));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: fc.constantFrom('"', "'", "\\", "[", "]", ",", "=", " ", "\n", "1") }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
    ),
  }));
  const key = fc.oneof(fc.stringMatching(/^[A-Za-z_]\w{0,5}$/), fc.constantFrom("__proto__", "é"));
  const named = fc.array(fc.tuple(key, value), { maxLength: 5 });
  const unnamed = fc.array(value, { maxLength: 5 });
  const ways = fc.infiniteStream(fc.nat(11));
  fc.assert(
    fc.property(name, name, unnamed, named, ways, (service, attribute, args, named, ways) => {
      const pick: Pick = (choices) => choices[ways.next().value % choices.length];
      const words = args.map((value) => print(value, pick));
      for (const [key, value] of named) words.push(`${key}=${print(value, pick)}`);
      words.unshift(print(service, pick), print(attribute, pick));
      const kwargs = Object.fromEntries(named);
      const text = words.join(pick([" ", "  ", "\t"]));
      assertEquals(wireOf(text), encodeRequest({ service, attribute, args, kwargs, uid: "" }));
    }),
    { numRuns: 500 },
  );
});
