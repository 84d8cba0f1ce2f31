import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Attributes, isThenable } from "../../service/attributes.ts";
import { Kwargs } from "../../wire/call.ts";
import { AttributeError, PermissionError, wireMessage } from "../../errors.ts";
import type { JsonObject } from "../../wire/message.ts";
import { expectNothingUnhandled } from "../support/unhandled.ts";

/** Instead of `Service`: none of its members can be requested. */
class Base {
  ownedByBase(): string {
    return "base";
  }
  overridden(): string {
    return "base";
  }
  get size(): number {
    return 1;
  }
}

class Instrument extends Base {
  unit = "V";

  read(channel: number, n = 1): string {
    return `${this.unit}${channel}${n}`;
  }
  replaced(x: number): number {
    return x;
  }
}

class Lab extends Instrument {
  euler = 2.71;
  settings = { range: 10 };
  nothing = null;
  arrow = (x: number) => [this.euler, x];
  _private = 1;
  #secret = 7;

  add(x: number, y: number): number {
    return x + y;
  }
  async slow(x: number): Promise<number> {
    return await Promise.resolve(x + this.#secret);
  }
  get pi(): number {
    return 3.14;
  }
  override overridden(): string {
    return "lab";
  }
  override replaced(x: number, y = 2): number {
    return x + y;
  }
  echo(...args: unknown[]): unknown[] {
    return args;
  }
  fail(): never {
    throw new RangeError("out of range");
  }
  _hidden(): number {
    return 1;
  }
  [Symbol.toPrimitive](): string {
    return "a symbol is no attribute";
  }
  static classMethod(): number {
    return 1;
  }
}

function attributesOf(object: object): Attributes {
  return new Attributes(object, Base.prototype);
}

function list(object: object, ...ignored: string[]): JsonObject {
  return attributesOf(object).list(new Set(ignored));
}

function request(object: object, name: string, args: unknown[] = [], kwargs: JsonObject = {}) {
  return attributesOf(object).request(name, args, kwargs);
}

// What is listed

Deno.test("the members of the classes between the object and the base are listed, sorted, and nothing else", () => {
  const listed = list(new Lab());
  assertEquals(listed, {
    add: "(x, y)",
    arrow: "(x)",
    echo: "(*args, **kwargs)",
    euler: 2.71,
    fail: "()",
    nothing: null,
    pi: 3.14,
    read: "(channel, n=1)",
    replaced: "(x, y=2)",
    settings: { range: 10 },
    slow: "(x)",
    unit: "V",
  });
  assertEquals(Object.keys(listed), Object.keys(listed).toSorted());
});

Deno.test("a member of the base cannot be requested even if a subclass overrides it", () => {
  assertThrows(() => request(new Lab(), "overridden"), AttributeError, "'overridden'");
});

Deno.test("set_logging_level is the only member of the base that can be requested, overridden or not", () => {
  class Logged {
    setLoggingLevel(level: string | number): string {
      return `base ${level}`;
    }
  }
  class Quiet extends Logged {
    override setLoggingLevel(level: string | number): string {
      return `quiet ${level}`;
    }
  }
  for (const [object, answer] of [[new Logged(), "base 10"], [new Quiet(), "quiet 10"]] as const) {
    const attributes = new Attributes(object, Logged.prototype);
    assertEquals(attributes.list(new Set()), {
      set_logging_level: "(level: Union[str, int]) -> bool",
    });
    assertEquals(attributes.list(new Set(["set_logging_level"])), {});
    assertEquals(attributes.request("set_logging_level", [], { level: 10 }), answer);
    assertThrows(() => attributes.request("setLoggingLevel", [10], {}), AttributeError);
  }
  assertThrows(() => request(new Lab(), "set_logging_level", [10]), AttributeError);
});

Deno.test("an ignored attribute is not listed, but can be requested", () => {
  const listed = list(new Lab(), "add", "pi", "unit", "not there");
  for (const name of ["add", "pi", "unit"]) assertEquals(Object.hasOwn(listed, name), false);
  assertEquals(Object.hasOwn(listed, "euler"), true);
  const lab = new Lab();
  const attributes = attributesOf(lab);
  attributes.list(new Set(["add", "pi"]));
  assertEquals([attributes.request("add", [1, 2], {}), attributes.request("pi", [], {})], [
    3,
    3.14,
  ]);
});

Deno.test("a getter that is ignored is not read", () => {
  let reads = 0;
  class Slow extends Base {
    get temperature(): number {
      return ++reads;
    }
  }
  assertEquals(list(new Slow(), "temperature"), {});
  assertEquals(reads, 0);
});

Deno.test("an attribute whose value JSON cannot hold is not listed", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  class Odd extends Base {
    big = Symbol("big");
    symbol = Symbol("s");
    cycle = cycle;
    undefined = undefined;
    nested = { deep: [() => 1] };
    fine = 1;
    set writeOnly(_value: number) {}
  }
  assertEquals(list(new Odd()), { fine: 1 });
});

Deno.test("a getter that throws is not listed, and throws when it is requested", () => {
  class Broken extends Base {
    fine = 1;
    get temperature(): number {
      throw new RangeError("no sensor");
    }
  }
  assertEquals(list(new Broken()), { fine: 1 });
  assertThrows(() => request(new Broken(), "temperature"), RangeError, "no sensor");
});

Deno.test("a getter of a promise is listed as a call, and gives the value when it is requested", async () => {
  let reads = 0;
  class Sensor extends Base {
    get temperature(): Promise<number> {
      return Promise.resolve(20 + reads++);
    }
  }
  const sensor = new Sensor();
  assertEquals(list(sensor), { temperature: "()" });
  assertEquals(await request(sensor, "temperature"), 21);
});

Deno.test("a promise of a getter that rejects while it is listed does not end the process", async () => {
  class Sensor extends Base {
    get temperature(): Promise<number> {
      return Promise.reject(new RangeError("no sensor"));
    }
  }
  await expectNothingUnhandled(() => assertEquals(list(new Sensor()), { temperature: "()" }));
  await assertRejects(() => request(new Sensor(), "temperature") as Promise<number>, RangeError);
});

Deno.test("attributes that an object adds to itself can be requested too", () => {
  const lab = Object.assign(new Base(), { extra: (x: number) => x + 1, level: 5 });
  assertEquals(list(lab), { extra: "(x)", level: 5 });
  assertEquals(request(lab, "extra", [1]), 2);
  assertEquals(request(lab, "level"), 5);
});

// What can be requested

Deno.test("a method is called on its object with the arguments bound to its parameters", () => {
  const lab = new Lab();
  assertEquals(request(lab, "add", [1, 2]), 3);
  assertEquals(request(lab, "add", [1], { y: 2 }), 3);
  assertEquals(request(lab, "read", [5], { n: 3 }), "V53");
  assertEquals(request(lab, "replaced", [1]), 3);
  assertEquals(request(lab, "arrow", [1]), [2.71, 1]);
  assertEquals(request(lab, "echo", [1], { n: 2 }), [1, new Kwargs({ n: 2 })]);
});

Deno.test("an asynchronous method gives the promise of its result", async () => {
  const result = request(new Lab(), "slow", [1]);
  assertEquals(isThenable(result), true);
  assertEquals(await result, 8);
});

Deno.test("the error of a method is thrown", () => {
  assertThrows(() => request(new Lab(), "fail"), RangeError, "out of range");
});

Deno.test("an attribute that is not a method gives its current value", () => {
  const lab = new Lab();
  assertEquals([request(lab, "euler"), request(lab, "pi"), request(lab, "nothing")], [
    2.71,
    3.14,
    null,
  ]);
  lab.unit = "A";
  assertEquals(request(lab, "unit"), "A");
});

Deno.test("an attribute that is not a method takes no arguments", () => {
  for (const [args, kwargs] of [[[1], {}], [[], { n: 1 }]] as [unknown[], JsonObject][]) {
    const error: Error = assertThrows(() => request(new Lab(), "pi", args, kwargs), TypeError);
    assertEquals(error.message, "Lab.pi is not a method, it takes no arguments");
  }
});

Deno.test("arguments that do not fit are rejected with Python's text", () => {
  const error: Error = assertThrows(() => request(new Lab(), "add", [1]), TypeError);
  assertEquals(
    wireMessage(error),
    "TypeError: Lab.add() missing 1 required positional argument: 'y'",
  );
});

for (const name of ["_private", "_hidden", "__proto__", "_", "__class__", "_not_there"]) {
  Deno.test(`'${name}' is private`, () => {
    const error: Error = assertThrows(() => request(new Lab(), name), PermissionError);
    assertEquals(wireMessage(error), "PermissionError: Cannot request a private attribute");
  });
}

for (
  const name of [
    "nothingLikeIt",
    "ownedByBase",
    "size",
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "classMethod",
    "secret",
    "#secret",
    "",
    "Symbol(Symbol.toPrimitive)",
  ]
) {
  Deno.test(`'${name}' is not an attribute`, () => {
    const error: Error = assertThrows(() => request(new Lab(), name), AttributeError);
    assertEquals(
      wireMessage(error),
      `AttributeError: 'Lab' object has no attribute '${name}'`,
    );
  });
}

// shutdown_service

Deno.test("shutdownService is shutdown_service on the wire", () => {
  class Ending extends Base {
    shutdownService(reason = "none"): string {
      return `ended: ${reason}`;
    }
  }
  assertEquals(list(new Ending()), { shutdown_service: "(reason='none')" });
  assertEquals(request(new Ending(), "shutdown_service", ["late"]), "ended: late");
  const error: Error = assertThrows(
    () => request(new Ending(), "shutdown_service", [1, 2]),
    TypeError,
  );
  assertEquals(
    error.message,
    "Ending.shutdown_service() takes from 1 to 2 positional arguments but 3 were given",
  );
});

Deno.test("a method with the name shutdown_service can be requested by that name", () => {
  class Ending extends Base {
    shutdown_service(): string {
      return "ended";
    }
  }
  assertEquals(list(new Ending()), { shutdown_service: "()" });
  assertEquals(request(new Ending(), "shutdown_service"), "ended");
});

Deno.test("if both are defined, the one that is listed is the one that is called", () => {
  class Ending extends Base {
    shutdownService(camel: number): number {
      return camel;
    }
    shutdown_service(): string {
      return "snake";
    }
  }
  assertEquals(list(new Ending()).shutdown_service, "()");
  assertEquals(request(new Ending(), "shutdown_service"), "snake");
});

Deno.test("a Service that does not define shutdown_service does not have it", () => {
  assertThrows(() => request(new Lab(), "shutdown_service"), AttributeError);
});

// Thenables

Deno.test("an object with a then method is awaited", () => {
  for (const value of [Promise.resolve(1), { then() {} }]) assertEquals(isThenable(value), true);
  for (const value of [null, undefined, 1, "x", {}, { then: 1 }, () => 1]) {
    assertEquals(isThenable(value), false);
  }
});
