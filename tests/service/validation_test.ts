/** Schemas of Zod, of Valibot and of no library check arguments in the same way. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as v from "valibot";
import { z } from "zod";
import { Attributes } from "../../service/attributes.ts";
import { Kwargs } from "../../wire/call.ts";
import { wireMessage } from "../../errors.ts";
import type { JsonObject } from "../../wire/message.ts";
import { NdArray } from "../../wire/nd_array.ts";
import type { SchemaIssue, SchemaResult, Schemas, StandardSchema } from "../../service/schema.ts";

class Base {}

/** A schema without a library. */
function handWritten(
  validate: (value: unknown) => SchemaResult | Promise<SchemaResult>,
): StandardSchema<never> {
  return {
    "~standard": { version: 1, vendor: "tests", validate: validate as () => SchemaResult<never> },
  };
}

function attributesOf(object: object): Attributes {
  const attributes = new Attributes(object, Base.prototype);
  attributes.checkSchemas();
  return attributes;
}

function request(object: object, name: string, args: unknown[] = [], kwargs: JsonObject = {}) {
  return attributesOf(object).request(name, args, kwargs);
}

/** The text of the error with which a request is rejected. */
function rejection(object: object, name: string, args: unknown[] = [], kwargs: JsonObject = {}) {
  const error: Error = assertThrows(() => request(object, name, args, kwargs));
  return wireMessage(error);
}

class Lab extends Base {
  static schema: Schemas<Lab> = {
    add: [z.number(), z.number().max(10)],
    configure: [v.number(), v.object({ range: v.pipe(v.number(), v.minValue(1)) })],
    mean: [z.string(), z.array(z.number())],
    repeat: [z.string().trim(), z.coerce.number().default(3)],
    power: [v.number(), v.number()],
    load: [z.object({ limits: z.array(z.number()), "odd key": z.boolean().optional() })],
    read: [z.number()],
  };
  calls = 0;

  add(x: number, y: number): number {
    this.calls++;
    return x + y;
  }
  configure(channel: number, { range }: { range: number }): unknown {
    return [channel, range];
  }
  mean(unit: string, ...values: number[]): string {
    return `${values.reduce((sum, value) => sum + value, 0) / values.length} ${unit}`;
  }
  repeat(text: string, times?: number): unknown {
    return [text, times];
  }
  power(x: number, n = 2): number {
    return x ** n;
  }
  load(settings: { limits: number[] }): unknown {
    return settings;
  }
  read(channel: number, filter: string): unknown {
    return [channel, filter];
  }
  unchecked(x: unknown): unknown {
    return x;
  }
}

Deno.test("arguments that a schema accepts reach the method, by position and by name", () => {
  assertEquals(request(new Lab(), "add", [1, 2]), 3);
  assertEquals(request(new Lab(), "add", [1], { y: 2 }), 3);
  assertEquals(request(new Lab(), "configure", [1], { range: 5 }), [1, 5]);
  assertEquals(request(new Lab(), "configure", [1, { range: 5 }]), [1, 5]);
  assertEquals(request(new Lab(), "mean", ["V", 1, 2]), "1.5 V");
  assertEquals(request(new Lab(), "unchecked", ["x"]), "x");
});

Deno.test("the error of arguments that are rejected has the method, the parameter and the reason", () => {
  const lab = new Lab();
  const text = "ValueError: Cannot call Lab.add(): " +
    "x: Invalid input: expected number, received string; y: Too big: expected number to be <=10";
  assertEquals(rejection(lab, "add", ["1", 11]), text);
  assertEquals(rejection(lab, "add", [], { y: 11, x: "1" }), text);
  assertEquals(lab.calls, 0);
});

Deno.test("the error has the path to the wrong part of an argument", () => {
  assertEquals(
    rejection(new Lab(), "load", [{ limits: [1, "2"], "odd key": 3 }]),
    "ValueError: Cannot call Lab.load(): " +
      "settings.limits[1]: Invalid input: expected number, received string; " +
      "settings['odd key']: Invalid input: expected boolean, received number",
  );
  assertEquals(
    rejection(new Lab(), "mean", ["V", 1, null]),
    "ValueError: Cannot call Lab.mean(): values[1]: Invalid input: expected number, received null",
  );
});

Deno.test("the error of a keyword-only argument has its own name", () => {
  const expected = "ValueError: Cannot call Lab.configure(): " +
    "range: Invalid value: Expected >=1 but received 0";
  assertEquals(rejection(new Lab(), "configure", [1], { range: 0 }), expected);
  assertEquals(rejection(new Lab(), "configure", [1, { range: 0 }]), expected);
  assertEquals(
    rejection(new Lab(), "configure", [1, 7]),
    "ValueError: Cannot call Lab.configure(): " +
      "keyword arguments: Invalid type: Expected Object but received 7",
  );
});

Deno.test("a keyword argument is not passed as one of a rest parameter", () => {
  const text = rejection(new Lab(), "mean", ["V", 1], { n: 2 });
  assert(text.startsWith("ValueError: Cannot call Lab.mean(): values[1]: Invalid input"), text);
});

Deno.test("the method gets the value that the schema returns", () => {
  assertEquals(request(new Lab(), "repeat", ["  ab ", "4"]), ["ab", 4]);
});

class Defaults extends Base {
  static schema: Schemas<Defaults> = {
    repeat: [z.string(), z.number().default(3)],
    power: [v.number(), v.number()],
    scale: [z.number(), z.object({ by: z.number() })],
  };
  repeat(text: string, times = 1): unknown {
    return [text, times];
  }
  power(x: number, n = 2): number {
    return x ** n;
  }
  scale(x: number, { by }: { by: number } = { by: 10 }): number {
    return x * by;
  }
}

Deno.test("the default of a schema replaces an argument that is left out, or else that of the method does", () => {
  assertEquals(request(new Defaults(), "repeat", ["ab"]), ["ab", 3]);
  assertEquals(request(new Defaults(), "power", [5]), 25);
  assertEquals(request(new Defaults(), "scale", [5]), 50);
  assertEquals(request(new Defaults(), "scale", [5], { by: 2 }), 10);
  assert(rejection(new Defaults(), "power", [5, null]).includes("n: Invalid type"));
  assert(rejection(new Defaults(), "power", [undefined]).includes("x: Invalid type")); // has none
});

Deno.test("an argument that has no schema is passed as it is", () => {
  assertEquals(request(new Lab(), "read", [1, { any: "thing" }]), [1, { any: "thing" }]);
});

Deno.test("arguments that do not fit the parameters are rejected before any schema is called", () => {
  assertEquals(
    rejection(new Lab(), "add", ["1"]),
    "TypeError: Lab.add() missing 1 required positional argument: 'y'",
  );
});

// Asynchronous schemas

class Slow extends Base {
  static schema: Schemas<Slow> = {
    add: [z.number(), z.number().refine((y) => Promise.resolve(y < 10), "not below 10")],
    echo: [v.pipeAsync(v.string(), v.transformAsync((text) => Promise.resolve(text.trim())))],
  };
  calls = 0;

  add(x: number, y: number): number {
    this.calls++;
    return x + y;
  }
  echo(text: string): string {
    return text;
  }
}

Deno.test("the method is called when its asynchronous schemas are fulfilled", async () => {
  const slow = new Slow();
  const sum = request(slow, "add", [1, 2]);
  assertEquals(slow.calls, 0);
  assertEquals(await sum, 3);
  assertEquals(await request(slow, "echo", [" ab "]), "ab");
  const error: Error = await assertRejects(() =>
    request(slow, "add", ["1", 20]) as Promise<number>
  );
  assertEquals(
    wireMessage(error),
    "ValueError: Cannot call Slow.add(): " +
      "x: Invalid input: expected number, received string; y: not below 10",
  );
  assertEquals(slow.calls, 1);
});

// Schemas without a library

class Checked extends Base {
  static result: SchemaResult = { value: 1 };
  static schema = {
    take: [handWritten(() => Checked.result)],
    rest: [handWritten(() => Checked.result)],
  };

  take(x: unknown): unknown {
    return x;
  }
  rest(...values: unknown[]): unknown {
    return values;
  }
}

function refusalWith(...issues: SchemaIssue[]): string {
  Checked.result = { issues };
  return rejection(new Checked(), "take", [0]).slice(
    "ValueError: Cannot call Checked.take(): ".length,
  );
}

Deno.test("a path is shown in each form that Standard Schema allows", () => {
  const message = "bad";
  assertEquals(refusalWith({ message }), "x: bad");
  assertEquals(refusalWith({ message, path: [] }), "x: bad");
  assertEquals(
    refusalWith({ message, path: [0, "a", { key: "b" }, { key: 1 }] }),
    "x[0].a.b[1]: bad",
  );
  assertEquals(
    refusalWith({ message, path: [Symbol("s"), "it's"] }),
    `x['Symbol(s)']["it's"]: bad`,
  );
  assertEquals(refusalWith(), "x: not acceptable");
});

Deno.test("the length of an error does not grow with the arguments", () => {
  const long = refusalWith({ message: "y".repeat(10_000), path: ["z".repeat(10_000)] });
  assertEquals(long.length, 300);
  const many = refusalWith(...Array.from({ length: 500 }, (_, n) => ({ message: `number ${n}` })));
  assert(many.length < 2_050, `${many.length}`);
  assert(/; x: number (\d+); and (\d+) more$/.test(many), many);
  const [, last, more] = /number (\d+); and (\d+) more$/.exec(many)!;
  assertEquals(Number(last) + 1 + Number(more), 500);
  Checked.result = { issues: Array.from({ length: 500_000 }, () => ({ message: "bad" })) };
  assert(rejection(new Checked(), "take", [0]).endsWith(" more"));
});

Deno.test("the schema of a rest parameter must return an array", () => {
  Checked.result = { value: "text" };
  assertEquals(
    rejection(new Checked(), "rest", [1]),
    "TypeError: Cannot call Checked.rest(): the schema of a rest parameter must give an array",
  );
  Checked.result = { value: [1, new Kwargs({ n: 2 })] };
  assertEquals(request(new Checked(), "rest", [1]), [1, new Kwargs({ n: 2 })]);
});

Deno.test("a schema may be a function", () => {
  class Callable extends Base {
    static schema = { take: [Object.assign(() => 1, handWritten(() => ({ value: "checked" })))] };
    take(x: unknown): unknown {
      return x;
    }
  }
  assertEquals(request(new Callable(), "take", [0]), "checked");
});

// Inheritance

class BetterLab extends Lab {
  static override schema: Schemas<BetterLab> = {
    add: [z.number(), z.number().max(100)],
    subtract: [z.number(), z.number()],
  };
  subtract(x: number, y: number): number {
    return x - y;
  }
}

Deno.test("a subclass adds schemas to those of its base, or replaces them", () => {
  const lab = new BetterLab();
  assertEquals(request(lab, "add", [1, 50]), 51);
  assert(rejection(lab, "add", [1, 500]).includes("<=100"));
  assert(rejection(lab, "subtract", [1, "2"]).startsWith("ValueError: Cannot call BetterLab.sub"));
  assert(rejection(lab, "power", ["2"]).includes("x: Invalid type"));
});

Deno.test("a method in a field, and one with another name on the wire, may have schemas too", () => {
  class Fields extends Base {
    static schema = { double: [z.number()], shutdownService: [z.string()] };
    double = (x: number) => 2 * x;
    shutdownService(reason: string): string {
      return reason;
    }
  }
  assertEquals(request(new Fields(), "double", [2]), 4);
  assert(rejection(new Fields(), "double", ["2"]).includes("x: "));
  assert(rejection(new Fields(), "shutdown_service", [2]).includes("reason: "));
});

// Wrong declarations

const WRONG: [declared: unknown, message: string][] = [
  [7, "Cannot use Wrong.schema: it is not an object with lists of schemas"],
  [null, "Cannot use Wrong.schema: it is not an object with lists of schemas"],
  [{ add: z.number() }, "Cannot use Wrong.schema.add: it is not a list of schemas"],
  [
    { add: [z.number(), Number] },
    "Cannot use Wrong.schema.add[1]: it is not a schema of a library",
  ],
  [{ add: [undefined, z.number()] }, "Cannot use Wrong.schema.add[0]: it is not a schema"],
  [{ add: [{ "~standard": { version: 2, validate: () => ({}) } }] }, "Wrong.schema.add[0]"],
  [{ ad: [z.number()] }, "Wrong.schema.ad: there is no method of that name on the network"],
  [{ _hidden: [z.number()] }, "Wrong.schema._hidden: there is no method of that name"],
  [{ unit: [z.number()] }, "Wrong.schema.unit: there is no method of that name"],
  [
    { add: [z.number(), z.number(), z.number()] },
    "Cannot use Wrong.schema.add: it has 3 schemas for the parameters (x, y=2)",
  ],
];

for (const [declared, message] of WRONG) {
  Deno.test(`a wrong declaration is an error before the Service starts: ${message}`, () => {
    class Wrong extends Base {
      static schema = declared;
      unit = "V";
      add(x: number, y = 2): number {
        return x + y;
      }
      _hidden(x: number): number {
        return x;
      }
    }
    assertThrows(() => attributesOf(new Wrong()), TypeError, message);
  });
}

class Scope extends Base {
  static schema: Schemas<Scope> = {
    load: [z.array(z.number().max(10))],
    picture: [z.array(z.array(z.number()))],
    exact: [z.instanceof(Float64Array)],
    nested: [z.object({ wave: z.array(z.number()), unit: z.string() })],
    all: [z.array(z.array(z.number()))],
    later: [handWritten((value) => Promise.resolve(refuseArrays(value)))],
    careless: [handWritten((value) => ({ value: (value as number[]).toSorted().concat([0]) }))],
  };

  load = (values: number[]): unknown => values;
  picture = (rows: number[][]): unknown => rows;
  exact = (values: Float64Array): unknown => values;
  nested = (options: { wave: number[]; unit: string }): unknown => options;
  all = (...rows: number[][]): unknown => rows;
  later = (values: number[]): unknown => values;
  careless = (values: number[]): unknown => values;
}

function refuseArrays(value: unknown): SchemaResult {
  return Array.isArray(value) ? { value } : { issues: [{ message: "no list" }] };
}

Deno.test("a schema of lists gets an array of numbers as a list, and one of arrays as it is", async () => {
  const scope = new Scope();
  const wave = Float64Array.of(1, 2.5, 3);
  assertEquals(request(scope, "load", [wave]), [1, 2.5, 3]);
  assertEquals(request(scope, "load", [BigInt64Array.of(7n)]), [7]);
  assertEquals(request(scope, "picture", [new NdArray(Int8Array.of(1, 2), [2, 1])]), [[1], [2]]);
  assert(request(scope, "exact", [wave]) === wave);
  const nested = { wave, unit: "V" };
  assertEquals(request(scope, "nested", [nested]), { wave: [1, 2.5, 3], unit: "V" });
  assert(nested.wave === wave, "the argument itself was changed");
  assertEquals(request(scope, "all", [wave, [4], Uint8Array.of(5)]), [[1, 2.5, 3], [4], [5]]);
  assertEquals(await request(scope, "later", [wave]), [1, 2.5, 3]);
  assertEquals(request(scope, "careless", [wave]), [1, 2.5, 3, 0]);
});

Deno.test("the error about an array of numbers is that about its list", async () => {
  const scope = new Scope();
  assertEquals(
    rejection(scope, "load", [Float64Array.of(1, 11)]),
    rejection(scope, "load", [[1, 11]]),
  );
  assert(rejection(scope, "load", [Float64Array.of(1, 11)]).includes("[1]: Too big"));
  assert(rejection(scope, "picture", [Float64Array.of(1)]).includes("[0]: Invalid input"));
  await assertRejects(async () => await request(scope, "later", ["x"]), Error, "no list");
  assertThrows(() => request(scope, "careless", [5]), TypeError, "toSorted");
  const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
  assert(rejection(scope, "load", [deep]).startsWith("ValueError"));
});
