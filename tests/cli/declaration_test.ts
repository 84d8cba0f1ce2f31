/** The declaration of a service, from its identity. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { declareService, typeName } from "../../cli/declaration.ts";
import { toServiceAbout } from "../../wire/about.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { KINDS } from "../support/arrays.ts";
import fc from "../support/properties.ts";

/** How one attribute is declared, without its comment. */
function declared(shown: unknown, name = "f"): string {
  const text = declareService({ name: "Lab", language: "Python", attributes: { [name]: shown } });
  const lines = text.split("\n").slice(text.split("\n").indexOf("export interface Lab {") + 1, -2);
  return lines.at(-1)!.trim();
}

Deno.test("a declaration names the service, and has the signature of each method as a comment", () => {
  const attributes = {
    add: "(x: float, y: float = 1) -> float",
    _hidden: "()",
    model: "3458A",
  };
  assertEquals(
    declareService({ name: "Python Lab", language: "Python 3.12", attributes }),
    `/**
 * The service "Python Lab", which is written in Python 3.12.
 *
 *     const link = await cxn.link<PythonLab>("Python Lab");
 *
 * Made by the command \`types\` of @msl/network from what the service says of itself: what it does
 * not say is \`unknown\`.
 */
export interface PythonLab {
  /** \`(x: float, y: float = 1) -> float\` */
  add(x: number, y?: number): number;
  readonly model: string;
}
`,
  );
});

const METHODS: [signature: string, declared: string][] = [
  ["()", "f(): unknown;"],
  ["(x, n=2)", "f(x: unknown, n?: unknown): unknown;"],
  [
    "(channel, *, range=10, nplc=None)",
    "f(channel: unknown, named?: { range?: unknown; nplc?: unknown }): unknown;",
  ],
  ["(*, a, b, c=3)", "f(named: { a: unknown; b: unknown; c?: unknown }): unknown;"],
  ["(x=1, *, key: str)", "f(x: unknown, named: { key: string }): unknown;"],
  [
    "(x: int = 1, y: int = 2, *, key: str)",
    "f(x: number | undefined, y: number | undefined, named: { key: string }): unknown;",
  ],
  ["(x=1, y)", "f(x: unknown, y: unknown): unknown;"], // in JavaScript
  ["(*args, **kwargs)", "f(...args: unknown[]): unknown;"],
  ["(x, *rest: int, a=3, **kwargs)", "f(x: unknown, ...rest: number[]): unknown;"],
  ["(x, **settings)", "f(x: unknown, named?: { [name: string]: unknown }): unknown;"],
  ["(**settings: float)", "f(named?: { [name: string]: number }): unknown;"],
  ["(*, a: int, **b: str)", "f(named: { a: number; [name: string]: unknown }): unknown;"],
  [
    "(x: float, y: Union[str, int] = 3, *args, key: Optional[List[int]] = None, **kwargs) " +
    "-> Dict[str, float]",
    "f(x: number, y?: string | number, ...args: unknown[]): { [name: string]: number };",
  ],
  ["(named, *, a=1)", "f(named: unknown, named_?: { a?: unknown }): unknown;"],
  [
    "(this, new, new_, await=1)",
    "f(this_: unknown, new_: unknown, new__: unknown, await_?: unknown): unknown;",
  ],
  ["(hello world)", "f(...args: unknown[]): unknown;"],
];

for (const [signature, expected] of METHODS) {
  Deno.test(`a method ${signature} is declared`, () => assertEquals(declared(signature), expected));
}

Deno.test("a method that is a generator is declared as one", () => {
  const attributes = { readings: "(count=1)", other: "(x=", plain: "()" };
  const streams = ["readings", "other"];
  const text = declareService({ name: "AsyncGenerator", language: "", attributes, streams });
  assertStringIncludes(text, "  readings(count?: unknown): AsyncGenerator<unknown>;\n");
  assertStringIncludes(text, "  other(...args: unknown[]): AsyncGenerator<unknown>;\n");
  assertStringIncludes(text, "  plain(): unknown;\n");
  assertStringIncludes(text, "export interface ServiceAsyncGenerator {");
});

const TYPES: [python: string, typescript: string][] = [
  ["int", "number"],
  ["float", "number"],
  ["bool", "boolean"],
  ["str", "string"],
  ["None", "null"],
  ["Any", "unknown"],
  ["complex", "unknown"],
  ["bytes", "unknown"],
  ["numpy.ndarray", "unknown"],
  ["Sample", "unknown"],
  ["constructor", "unknown"],
  ["sample.int", "unknown"],
  ["typing.List[int]", "number[]"],
  ["list[int]", "number[]"],
  ["list", "unknown[]"],
  ["Iterable[str]", "string[]"],
  ["collections.abc.Sequence[str]", "string[]"],
  ["List[Union[int, str]]", "(number | string)[]"],
  ["List[List[int]]", "number[][]"],
  ["Tuple[int, str]", "[number, string]"],
  ["tuple[int, ...]", "number[]"],
  ["Tuple[()]", "[]"],
  ["tuple", "unknown[]"],
  ["Dict[str, float]", "{ [name: string]: number }"],
  ["dict[str, list[int]]", "{ [name: string]: number[] }"],
  ["Mapping", "{ [name: string]: unknown }"],
  ["dict[str]", "{ [name: string]: unknown }"],
  ["Optional[int]", "number | null"],
  ["int | None", "number | null"],
  ["Union[int, float, None]", "number | null"],
  ["Union[int, Sample]", "unknown"],
  ["Optional[Any]", "unknown"],
  ["Literal['a', 'b']", '"a" | "b"'],
  ["Literal[1, -2, True, None]", "1 | -2 | true | null"],
  ["Literal[b'a']", "unknown"],
  ["Literal[Color.RED]", "unknown"],
  ["Callable[..., Any]", "unknown"],
  ["'float'", "number"],
  ["Optional['float']", "number | null"],
  ["'List[int]'", "number[]"],
  ["'not a type'", "unknown"],
  ["Annotated[int, Gt(gt=0)]", "number"],
  ["Awaitable[str]", "string"],
  ["Coroutine[Any, Any, str]", "string"],
  ["List", "unknown[]"],
  ["Optional[]", "unknown"],
];

for (const [python, typescript] of TYPES) {
  Deno.test(`${python} is ${typescript}`, () => {
    assertEquals(declared(`() -> ${python}`), `f(): ${typescript};`);
  });
}

const VALUES: [value: unknown, type: string][] = [
  [3.14, "number"],
  [NaN, "number"],
  ["V", "string"],
  [true, "boolean"],
  [null, "unknown"], // it may have another type later
  [[], "unknown[]"],
  [[1, 2], "number[]"],
  [[1, "a"], "(number | string)[]"],
  [[1, null], "unknown[]"],
  [[[1], [2]], "number[][]"],
  [{}, "{ [name: string]: unknown }"],
  [{ a: 1, "b c": [true] }, '{ a: number; "b c": boolean[] }'],
  [JSON.parse('{"__proto__": 1}'), "{ __proto__: number }"],
  [
    Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index, 1])),
    "{ [name: string]: unknown }",
  ],
];

for (const [value, type] of VALUES) {
  Deno.test(`a constant ${JSON.stringify(value).slice(0, 40)} is declared as ${type}`, () => {
    assertEquals(declared(value), `readonly f: ${type};`);
  });
}

Deno.test("a nested value is declared to a limited depth", () => {
  const deep = JSON.parse("[".repeat(500) + "]".repeat(500));
  assertEquals(declared(deep), "readonly f: unknown[][][][][];");
});

Deno.test("an annotation that is a text within a text is parsed to a limited depth", () => {
  let text = "int";
  for (let times = 0; times < 12; times++) text = JSON.stringify(text);
  assertEquals(declared(`() -> ${text}`), "f(): unknown;");
});

Deno.test("each type of elements is a typed array, an array of other dimensions has its data", () => {
  for (const { dtype, data } of Object.values(KINDS).map((data) => new NdArray(data))) {
    const about = toServiceAbout({
      attributes: {
        read: { result: { array: { dtype } } },
        trace: { result: { array: { dtype } } },
      },
    });
    const text = declareService({
      name: "S",
      language: "any",
      attributes: { read: "()", trace: null },
      about,
    });
    assertStringIncludes(text, `read(): ${data.constructor.name};`);
    assertStringIncludes(text, `readonly trace: ${data.constructor.name};`);
  }
  const shapes = [[], [2, null], [null]];
  const types = shapes.map((shape) =>
    / read\(\): (.*);/.exec(declareService({
      name: "S",
      language: "any",
      attributes: { read: "()" },
      about: toServiceAbout({
        attributes: { read: { result: { array: { dtype: ">i2", shape }, schema: {} } } },
      }),
    }))?.[1]
  );
  const several = "{ readonly data: Int16Array; readonly shape: readonly number[]; " +
    "readonly dtype: string; toList(): unknown }";
  assertEquals(types, [several, several, "Int16Array"]);
});

Deno.test("names that are no identifiers are quoted", () => {
  assertEquals(declared(1, "a-b"), 'readonly "a-b": number;');
  assertEquals(declared("(x)", "a b"), '"a b"(x: unknown): unknown;');
  assertEquals(declared(1, '"\n\u2028\u202e'), 'readonly "\\"\\n\\u{2028}\\u{202e}": number;');
  assertEquals(declared(1, "Ω"), "readonly Ω: number;");
  assertEquals(declared(1, "delete"), "readonly delete: number;");
});

Deno.test("the interface has the name of the service, without the characters that TypeScript does not allow", () => {
  const names: [service: string, type: string][] = [
    ["BasicMath", "BasicMath"],
    ["Python Lab", "PythonLab"],
    ["dmm-3458a", "Dmm3458a"],
    ["any", "Any"],
    ["測量", "測量"],
    ["1st", "Service1st"],
    ["", "Service"],
    ["*/ {", "Service"],
    ["_x", "_x"],
    ["\u0301", "Service\u0301"],
  ];
  for (const [service, type] of names) assertEquals(typeName(service), type);
});

// The text of a service never becomes code

/** The text of a service is in comments and in quotes alone. The rest has to be a declaration. */
function skeleton(text: string): string {
  return text.replaceAll(
    /\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"/g,
    (part) => part[0] === "/" ? "" : '""',
  );
}

/** A member: names and types, without any effect. */
const MEMBER = /^ {2}[\p{ID_Continue}$"(){}[\]:;,?|. -]+;$/u;

const NASTY = fc.constantFrom(
  ..."*/ /* // ` \" ' \\ \n \r \u2028 ${ } { ( ) ; : @ts-nocheck import( </script> \u202e \0 _"
    .split(" "),
);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.oneof(NASTY, fc.string({ maxLength: 3 })), { maxLength: 8 }).map((parts) =>
    parts.join("")
  ),
);
const signature = fc.tuple(text, text, text).map(([a, b, c]) =>
  `(x: Literal[${JSON.stringify(a)}] = ${JSON.stringify(b)}, ${c})`
);
const attributes = fc.dictionary(
  text,
  fc.oneof(signature, text.map((t) => `(${t}`), fc.jsonValue()),
);

Deno.test("no text of a service ends a comment or a quote", () => {
  fc.assert(fc.property(text, text, attributes, (name, language, attributes) => {
    const written = declareService({ name, language, attributes });
    assertEquals(written.match(/[\p{C}\p{Zl}\p{Zp}]/gu)?.filter((one) => one !== "\n") ?? [], []);
    const lines = skeleton(written).split("\n").filter((line) => line.trim() !== "");
    assert(/^export interface [\p{ID_Continue}$]+ \{$/u.test(lines[0]), written);
    assertEquals(lines.at(-1), "}");
    for (const line of lines.slice(1, -1)) assert(MEMBER.test(line), line);
    assertEquals(written.match(/^export /gm)?.length, 1);
  }));
});

Deno.test("a comment ends at its end, and is no directive for a tool", () => {
  const text = declareService({
    name: "*/ import 'x'; /*",
    language: "@ts-nocheck */",
    attributes: { f: "(x='*/ evil(); /*')", g: "(@ts-ignore\n*/" },
  });
  assertStringIncludes(text, '* The service "*\\/ import');
  assertStringIncludes(text, "written in \\u{40}ts-nocheck *\\/.");
  assertStringIncludes(text, "/** `(x='*\\/ evil(); /*')` */\n  f(x?: unknown): unknown;");
  assertStringIncludes(
    text,
    "/** `(\\u{40}ts-ignore\\u{a}*\\/` */\n  g(...args: unknown[]): unknown;",
  );
});
