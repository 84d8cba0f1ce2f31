import { assertEquals } from "@std/assert";
import { argumentsOf, type Input, inputsOf, valueOf } from "../../../web/page/inputs.ts";
import type { ParameterAbout } from "../../../wire/about.ts";

/** The inputs of a signature, with what the service says of its parameters. */
function inputs(signature: string, ...parameters: ParameterAbout[]): Input[] {
  return inputsOf(signature, { parameters });
}

/** The kind of the first input. */
function kind(signature: string, ...parameters: ParameterAbout[]): string {
  return inputs(signature, ...parameters)[0].kind;
}

/** What a text stands for in the first input of a signature. */
function read(signature: string, text: string, ...parameters: ParameterAbout[]): unknown {
  const outcome = valueOf(inputs(signature, ...parameters)[0], text);
  return outcome.state === "value" ? outcome.value : outcome;
}

Deno.test("the kind of an input comes from the schema, then the annotation, then the default", () => {
  assertEquals(kind("(x: str)", { name: "x", schema: { type: "integer" } }), "integer");
  assertEquals(kind("(x)", { name: "x", schema: { type: ["number", "null"] } }), "number");
  assertEquals(kind("(x)", { name: "x", schema: { enum: ["a", "b"] } }), "choice");
  assertEquals(
    kind("(x)", { name: "x", schema: { anyOf: [{ const: 1 }, { const: 2 }] } }),
    "choice",
  );
  assertEquals(
    kind("(x)", { name: "x", schema: { anyOf: [{ type: "number" }, { enum: ["a"] }] } }),
    "json",
  );
  assertEquals(kind("(x)", { name: "x", schema: { type: "array" } }), "json");
  assertEquals(kind("(x: float)"), "number");
  assertEquals(kind("(x: int | float)"), "number");
  assertEquals(kind("(x: Optional[int] = None)"), "integer");
  assertEquals(kind("(x: Literal['a', 'b'])"), "choice");
  assertEquals(kind("(x: bool)"), "boolean");
  assertEquals(kind("(x: list[int])"), "json");
  assertEquals(kind("(x=True)"), "boolean");
  assertEquals(kind("(x)"), "json");
});

Deno.test("a schema of any form makes an input", () => {
  for (
    const schema of [{}, { type: 1 }, { enum: 1 }, { anyOf: [1, null] }, { type: [] }, {
      anyOf: [],
    }]
  ) {
    assertEquals(kind("(x)", { name: "x", schema }), "json");
  }
});

Deno.test("a method without a signature that can be read takes any arguments", () => {
  assertEquals(inputs("(what is this").map(({ name, place }) => [name, place]), [
    ["args", "rest"],
    ["kwargs", "others"],
  ]);
});

Deno.test("a number is read with its special values, a decimal comma, and its limits", () => {
  const schema = { type: "number", minimum: 0, maximum: 10 };
  const say = (text: string) => read("(x)", text, { name: "x", schema });
  assertEquals(say("2.5"), 2.5);
  assertEquals(say(" 2,5 "), 2.5);
  assertEquals(say("1e-3"), 0.001);
  assertEquals(say("-1"), { state: "invalid", reason: "The lowest value is 0" });
  assertEquals(say("11"), { state: "invalid", reason: "The highest value is 10" });
  assertEquals(say("hot"), { state: "invalid", reason: "Enter a number" });
  assertEquals(read("(x: float)", "NaN"), NaN);
  assertEquals(read("(x: float)", "-inf"), -Infinity);
  assertEquals(read("(x: int)", "2.5"), { state: "invalid", reason: "Enter an integer" });
  assertEquals(read("(x: int)", "12345678901234567890"), 12345678901234567890n);
});

Deno.test("a text is what was entered; two quotes are an empty one", () => {
  assertEquals(read("(x: str)", " 1.5 "), " 1.5 ");
  assertEquals(read("(x: str)", '""'), "");
  assertEquals(read("(x: str)", ""), { state: "absent" });
});

Deno.test("arrays and objects are JSON, with a reason if they are not", () => {
  assertEquals(read("(x)", "[1, 2]"), [1, 2]);
  assertEquals(read("(x)", "volts"), "volts");
  assertEquals(read("(x)", '"5"'), "5");
  const outcome = read("(x)", "[1, 2") as { reason: string };
  assertEquals(outcome.reason.startsWith("This is not JSON: "), true);
  assertEquals(read("(*x)", "{}"), { state: "invalid", reason: "Enter an array, e.g. [1, 2]" });
  assertEquals(read("(**x)", "[]"), { state: "invalid", reason: 'Enter an object, e.g. {"n": 1}' });
});

Deno.test("an argument after one that is left out is given by its name", () => {
  const all = inputs("(x: int, n: int = 2, m: int = 3, *rest, key: str = 'a', **others)");
  const call = (texts: Record<string, string>) => argumentsOf(all, texts);
  assertEquals(call({ x: "1" }), { state: "ready", args: [1], kwargs: {} });
  assertEquals(call({ x: "1", n: "2", key: "b" }), {
    state: "ready",
    args: [1, 2],
    kwargs: { key: "b" },
  });
  assertEquals(call({ x: "1", m: "5" }), { state: "ready", args: [1], kwargs: { m: 5 } });
  assertEquals(call({ x: "1", n: "2", m: "3", rest: "[4, 5]", others: '{"y": 6}' }), {
    state: "ready",
    args: [1, 2, 3, 4, 5],
    kwargs: { y: 6 },
  });
  assertEquals(call({}), { state: "invalid", problems: new Map([["x", "Enter a value"]]) });
});

Deno.test("a name of JavaScript itself is a name like any other", () => {
  const all = inputs("(constructor, *, __proto__=1, toString=2)");
  const entered = argumentsOf(all, { constructor: "1", ["__proto__"]: "5" });
  assertEquals(entered.state, "ready");
  if (entered.state === "ready") {
    assertEquals(entered.args, [1]);
    assertEquals(Object.entries(entered.kwargs), [["__proto__", 5]]);
  }
});

Deno.test("the form says which array of numbers a parameter is", () => {
  const about = { name: "x", array: { dtype: "<f8", shape: [null, 3] } };
  assertEquals(
    inputs("(x)", about)[0].description,
    "A list, as JSON: an array of <f8, any x 3",
  );
  assertEquals(inputs("(x)", { ...about, description: "volts" })[0].description, "volts");
});
