import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { captureCaller, forCaller, framesOfUser, placeOf, showCaller } from "../../base/caller.ts";
import { isOwnModule } from "../../base/own_modules.ts";
import { ValueError } from "../../errors.ts";
import { sourceFiles } from "../support/source_tree.ts";

const ROOT = new URL("../../", import.meta.url).href;

/** An error that looks as if the package had made it. */
function ofPackage<E extends Error>(error: E): E {
  const stack = `${error.name}: ${error.message}\n    at dial (${ROOT}net/dial.ts:4:2)`;
  Object.defineProperty(error, "stack", { get: () => stack, configurable: true });
  return error;
}

Deno.test("every module of the package is known as one, and a file of a user beside it is not", () => {
  for (const file of sourceFiles()) assert(isOwnModule(`${ROOT}${file}:3:5`), file);
  const others = [
    "calculator.ts:1:1",
    "tests/mod_test.ts:1:1",
    "examples/echo.ts:1:1",
    "my/base/x.ts",
  ];
  for (const file of others) assert(!isOwnModule(ROOT + file), file);
  assert(!isOwnModule("https://example.org/client.ts:1:1"));
  const root = "https://jsr.io/@msl/network/1.0.0/"; // a package of JSR, and one that npm has
  assert(isOwnModule(`${root}client/link.ts:3:5`, root));
  const npm = "file:///lab/node_modules/@jsr/msl__network/";
  assert(isOwnModule(`${npm}client/link.js:3:5`, npm));
  assert(!isOwnModule("file:///lab/client/link.js:3:5", npm));
});

Deno.test("the modules of another place of the same names are not ours", () => {
  const stack = "Error\n    at f (https://jsr.io/@other/network/1.0.0/client.ts:3:5)";
  assertEquals(placeOf(stack), "https://jsr.io/@other/network/1.0.0/client.ts:3:5");
});

Deno.test("frames of the package and of the runtime are left out, with those that belong to them", () => {
  const stack = [
    "Error: x",
    "    at Requests.#make (" + ROOT + "client/requests.ts:3:5)",
    "    at Array.map (<anonymous>)",
    "    at read (file:///lab (old)/main.ts:2:3)",
    "    at async Promise.all (index 0)",
    "    at async file:///lab/main.ts:9:1",
    "    at Object.runMicrotasks (ext:core/01_core.js:1:1)",
    "    at node:internal/process:1:1",
  ].join("\n");
  assertEquals(framesOfUser(stack), [
    "    at read (file:///lab (old)/main.ts:2:3)",
    "    at async Promise.all (index 0)",
    "    at async file:///lab/main.ts:9:1",
  ]);
  assertEquals(placeOf(stack), "file:///lab (old)/main.ts:2:3");
  assertEquals(
    placeOf("Error: x\n    at async file:///lab/main.ts:9:1"),
    "file:///lab/main.ts:9:1",
  );
  assertEquals(placeOf(undefined), undefined);
});

Deno.test("the stack of an error has its message, the caller, and the traceback of the other side", () => {
  function measure(): Error {
    const remote = { of: "the 'DMM' service", lines: ["at DMM.read (dmm.ts:1:1)", "two\nlines"] };
    return showCaller(ofPackage(new ValueError("too large")), captureCaller(), remote);
  }
  const lines = measure().stack!.split("\n");
  assertEquals(lines[0], "ValueError: too large");
  assertStringIncludes(lines[1], "at measure (");
  assertStringIncludes(lines[1], "tests/base/caller_test.ts:");
  assertEquals(lines.slice(-4), [
    "The traceback of the 'DMM' service:",
    "    at DMM.read (dmm.ts:1:1)",
    "    two",
    "    lines",
  ]);
});

Deno.test("a remote traceback cannot move the cursor, and is cut", () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `\x1b[2Jline ${index}`);
  const error = showCaller(ofPackage(new Error("x")), undefined, { of: "the Manager", lines });
  const shown = error.stack!.split("\n");
  assertEquals(shown.length, 103);
  assertEquals(shown[2], "    \\u{1b}[2Jline 0");
  assertEquals(shown.at(-1), "    ... and 900 more lines");
});

Deno.test("an error that the program has made keeps its stack, and so does one that it has set", () => {
  const own = new Error("of the program");
  const before = own.stack;
  assertEquals(showCaller(own, captureCaller()).stack, before);
  const set = new Error("x");
  set.stack = "what I want";
  assertEquals(showCaller(set, captureCaller()).stack, "what I want");
  const frozen = Object.freeze(new Error("x"));
  assert(showCaller(frozen, captureCaller()).stack !== undefined);
  for (const value of [null, 1, "text", { stack: 1 }]) {
    assertEquals(showCaller(value, undefined), value);
  }
});

Deno.test("the stack of an error can still be set", () => {
  const error = showCaller(ofPackage(new Error("x")), captureCaller());
  error.stack = "mine";
  assertEquals(error.stack, "mine");
});

Deno.test("a cause has no frames of the package, also in a cycle", () => {
  const cause = ofPackage(new Error("refused"));
  const error = ofPackage(new Error("x", { cause }));
  cause.cause = error;
  showCaller(error, captureCaller());
  assertStringIncludes(cause.stack!, "Error: refused\n    at ");
  assert(!cause.stack!.includes("net/dial.ts"), cause.stack);
});

Deno.test("a program that has turned stacks off has no callers, and keeps its limit", () => {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
    assertEquals(captureCaller(), undefined);
    Error.stackTraceLimit = 1;
    const caller = captureCaller();
    assertEquals(Error.stackTraceLimit, 1);
    assertEquals(framesOfUser(caller?.stack).length >= 1, true);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});

Deno.test("an asynchronous function of the package fails where the program has called it", async () => {
  async function experiment(): Promise<void> {
    await Promise.resolve();
    await forCaller(() => Promise.reject(ofPackage(new ValueError("no"))));
  }
  const error = await experiment().then(() => undefined, (reason) => reason);
  assertStringIncludes(error.stack, "ValueError: no\n    at experiment (");
});
