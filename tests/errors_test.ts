import { assert, assertEquals } from "@std/assert";
import * as errors from "../errors.ts";
import { KeyError, NetworkError, RemoteError, ValueError, wireMessage } from "../errors.ts";

type Made = new (message: string, options?: ErrorOptions) => NetworkError;

/** Every error class that is made with a text and options, by its exported name. */
const CLASSES: [string, Made][] = Object.entries<unknown>(errors).flatMap(([name, value]) =>
  isMade(value) ? [[name, value]] : []
);

function isMade(value: unknown): value is Made {
  return typeof value === "function" && value.prototype instanceof NetworkError &&
    value !== RemoteError;
}

Deno.test("every error is a NetworkError whose name is the name of its class", () => {
  assert(CLASSES.length >= 10);
  for (const [name, Class] of CLASSES) {
    const error = new Class("text");
    assert(error instanceof NetworkError && error instanceof Error);
    assertEquals(error.name, name);
  }
});

Deno.test("no two classes have the same code", () => {
  const codes = CLASSES.map(([_, Class]) => new Class("text").code);
  codes.push(new RemoteError("text").code);
  assertEquals(new Set(codes).size, codes.length);
  for (const code of codes) assert(/^[A-Z_]+$/.test(code), code);
});

Deno.test("every error keeps its cause", () => {
  const cause = new Error("deeper");
  for (const [name, Class] of CLASSES) {
    assertEquals(new Class("text", { cause }).cause === cause, true, name);
  }
  assertEquals(new RemoteError("text", [], { cause }).cause === cause, true);
});

Deno.test("on the wire an error is its class name and its text", () => {
  for (const [name, Class] of CLASSES.filter(([_, Class]) => Class !== KeyError)) {
    assertEquals(wireMessage(new Class("the text")), `${name}: the text`);
  }
  assertEquals(wireMessage(new TypeError("x")), "TypeError: x");
  assertEquals(wireMessage(new RangeError("y")), "RangeError: y");
  assertEquals(wireMessage(new Error("z")), "Error: z");
});

Deno.test("a KeyError shows its text as Python does, in repr form", () => {
  assertEquals(wireMessage(new KeyError("name")), "KeyError: 'name'");
  assertEquals(
    wireMessage(new KeyError("the 'X' service does not exist")),
    `KeyError: "the 'X' service does not exist"`,
  );
});

Deno.test("an error of the user's own class is sent with the name that it has", () => {
  class InstrumentError extends Error {
    override name = "InstrumentError";
  }
  assertEquals(wireMessage(new InstrumentError("no power")), "InstrumentError: no power");
});

Deno.test("whatever is thrown has a text for the wire", () => {
  assertEquals(wireMessage("a text"), "Error: a text");
  assertEquals(wireMessage(undefined), "Error: undefined");
  assertEquals(wireMessage(null), "Error: null");
  assertEquals(wireMessage(42), "Error: 42");
  assertEquals(wireMessage(Symbol("s")), "Error: Symbol(s)");
});

Deno.test("a RemoteError keeps the text it came with, also when it is passed on", () => {
  const error = new RemoteError("ValueError: too high", ["at line 1"]);
  assertEquals(error.message, "ValueError: too high");
  assertEquals(error.traceback, ["at line 1"]);
  assertEquals(error.name, "RemoteError");
  assertEquals(wireMessage(error), "ValueError: too high");
});

Deno.test("a RemoteError knows the name of the class on the other side, if one was sent", () => {
  const names = [
    ["ValueError: too high", "ValueError"],
    ["KeyError: \"the 'X': gone\"", "KeyError"],
    ["pyvisa.errors.VisaIOError: VI_ERROR_TMO: timeout", "pyvisa.errors.VisaIOError"],
    ["ValueError: ", "ValueError"],
    ["something went wrong", ""],
    ["something went wrong: badly", ""],
    [": nothing before it", ""],
    ["NoColon", ""],
    ["", ""],
  ];
  for (const [message, name] of names) assertEquals(new RemoteError(message).remoteName, name);
});

Deno.test("a RemoteError without a traceback has an empty one", () => {
  assertEquals(new RemoteError("ValueError: x").traceback, []);
});

Deno.test("the text of an error of ours is not changed", () => {
  assertEquals(new ValueError("it's \n 'so'").message, "it's \n 'so'");
});

Deno.test("whatever is thrown has a text, also what cannot be made one", () => {
  const nothing = Object.create(null);
  const hostile = Object.assign(new Error("x"), { name: nothing });
  for (const thrown of [nothing, hostile]) {
    assertEquals(wireMessage(thrown), "Error: what was thrown cannot be shown as text");
  }
  assertEquals(wireMessage(undefined), "Error: undefined");
});

Deno.test("an error goes by the name that it was given, or else by that of its class", () => {
  class InstrumentError extends Error {}
  class RangeFault extends TypeError {
    override name = "Range fault";
  }
  class Deeper extends InstrumentError {}
  class Anonymous extends ValueError {}
  for (
    const [error, text] of [
      [new InstrumentError("x"), "InstrumentError: x"],
      [new RangeFault("x"), "Range fault: x"],
      [new Deeper("x"), "Deeper: x"],
      [new Anonymous("x"), "ValueError: x"],
      [new TypeError("x"), "TypeError: x"],
      [new (class extends Error {})("x"), "Error: x"],
      [new DOMException("x", "AbortError"), "AbortError: x"],
    ] as const
  ) {
    assertEquals(wireMessage(error), text);
  }
});
