import { assertEquals } from "@std/assert";
import { KeyError, PermissionError, RemoteError, ValueError } from "../../errors.ts";
import { isUnexpected } from "../../service/failure_log.ts";
import { toError } from "../../service/worker.ts";
import { Signature } from "../../wire/signature.ts";

/** What a function throws. */
function thrownBy(failing: () => unknown): unknown {
  try {
    return failing();
  } catch (error) {
    return error;
  }
}

class OverRange extends RangeError {}
class InstrumentError extends Error {}
class Named extends Error {
  override name = "TimeoutError";
}

Deno.test("what a method throws on purpose is expected", () => {
  const signature = Signature.of((x: number) => x);
  const expected: unknown[] = [
    new ValueError("x"),
    new KeyError("x"),
    new PermissionError("x"),
    new RemoteError("TypeError: of another Service"),
    new Error("no power"),
    new OverRange("x"),
    new InstrumentError("x"),
    new Named("x"),
    "a text",
    undefined,
    { name: "TypeError", message: "no error" },
    thrownBy(() => signature.bind("f", [1, 2], {})),
    toError({ state: "failed", text: "OverRange: x", stack: undefined }),
    new Proxy({}, { get: () => thrownBy(() => null!) }),
  ];
  for (const thrown of expected) assertEquals(isUnexpected(thrown), false, Deno.inspect(thrown));
});

Deno.test("errors of JavaScript, of Deno and of Node are unexpected", () => {
  const missing = undefined as unknown as { reading: number };
  const unexpected: unknown[] = [
    thrownBy(() => missing.reading),
    thrownBy(() => new Array(-1)),
    thrownBy(() => JSON.parse("{")),
    thrownBy(() => decodeURIComponent("%")),
    thrownBy(() => structuredClone(() => {})),
    thrownBy(() => Deno.readTextFileSync("/there/is/no/such/file")),
    thrownBy(() => new URL("no url")),
    new ReferenceError("x"),
    new AggregateError([], "x"),
    toError({ state: "failed", text: "TypeError: x", stack: undefined }),
  ];
  for (const thrown of unexpected) assertEquals(isUnexpected(thrown), true, Deno.inspect(thrown));
});

Deno.test("an error whose getters throw does no harm", () => {
  const error = new TypeError("x");
  Object.defineProperty(error, "name", { get: () => thrownBy(() => null!) });
  Object.defineProperty(error, "constructor", {
    get() {
      throw new Error("y");
    },
  });
  assertEquals(isUnexpected(error), false);
});
