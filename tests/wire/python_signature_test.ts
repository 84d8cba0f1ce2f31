/** Signatures as Python and this package write them. */

import { assert, assertEquals } from "@std/assert";
import {
  type Annotation,
  parseAnnotation,
  parseSignature,
  type PythonParameter,
} from "../../wire/python_signature.ts";
import { repr } from "../../base/repr.ts";
import fc from "../support/properties.ts";

function name(name: string): Annotation {
  return { form: "name", name };
}

function parameters(text: string): PythonParameter[] {
  const signature = parseSignature(text);
  assert(signature, `${text} was not parsed`);
  return signature!.parameters;
}

/** Each as `form name`, with `=` if it has a default. */
function forms(text: string): string[] {
  return parameters(text).map(({ form, name, defaultText }) =>
    `${form} ${name}${defaultText === undefined ? "" : "="}`
  );
}

Deno.test("parameters are positional, keyword-only, *rest and **others", () => {
  assertEquals(forms("()"), []);
  assertEquals(forms("(x, n=2)"), ["plain x", "plain n="]);
  assertEquals(forms("(channel, *, range=10, nplc=None)"), [
    "plain channel",
    "keyword range=",
    "keyword nplc=",
  ]);
  assertEquals(forms("(*args, **kwargs)"), ["rest args", "others kwargs"]);
  assertEquals(forms("(x, n=2, *rest, a=3, **kwargs)"), [
    "plain x",
    "plain n=",
    "rest rest",
    "keyword a=",
    "others kwargs",
  ]);
  assertEquals(forms("(a, /, b, *, c)"), ["plain a", "plain b", "keyword c"]);
  assertEquals(forms("(Ω, $x=1, _y=...)"), ["plain Ω", "plain $x=", "plain _y="]);
});

Deno.test("annotations are parsed as expressions", () => {
  const text = "(x: float, y: Union[str, int] = 3, *args, key: Optional[List[int]] = None, " +
    "**kwargs) -> Dict[str, float]";
  const signature = parseSignature(text)!;
  assertEquals(signature.parameters.map(({ annotation }) => annotation), [
    name("float"),
    { form: "subscript", of: name("Union"), items: [name("str"), name("int")] },
    undefined,
    {
      form: "subscript",
      of: name("Optional"),
      items: [{ form: "subscript", of: name("List"), items: [name("int")] }],
    },
    undefined,
  ]);
  assertEquals(signature.returns, {
    form: "subscript",
    of: name("Dict"),
    items: [name("str"), name("float")],
  });
});

const ANNOTATIONS: [text: string, annotation: Annotation][] = [
  ["numpy.ndarray", name("numpy.ndarray")],
  ["int | None", { form: "union", members: [name("int"), name("None")] }],
  ["(int | None)", { form: "union", members: [name("int"), name("None")] }],
  ["'Sample'", { form: "text", value: "Sample" }],
  ["ForwardRef('Sample')", { form: "text", value: "Sample" }],
  ["typing.ForwardRef('Sample', module='x')", { form: "text", value: "Sample" }],
  [`"it's"`, { form: "text", value: "it's" }],
  [`'\\n\\x41\\u00b5\\U0001F600\\'\\\\'`, { form: "text", value: "\nAµ😀'\\" }],
  [`'\\U00110000'`, { form: "text", value: "\\U00110000" }],
  ["r'a\\n'", { form: "text", value: "a\\n" }],
  ["b'a'", { form: "other" }],
  ["-1_000", { form: "number", value: -1000 }],
  ["1e-7", { form: "number", value: 1e-7 }],
  ["0x10", { form: "number", value: 16 }],
  ["1j", { form: "other" }],
  ["...", { form: "other" }],
  ["~T", { form: "other" }],
  ["<class 'int'>", { form: "other" }],
  ["<a <b> it's>", { form: "other" }],
  ["f(1, x=[2, 'a'])", { form: "other" }],
  ["Callable[[int, str], None]", {
    form: "subscript",
    of: name("Callable"),
    items: [{ form: "other" }, name("None")],
  }],
  ["Tuple[()]", { form: "subscript", of: name("Tuple"), items: [{ form: "other" }] }],
  ["Literal['a,]', 1, True,]", {
    form: "subscript",
    of: name("Literal"),
    items: [{ form: "text", value: "a,]" }, { form: "number", value: 1 }, name("True")],
  }],
];

for (const [text, annotation] of ANNOTATIONS) {
  Deno.test(`the annotation ${text} is parsed`, () =>
    assertEquals(parseAnnotation(text), annotation));
}

Deno.test("a default may be anything whose brackets and quotes are closed", () => {
  const defaults = [
    "3",
    "-1.5e-7",
    "'a, b) -> c'",
    `"it's ["`,
    "'\\''",
    "b'a'",
    "(1, 'x', [2])",
    "{'a': {1, 2}, 'b': (3,)}",
    "<object object at 0x7f>",
    "<Color.RED: 1>",
    "<function <lambda> at 0x7f>",
    "<it's, a )>",
    "datetime.timedelta(seconds=1)",
    "array([1, 2])",
    "...",
    "{}",
  ];
  for (const text of defaults) {
    assertEquals(forms(`(a=${text}, b: int = ${text}, *, c=${text}) -> d`), [
      "plain a=",
      "plain b=",
      "keyword c=",
    ], text);
  }
});

Deno.test("a text that is no signature is not parsed as one", () => {
  const texts = [
    "",
    "x",
    "(",
    "(x",
    "(x))",
    "(x y)",
    "(hello world)",
    "(x=)",
    "(x: )",
    "(x='a)",
    "(x=[1)",
    "(x=(1])",
    "(x=<a)",
    "(,)",
    "(x,,y)",
    "(*, *a)",
    "(*a, *b)",
    "(**a, b)",
    "(/)",
    "(x, x)",
    "(x, *x)",
    "(x) ->",
    "(x) -> int int",
    "(x) -> List[int",
    "(1)",
    "(a-b)",
    "(x: -a)",
    "(x: 1.a.b c)",
  ];
  for (const text of texts) assertEquals(parseSignature(text), undefined, text);
});

Deno.test("a text that is too long or too deep is not parsed, and does not overflow the stack", () => {
  const nested = (depth: number) => `(x: ${"List[".repeat(depth)}int${"]".repeat(depth)})`;
  assert(parseSignature(nested(50)));
  assertEquals(parseSignature(nested(70)), undefined);
  assertEquals(parseSignature(nested(2_000)), undefined);
  assertEquals(parseSignature(`(x='${"a".repeat(20_000)}')`), undefined);
  assert(parseSignature(`(x=${"[".repeat(5_000)}${"]".repeat(5_000)})`)); // only skipped
  assertEquals(parseSignature(`(x=${"<".repeat(10_000)})`), undefined);
});

const words = fc.constantFrom("int", "str", "typing.Any", "None", "Ω");
const { annotation } = fc.letrec<{ annotation: Annotation }>((tie) => ({
  annotation: fc.oneof(
    { maxDepth: 4 },
    words.map(name),
    fc.string().map((value): Annotation => ({ form: "text", value })),
    fc.integer().map((value): Annotation => ({ form: "number", value })),
    fc.record({
      form: fc.constant("subscript" as const),
      of: words.map(name),
      items: fc.array(tie("annotation"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      form: fc.constant("union" as const),
      members: fc.array(
        tie("annotation").filter(({ form }) => form !== "union"),
        { minLength: 2, maxLength: 3 },
      ),
    }),
  ),
}));

function show(annotation: Annotation): string {
  switch (annotation.form) {
    case "name":
      return annotation.name;
    case "text":
      return repr(annotation.value);
    case "number":
      return String(annotation.value);
    case "subscript":
      return `${show(annotation.of)}[${annotation.items.map(show).join(", ")}]`;
    case "union":
      return annotation.members.map(show).join(" | ");
    default:
      return "...";
  }
}

Deno.test("every annotation is parsed as it was written", () => {
  fc.assert(fc.property(annotation, (annotation) => {
    assertEquals(parseAnnotation(show(annotation)), annotation);
    const text = `(x: ${show(annotation)} = 1, *, y=${show(annotation)}) -> ${show(annotation)}`;
    assertEquals(parseSignature(text), {
      parameters: [
        { form: "plain", name: "x", annotation, defaultText: "1" },
        {
          form: "keyword",
          name: "y",
          annotation: undefined,
          defaultText: show(annotation),
        },
      ],
      returns: annotation,
    });
  }));
});

Deno.test("no text throws an error", () => {
  const pieces = fc.constantFrom(..."()[]{}<>*/,:=|.-~'\"\\ \n", "x", "->", "**", "int", "1");
  const text = fc.oneof(fc.string(), fc.array(pieces).map((pieces) => `(${pieces.join("")})`));
  fc.assert(fc.property(text, (text) => {
    const signature = parseSignature(text);
    if (signature) assert(text.trimStart().startsWith("("));
    parseAnnotation(text);
  }));
});
