import { assert, assertEquals } from "@std/assert";
import * as errors from "../errors.ts";
import {
  addHint,
  KeyError,
  NetworkError,
  RemoteError,
  shownMessage,
  ValueError,
  wireMessage,
} from "../errors.ts";

type ErrorClass = new (message: string, options?: ErrorOptions) => NetworkError;

/** Every error class whose constructor takes a text and options, by its exported name. */
const CLASSES: [string, ErrorClass][] = Object.entries<unknown>(errors).flatMap(([name, value]) =>
  isErrorClass(value) ? [[name, value]] : []
);

function isErrorClass(value: unknown): value is ErrorClass {
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

Deno.test("on the wire an error is its class name and its message", () => {
  for (const [name, Class] of CLASSES.filter(([_, Class]) => Class !== KeyError)) {
    assertEquals(wireMessage(new Class("the text")), `${name}: the text`);
  }
  assertEquals(wireMessage(new TypeError("x")), "TypeError: x");
  assertEquals(wireMessage(new RangeError("y")), "RangeError: y");
  assertEquals(wireMessage(new Error("z")), "Error: z");
});

Deno.test("the text of a KeyError is in repr form, as in Python", () => {
  assertEquals(wireMessage(new KeyError("name")), "KeyError: 'name'");
  assertEquals(
    wireMessage(new KeyError("the 'X' service does not exist")),
    `KeyError: "the 'X' service does not exist"`,
  );
});

Deno.test("an error of a user's own class is sent with its name", () => {
  class InstrumentError extends Error {
    override name = "InstrumentError";
  }
  assertEquals(wireMessage(new InstrumentError("no power")), "InstrumentError: no power");
});

Deno.test("any value that is thrown has a text for the wire", () => {
  assertEquals(wireMessage("a text"), "Error: a text");
  assertEquals(wireMessage(undefined), "Error: undefined");
  assertEquals(wireMessage(null), "Error: null");
  assertEquals(wireMessage(42), "Error: 42");
  assertEquals(wireMessage(Symbol("s")), "Error: Symbol(s)");
});

Deno.test("a RemoteError keeps the text that was received, also when it is sent again", () => {
  const error = new RemoteError("ValueError: too high", ["at line 1"]);
  assertEquals(error.message, "ValueError: too high");
  assertEquals(error.traceback, ["at line 1"]);
  assertEquals(error.name, "RemoteError");
  assertEquals(wireMessage(error), "ValueError: too high");
});

Deno.test("a RemoteError has the name of the class on the other side, if one was sent", () => {
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

Deno.test("the text of an error is not changed", () => {
  assertEquals(new ValueError("it's \n 'so'").message, "it's \n 'so'");
});

Deno.test("a thrown value that cannot be converted to text has a fixed text for the wire", () => {
  const nothing = Object.create(null);
  const hostile = Object.assign(new Error("x"), { name: nothing });
  for (const thrown of [nothing, hostile]) {
    assertEquals(wireMessage(thrown), "Error: what was thrown cannot be shown as text");
  }
  assertEquals(wireMessage(undefined), "Error: undefined");
});

Deno.test("a hint is shown to a person, and not sent", () => {
  const error = new RemoteError("TypeError: f() takes 2 arguments");
  addHint(error, "Call it as f(x)", "TypeError: f() takes 1 argument");
  assertEquals(shownMessage(error), "TypeError: f() takes 1 argument. Call it as f(x)");
  assertEquals(wireMessage(error), "TypeError: f() takes 2 arguments");
  assertEquals(shownMessage(new ValueError("x")), "ValueError: x");
  assertEquals(shownMessage("x"), "Error: x");
});

Deno.test("the name of an error is its own name, or else that of its class", () => {
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
