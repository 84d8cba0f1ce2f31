/** Whatever a method throws, its client gets a text, and what is behind the error. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { describeFailure } from "../../service/failure.ts";

const message = (thrown: unknown) => describeFailure(thrown).message;

Deno.test("the causes of an error are in its message and its traceback", () => {
  const cable = new Error("the cable is loose");
  const port = new TypeError("no port", { cause: cable });
  const error = new ValueError("cannot read the voltage", { cause: port });
  const failure = describeFailure(error);
  assertEquals(
    failure.message,
    "ValueError: cannot read the voltage " +
      "(caused by TypeError: no port; caused by Error: the cable is loose)",
  );
  const lines = failure.traceback.filter((line) => !line.startsWith("at "));
  assertEquals(lines, ["caused by TypeError: no port", "caused by Error: the cable is loose"]);
  assertStringIncludes(failure.traceback.at(-1)!, "at ");
});

Deno.test("a cause whose text is in the message already is told once", () => {
  const cause = new Error("no power");
  const { message, traceback } = describeFailure(new Error("Cannot read: no power", { cause }));
  assertEquals(message, "Error: Cannot read: no power");
  assert(traceback.includes("caused by Error: no power"));
});

Deno.test("the errors of an AggregateError are told, each with its own cause", async () => {
  const second = new RangeError("b", { cause: "a text" });
  const error = await Promise.any([Promise.reject(new Error("a")), Promise.reject(second)])
    .catch((error) => error);
  assertEquals(
    message(error),
    "AggregateError: All promises were rejected (error 1 of 2: Error: a; " +
      "error 2 of 2: RangeError: b; caused by Error: a text)",
  );
});

Deno.test("an object, a text or nothing that is thrown has a text", () => {
  assertEquals(message({ code: 5, at: "port" }), 'Error: {"code":5,"at":"port"}');
  assertEquals(message({ name: "VisaIOError", message: "time-out" }), "VisaIOError: time-out");
  assertEquals(message({ message: "time-out" }), "Error: time-out");
  assertEquals(message([1, 2]), "Error: 1,2");
  assertEquals(message({ toString: () => "as it says" }), "Error: as it says");
  assertEquals(message(Promise.resolve(1)), "Error: [object Promise]");
  assertEquals(message(new Map([[1, 2]])), "Error: [object Map]");
  assertEquals(message(new (class Fault {})()), "Error: [object Fault]");
  assertEquals(message("a text"), "Error: a text");
  assertEquals(message(null), "Error: null");
  assertEquals(message(undefined), "Error: undefined");
  assertEquals(message(new Error("x", { cause: null })), "Error: x (caused by Error: null)");
  assertEquals(
    message(new Error("x", { cause: { code: 5 } })),
    'Error: x (caused by Error: {"code":5})',
  );
  assert(message({ text: "x".repeat(9_999) }).length < 1_100);
});

Deno.test("nothing that is thrown makes the description fail, or endless", () => {
  const refuse = () => {
    throw new Error("no");
  };
  const cycle: Error & { errors?: unknown } = new Error("cycle");
  cycle.cause = cycle;
  cycle.errors = [cycle, { cause: cycle }];
  const many = Array.from({ length: 10_000 }, (_, index) => new Error(`number ${index}`));
  const odd: unknown[] = [
    Object.assign(new Error("x"), { stack: 42 }),
    Object.assign(new Error("x"), { message: 42, name: {}, cause: 1n, errors: 5 }),
    Object.assign(new Error("x"), { errors: { length: 2 ** 50 } }),
    Object.defineProperties(new Error("x"), {
      message: { get: refuse },
      name: { get: refuse },
      stack: { get: refuse },
      cause: { get: refuse },
      errors: { get: refuse },
    }),
    new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse }),
    Proxy.revocable(new Error("x"), {}).proxy,
    Object.create(null),
    Symbol("s"),
    cycle,
    new AggregateError(many),
  ];
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const thrown of [...odd, proxy]) {
    const failure = describeFailure(thrown);
    assertEquals(typeof failure.message, "string");
    assert(failure.message.length < 2_000, failure.message);
    assert(failure.traceback.every((line) => typeof line === "string"));
  }
});
