import { assert, assertEquals, assertThrows } from "@std/assert";
import { Kwargs, kwargs, MarkedOptions, options, splitArguments } from "../../wire/call.ts";

Deno.test("arguments without marks are positional, whatever they are", () => {
  const parameters = [1, { n: 3 }, { timeout: 5 }, undefined, null, [2]];
  assertEquals(splitArguments(parameters), { args: parameters, kwargs: {}, options: {} });
  assertEquals(splitArguments([]), { args: [], kwargs: {}, options: {} });
});

Deno.test("keyword arguments and options are last, in either order", () => {
  const expected = { args: [1, 2], kwargs: { n: 3 }, options: { timeout: 5_000 } };
  assertEquals(splitArguments([1, 2, kwargs({ n: 3 }), options({ timeout: 5_000 })]), expected);
  assertEquals(splitArguments([1, 2, options({ timeout: 5_000 }), kwargs({ n: 3 })]), expected);
});

Deno.test("a call may have keyword arguments only, or options only", () => {
  assertEquals(splitArguments([kwargs({ n: 3 })]), { args: [], kwargs: { n: 3 }, options: {} });
  assertEquals(splitArguments([options({ timeout: 1 })]), {
    args: [],
    kwargs: {},
    options: { timeout: 1 },
  });
});

Deno.test("several marked objects are merged, and the last one wins", () => {
  const { signal } = new AbortController();
  const call = splitArguments([
    0,
    kwargs({ a: 1, b: 1 }),
    options({ timeout: 1 }),
    kwargs({ b: 2 }),
    options({ timeout: 2, signal }),
  ]);
  assertEquals(call, {
    args: [0],
    kwargs: { a: 1, b: 2 },
    options: { timeout: 2, signal },
  });
});

Deno.test("a keyword argument may have any name", () => {
  const named: Record<string, unknown> = JSON.parse('{"__proto__": 1, "constructor": 2}');
  const { kwargs: taken } = splitArguments([kwargs(named)]);
  assertEquals(Object.entries(taken), [["__proto__", 1], ["constructor", 2]]);
  assertEquals(Object.getPrototypeOf(taken) === Object.prototype, true);
});

Deno.test("splitting the arguments does not change the marked objects", () => {
  const named = Object.freeze({ n: 3 });
  const wait = Object.freeze({ timeout: 3 });
  const parameters = Object.freeze([1, kwargs(named), options(wait), kwargs({ m: 4 })]);
  splitArguments(parameters);
  assertEquals(named, { n: 3 });
  assertEquals(wait, { timeout: 3 });
  assertEquals(parameters.length, 4);
});

Deno.test("the marks are classes of their own", () => {
  assert(kwargs({}) instanceof Kwargs);
  assert(options({}) instanceof MarkedOptions);
  assertEquals(kwargs({ n: 3 }).named, { n: 3 });
  const { signal } = new AbortController();
  assertEquals(options({ signal }).options.signal === signal, true);
});

for (const timeout of [0, -1, NaN, -Infinity]) {
  Deno.test(`a timeout of ${timeout} ms is rejected with the value`, () => {
    const error: Error = assertThrows(() => options({ timeout }), RangeError);
    assertEquals(
      error.message,
      `Cannot call: timeout must be a positive number of milliseconds, got ${timeout}`,
    );
  });
}

Deno.test("a call without a timeout has no limit", () => {
  assertEquals(options({}).options.timeout, undefined);
  assertEquals(options({ timeout: undefined }).options.timeout, undefined);
});
