import { assert, assertEquals, assertThrows } from "@std/assert";
import { Kwargs } from "../../wire/call.ts";
import { Signature } from "../../wire/signature.ts";
import fc from "../support/properties.ts";

/** Methods with every form of parameters; each returns its arguments. */
class Lab {
  #secret = 7;

  none(): unknown[] {
    return [];
  }
  add(x: unknown, y: unknown): unknown[] {
    return [x, y];
  }
  three(x: unknown, y: unknown, z: unknown): unknown[] {
    return [x, y, z];
  }
  power(x: unknown, n: unknown = 2): unknown[] {
    return [x, n];
  }
  optional(x: unknown = 1): unknown[] {
    return [x];
  }
  configure(channel: unknown, { range = 10, nplc }: { range?: unknown; nplc?: unknown } = {}) {
    return [channel, range, nplc];
  }
  required({ a, b, c = 3 }: { a: unknown; b: unknown; c?: unknown }): unknown[] {
    return [a, b, c];
  }
  open(x: unknown, { a = 1, ...others }: { a?: unknown; [name: string]: unknown } = {}) {
    return [x, a, others];
  }
  echo(...args: unknown[]): unknown[] {
    return args;
  }
  first(x: unknown, ...rest: unknown[]): unknown[] {
    return [x, rest];
  }
  everything(x: unknown, n: unknown = 2, { a = 3 } = {}, ...rest: unknown[]): unknown[] {
    return [x, n, a, rest];
  }
  hidden(x: number): number {
    return this.#secret + x;
  }
  hasSecret(other: object): boolean {
    return #secret in other;
  }
}

type MethodName = Exclude<keyof Lab, symbol | number>;

const lab = new Lab();

/** The arguments of a method of Lab for a request with these arguments. */
function call(
  name: MethodName,
  args: readonly unknown[] = [],
  kwargs: Record<string, unknown> = {},
): unknown {
  const method = lab[name];
  return Reflect.apply(method, lab, Signature.of(method).bind(`Lab.${name}`, args, kwargs));
}

/** The text of the TypeError for arguments that do not fit. */
function errorOf(
  name: MethodName,
  args: readonly unknown[] = [],
  kwargs: Record<string, unknown> = {},
): string {
  const error: TypeError = assertThrows(() => call(name, args, kwargs), TypeError);
  return error.message;
}

function shown(name: MethodName): string {
  return Signature.of(lab[name]).toString();
}

// deno-lint-ignore ban-types -- as Signature.of
function show(method: Function): string {
  return Signature.of(method).toString();
}

// How it is shown

const SHOWN: readonly [name: MethodName, text: string][] = [
  ["none", "()"],
  ["add", "(x, y)"],
  ["power", "(x, n=2)"],
  ["optional", "(x=1)"],
  ["configure", "(channel, *, range=10, nplc=None)"],
  ["required", "(*, a, b, c=3)"],
  ["open", "(x, *, a=1, **others)"],
  ["echo", "(*args, **kwargs)"],
  ["first", "(x, *rest, **kwargs)"],
  ["everything", "(x, n=2, *rest, a=3, **kwargs)"],
];

for (const [name, text] of SHOWN) {
  Deno.test(`the parameters of ${name} are shown as ${text}`, () =>
    assertEquals(shown(name), text));
}

Deno.test("a destructured object with nothing but a rest element is shown as that element", () => {
  assertEquals(show(({ ...settings }) => settings), "(**settings)");
  assertEquals(show((x: unknown, { ...settings } = {}) => [x, settings]), "(x, **settings)");
});

Deno.test("a member that is renamed or quoted is shown with the name that a caller uses", () => {
  assertEquals(
    show(({ range: r = 10, "a-b": ab }: { range?: number; "a-b": number }) => [r, ab]),
    "(*, range=10, a-b)",
  );
});

Deno.test("a destructured array is one positional parameter", () => {
  const method = (x: unknown, [a, b]: unknown[]) => [x, a, b];
  assertEquals(show(method), "(x, arg1)");
  assertEquals(Signature.of(method).bind("f", [1, [2, 3]], {}), [1, [2, 3]]);
});

Deno.test("defaults are shown as in Python, and as ... if they are not literals", () => {
  const elsewhere = 5;
  const defaults: [method: () => unknown, text: string][] = [
    [(a = 1, b = -2, c = 1.5, d = -0.25) => [a, b, c, d], "(a=1, b=-2, c=1.5, d=-0.25)"],
    [(a = true, b = false) => [a, b], "(a=True, b=False)"],
    [(a = null, b = undefined) => [a, b], "(a=None, b=None)"],
    [
      (a = "volt", b = "it's", c = "", d = "\n") => [a, b, c, d],
      `(a='volt', b="it's", c='', d='\\n')`,
    ],
    [(a = [], b = {}) => [a, b], "(a=[], b={})"],
    [(a = [1], b = { c: 1 }) => [a, b], "(a=..., b=...)"],
    [(a = elsewhere, b = Math.PI, c = Date.now()) => [a, b, c], "(a=..., b=..., c=...)"],
    [(a = `x${elsewhere}`, b = 1 + elsewhere, c = () => 1) => [a, b, c], "(a=..., b=..., c=...)"],
    [(a = /x/, b = 10n, c = -elsewhere) => [a, b, c], "(a=..., b=..., c=...)"],
  ];
  for (const [method, text] of defaults) assertEquals(show(method), text);
});

// What takes part in it

Deno.test("the parameters of every kind of function are parsed", () => {
  class Kinds extends Object {
    async asynchronous(x: unknown, n = 2) {
      return await [x, n];
    }
    *generator(x: unknown, n = 2) {
      yield [x, n];
    }
    async *both(x: unknown, n = 2) {
      yield await [x, n];
    }
    ["computed"](x: unknown, n = 2) {
      return [x, n];
    }
    "with a space"(x: unknown, n = 2) {
      return [x, n];
    }
    get(x: unknown, n = 2) {
      return [x, n];
    }
    static of(x: unknown, n = 2) {
      return [x, n];
    }
    arrow = (x: unknown, n = 2) => [x, n];
    async = async (x: unknown, n = 2) => await [x, n];
    expression = function named(x: unknown, n = 2) {
      return [x, n];
    };
    above(x: unknown, n = 2) {
      return [super.toString(), x, n];
    }
  }
  const kinds = new Kinds();
  for (
    const method of [
      kinds.asynchronous,
      kinds.generator,
      kinds.both,
      kinds.computed,
      kinds["with a space"],
      kinds.get,
      Kinds.of,
      kinds.arrow,
      kinds.async,
      kinds.expression,
      kinds.above,
    ]
  ) assertEquals(show(method), "(x, n=2)", String(method));
});

Deno.test("the shortest arrow functions are parsed", () => {
  assertEquals(show((x: unknown) => x), "(x)");
  assertEquals(show(() => ({})), "()");
  assertEquals(show(new Function("return x => x")()), "(x)");
  assertEquals(show(new Function("return async x => x")()), "(x)");
});

Deno.test("the body of a method may use the private members of its class", () => {
  assertEquals(shown("hidden"), "(x)");
  assertEquals(call("hidden", [1]), 8);
  assertEquals(shown("hasSecret"), "(other)");
  assertEquals(call("hasSecret", [lab]), true);
});

Deno.test("comments and texts that look like parameters are not parameters", () => {
  const method = new Function(
    "return function (x /* , a */, /* b, */ n = ')') { // (c, d)\n return '(e, f)' }",
  )();
  assertEquals(show(method), "(x, n=')')");
});

Deno.test("a function without source text takes any arguments", () => {
  const bound = lab.add.bind(lab);
  for (const method of [bound, Math.max, Array.prototype.push, Map.prototype.get]) {
    assertEquals(show(method), "(*args, **kwargs)");
    const signature = Signature.of(method);
    assertEquals(signature.bind("f", [1, 2, 3], {}), [1, 2, 3]);
    assertEquals(signature.bind("f", [1], { n: 3 }), [1, new Kwargs({ n: 3 })]);
  }
});

// Binding

Deno.test("plain parameters are bound by position, by name, or both", () => {
  assertEquals(call("add", [1, 2]), [1, 2]);
  assertEquals(call("add", [1], { y: 2 }), [1, 2]);
  assertEquals(call("add", [], { y: 2, x: 1 }), [1, 2]);
  assertEquals(call("none"), []);
});

Deno.test("a parameter without an argument has its default", () => {
  assertEquals(call("power", [5]), [5, 2]);
  assertEquals(call("power", [5, 3]), [5, 3]);
  assertEquals(call("power", [5], { n: 3 }), [5, 3]);
  assertEquals(call("power", [], { x: 5 }), [5, 2]);
  assertEquals(call("optional"), [1]);
});

Deno.test("null, false and 0 are arguments like others", () => {
  for (const value of [null, false, 0, ""]) {
    assertEquals(call("power", [value, value]), [value, value]);
    assertEquals(call("power", [], { x: value, n: value }), [value, value]);
    assertEquals(call("configure", [value], { range: value }), [value, value, undefined]);
  }
});

Deno.test("the members of an object are bound by name, or as an object by position", () => {
  assertEquals(call("configure", [1]), [1, 10, undefined]);
  assertEquals(call("configure", [1], { nplc: 3 }), [1, 10, 3]);
  assertEquals(call("configure", [], { nplc: 3, channel: 1, range: 2 }), [1, 2, 3]);
  assertEquals(call("configure", [1, { nplc: 3 }]), [1, 10, 3]);
  assertEquals(call("required", [], { a: 1, b: 2 }), [1, 2, 3]);
  assertEquals(call("required", [{ a: 1, b: 2, c: 4 }]), [1, 2, 4]);
});

Deno.test("keyword arguments without a member are collected by the rest element", () => {
  assertEquals(call("open", [0], { b: 2, a: 5, c: 3 }), [0, 5, { b: 2, c: 3 }]);
  assertEquals(call("open", [0]), [0, 1, {}]);
  assertEquals(call("open", [0, { b: 2 }]), [0, 1, { b: 2 }]);
});

Deno.test("a rest parameter takes all other arguments, keyword arguments last as one Kwargs", () => {
  assertEquals(call("echo"), []);
  assertEquals(call("echo", [1, 2]), [1, 2]);
  assertEquals(call("echo", [1], { a: 2, b: 3 }), [1, new Kwargs({ a: 2, b: 3 })]);
  assertEquals(call("first", [1, 2, 3], { a: 4 }), [1, [2, 3, new Kwargs({ a: 4 })]]);
  assertEquals(call("first", [], { x: 1, a: 4 }), [1, [new Kwargs({ a: 4 })]]);
  const [kwargs] = call("echo", [], { a: 1 }) as unknown[];
  assert(kwargs instanceof Kwargs);
});

Deno.test("all forms of parameters are bound in one method", () => {
  assertEquals(call("everything", [1]), [1, 2, 3, []]);
  assertEquals(call("everything", [1], { a: 4, b: 5 }), [1, 2, 4, [new Kwargs({ b: 5 })]]);
  assertEquals(call("everything", [1, 2, { a: 4 }, 5, 6]), [1, 2, 4, [5, 6]]);
});

Deno.test("a keyword argument may have the name of a member of Object.prototype", () => {
  const named: Record<string, unknown> = JSON.parse(
    '{"__proto__": {"a": 1}, "constructor": 2, "toString": 3, "hasOwnProperty": 4}',
  );
  const [kwargs] = call("echo", [], named) as [Kwargs];
  assertEquals(Object.entries(kwargs.named), Object.entries(named));
  const [, , others] = call("open", [0], named) as [unknown, unknown, object];
  assertEquals(Object.entries(others), Object.entries(named));
  assertEquals(Object.getPrototypeOf(others) === Object.prototype, true);
  for (const name of Object.keys(named)) {
    assertEquals(
      errorOf("none", [], JSON.parse(`{"${name}": 1}`)),
      `Lab.none() got an unexpected keyword argument '${name}'`,
    );
  }
  assertEquals(
    errorOf("required", [], JSON.parse('{"a": 1, "__proto__": {"b": 2}}')),
    "Lab.required() got an unexpected keyword argument '__proto__'",
  );
});

Deno.test("binding does not change the arguments of the request", () => {
  const args = Object.freeze([1, 2, 3]);
  const kwargs = Object.freeze({ a: 1 });
  call("first", args, kwargs);
  call("open", [0], kwargs);
  assertEquals([args, kwargs], [[1, 2, 3], { a: 1 }]);
});

Deno.test("any arguments that fit are bound as in a call of the method", () => {
  fc.assert(fc.property(
    fc.array(fc.jsonValue(), { maxLength: 5 }),
    fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true }),
    (args, kwargs) => {
      assertEquals(call("echo", args), args);
      assertEquals(call("echo", args, kwargs), [...args, new Kwargs(kwargs)]);
    },
  ));
});

// What does not fit, in Python's words

const REFUSED: readonly [MethodName, unknown[], Record<string, unknown>, text: string][] = [
  ["add", [1], {}, "missing 1 required positional argument: 'y'"],
  ["add", [], { y: 1 }, "missing 1 required positional argument: 'x'"],
  ["add", [], {}, "missing 2 required positional arguments: 'x' and 'y'"],
  ["three", [], {}, "missing 3 required positional arguments: 'x', 'y', and 'z'"],
  ["power", [], {}, "missing 1 required positional argument: 'x'"],
  ["power", [], { n: 3 }, "missing 1 required positional argument: 'x'"],
  ["first", [], {}, "missing 1 required positional argument: 'x'"],
  ["first", [], { a: 1 }, "missing 1 required positional argument: 'x'"],
  ["none", [1], {}, "takes 1 positional argument but 2 were given"],
  ["none", [1, 2], {}, "takes 1 positional argument but 3 were given"],
  ["add", [1, 2, 3], {}, "takes 3 positional arguments but 4 were given"],
  ["optional", [1, 2], {}, "takes from 1 to 2 positional arguments but 3 were given"],
  ["power", [1, 2, 3], {}, "takes from 2 to 3 positional arguments but 4 were given"],
  ["none", [], { z: 1 }, "got an unexpected keyword argument 'z'"],
  ["add", [1], { z: 3 }, "got an unexpected keyword argument 'z'"],
  ["add", [], { z: 3 }, "got an unexpected keyword argument 'z'"],
  ["configure", [1], { z: 3 }, "got an unexpected keyword argument 'z'"],
  ["add", [1, 2, 3], { z: 1 }, "got an unexpected keyword argument 'z'"],
  ["add", [1], { x: 1 }, "got multiple values for argument 'x'"],
  ["add", [1, 2], { x: 1 }, "got multiple values for argument 'x'"],
  ["add", [1, 2, 3], { x: 1 }, "got multiple values for argument 'x'"],
  ["first", [1], { x: 1 }, "got multiple values for argument 'x'"],
  ["configure", [1, {}], { range: 1 }, "got multiple values for argument 'range'"],
  ["required", [], { b: 1 }, "missing 1 required keyword-only argument: 'a'"],
  ["required", [], {}, "missing 2 required keyword-only arguments: 'a' and 'b'"],
];

for (const [name, args, kwargs, text] of REFUSED) {
  const given = `${JSON.stringify(args)} and ${JSON.stringify(kwargs)}`;
  Deno.test(`${name} called with ${given}: ${text}`, () => {
    assertEquals(errorOf(name, args, kwargs), `Lab.${name}() ${text}`);
  });
}

Deno.test("three keyword-only arguments that are missing are listed with commas and an and", () => {
  const method = ({ a, b, c }: Record<string, unknown>) => [a, b, c];
  assertThrows(
    () => Signature.of(method).bind("f", [], {}),
    TypeError,
    "f() missing 3 required keyword-only arguments: 'a', 'b', and 'c'",
  );
});

Deno.test("a keyword argument for an object that is given by position is an error", () => {
  assertThrows(() => call("open", [0, { a: 2 }], { b: 3 }), TypeError);
});
