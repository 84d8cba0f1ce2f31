/** The `static about` of a class, as the identity of its Service has it. */

import { assertEquals, assertThrows } from "@std/assert";
import * as v from "valibot";
import { z } from "zod";
import { type About, type Schemas, Service } from "../../mod.ts";
import { Attributes } from "../../service/attributes.ts";
import { ABOUT_LIMITS } from "../../limits.ts";

/** What the class of a Service says of itself. */
function aboutOf(service: Service, ...ignored: string[]) {
  return new Attributes(service, Service.prototype).describe(new Set(ignored));
}

class Multimeter extends Service {
  static schema: Schemas<Multimeter> = {
    voltage: [z.number().positive()],
    configure: [z.number(), z.object({ nplc: z.number().optional() })],
  };
  static about: About<Multimeter> = {
    description: "A multimeter",
    attributes: {
      voltage: {
        description: "Measures a voltage.",
        parameters: [{ name: "range", description: "the range", unit: "V" }],
        result: { unit: "V", schema: z.number(), warning: [4.5, 5.5], alarm: [4, 6] },
        safe: true,
      },
      serial: { result: { schema: { type: "string" } }, safe: true },
      plain: { parameters: [{ name: "x", array: { dtype: "<f8" } }] },
    },
    notifications: { temperature: { unit: "°C", array: { dtype: "<u2", shape: [null, 3] } } },
    implements: ["meter.1"],
  };
  serial = "ab12";
  voltage(range = 10): number {
    return range / 2;
  }
  configure(
    _channel: number,
    { nplc = -1, label }: { nplc?: number; label?: string } = {},
  ): unknown {
    return [nplc, label];
  }
  plain(x: number): number {
    return x;
  }
}

Deno.test("a description has what is declared, the schemas of the library, and the defaults of the method", () => {
  assertEquals(aboutOf(new Multimeter()), {
    description: "A multimeter",
    attributes: {
      voltage: {
        description: "Measures a voltage.",
        parameters: [{
          name: "range",
          default: 10,
          description: "the range",
          unit: "V",
          schema: { type: "number", exclusiveMinimum: 0 },
        }],
        result: { unit: "V", schema: { type: "number" }, warning: [4.5, 5.5], alarm: [4, 6] },
        safe: true,
      },
      serial: { result: { schema: { type: "string" } }, safe: true },
      configure: {
        parameters: [
          { name: "_channel", schema: { type: "number" } },
          { name: "nplc", default: -1, schema: { type: "number" } },
          { name: "label" },
        ],
      },
      plain: { parameters: [{ name: "x", array: { dtype: "<f8" } }] },
    },
    notifications: { temperature: { unit: "°C", array: { dtype: "<u2", shape: [null, 3] } } },
    implements: ["meter.1"],
  });
});

Deno.test("an attribute that the identity does not list is not described", () => {
  const about = aboutOf(new Multimeter(), "voltage", "configure");
  assertEquals(Object.keys(about!.attributes), ["serial", "plain"]);
});

Deno.test("a class describes what it adds to the class that it extends, and may describe it anew", () => {
  class Better extends Multimeter {
    static override about: About<Better> = {
      attributes: { serial: { description: "new" }, current: { result: { unit: "A" } } },
      notifications: { humidity: { unit: "%" } },
      implements: ["source.1"],
    };
    get current(): number {
      throw new Error("a getter is not called for its description");
    }
  }
  const about = aboutOf(new Better())!;
  assertEquals(about.description, "A multimeter");
  assertEquals(about.attributes.serial, { description: "new" });
  assertEquals(about.attributes.current, { result: { unit: "A" } });
  assertEquals(about.attributes.voltage.safe, true);
  assertEquals(Object.keys(about.notifications), ["temperature", "humidity"]);
  assertEquals(about.implements, ["meter.1", "source.1"]);
});

Deno.test("a class that says nothing has no description", () => {
  class Plain extends Service {
    static about: About<Plain> = {};
    add(x: number): number {
      return x;
    }
  }
  assertEquals(aboutOf(new Plain()), undefined);
  assertEquals(aboutOf(new Service()), undefined);
});

Deno.test("a library without JSON Schema, and a schema that has none, describe nothing", () => {
  class Other extends Service {
    static schema: Schemas<Other> = { add: [v.number()], when: [z.date()], big: [z.bigint()] };
    add(x: number): number {
      return x;
    }
    when(date: Date): Date {
      return date;
    }
    big(x: bigint): bigint {
      return x;
    }
  }
  assertEquals(aboutOf(new Other()), undefined);
});

Deno.test("schemas of a library with the members of @valibot/to-json-schema are described", () => {
  const schema = v.number();
  const input = () => ({ $schema: "https://json-schema.org/x", type: "number" });
  const standard = Object.assign(schema, {
    "~standard": { ...schema["~standard"], jsonSchema: { input } },
  });
  class Other extends Service {
    static schema: Schemas<Other> = { add: [standard] };
    add(x: number): number {
      return x;
    }
  }
  assertEquals(aboutOf(new Other())?.attributes.add.parameters, [
    { name: "x", schema: { type: "number" } },
  ]);
});

Deno.test("a rest parameter and keyword arguments of any name can be described", () => {
  class Sum extends Service {
    static about: About<Sum> = {
      attributes: { add: { parameters: [{ name: "terms", unit: "V" }] } },
    };
    add(first: number, ...terms: number[]): number {
      return terms.reduce((sum, term) => sum + term, first);
    }
  }
  assertEquals(aboutOf(new Sum())?.attributes.add.parameters, [
    { name: "first" },
    { name: "terms", unit: "V" },
  ]);
});

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const WRONG: [about: unknown, message: string][] = [
  [5, "Cannot use Wrong.about: it is no object"],
  [
    { descripton: "" },
    "Cannot use Wrong.about.descripton: the keys that it may have are description",
  ],
  [{ description: 5 }, "Cannot use Wrong.about.description: it is no text"],
  [{ description: "x".repeat(5_000) }, `it has 5000 characters, the limit is ${ABOUT_LIMITS.text}`],
  [{ attributes: { ad: {} } }, "about.attributes.ad: there is no method or property of that name"],
  [{ attributes: { start: {} } }, "about.attributes.start: there is no method or property"],
  [{ attributes: { _x: {} } }, "about.attributes._x: there is no method or property"],
  [{ attributes: { add: null } }, "about.attributes.add: it is no object"],
  [{ attributes: { add: { safe: 1 } } }, "add.safe: it is not true or false"],
  [
    { attributes: { add: { parameters: [{ name: "z" }] } } },
    "add.parameters: there is no parameter z. Those of the method are: x, y",
  ],
  [{ attributes: { add: { parameters: [{ unit: "V" }] } } }, "parameters[0].name: it is no text"],
  [{ attributes: { add: { parameters: { x: {} } } } }, "parameters: it is no array"],
  [
    { attributes: { pi: { parameters: [{ name: "x" }] } } },
    "pi.parameters: there is no parameter x. Those of the method are: none",
  ],
  [{ attributes: { add: { result: { warning: [2, 1] } } } }, "warning: it is not two numbers"],
  [{ attributes: { add: { result: { alarm: 5 } } } }, "alarm: it is not two numbers"],
  [{ attributes: { add: { result: { unit: "V\n" } } } }, "unit: it has a control character"],
  [{ attributes: { add: { result: { schema: "number" } } } }, "schema: it is no JSON Schema"],
  [{ attributes: { add: { result: { schema: cyclic } } } }, "schema: "],
  [{ attributes: { add: { result: { schema: { f() {} } } } } }, "schema: Object of type function"],
  [
    { attributes: { add: { result: { schema: { x: "x".repeat(99_999) } } } } },
    "characters of JSON",
  ],
  [{ attributes: { add: { result: { array: 5 } } } }, "add.result.array: it is no object"],
  [{ attributes: { add: { result: { array: {} } } } }, "array.dtype: it is no type of elements"],
  [
    { attributes: { add: { parameters: [{ name: "x", array: { dtype: "float64" } }] } } },
    "parameters[0].array.dtype: it is no type of elements as NumPy writes it",
  ],
  [
    { notifications: { t: { array: { dtype: "<f8", shape: [-1] } } } },
    "about.notifications.t.array.shape: it is no array of up to 64 lengths",
  ],
  [
    { notifications: { t: { array: { dtype: "<f8", unit: "V" } } } },
    "array.unit: the keys that it may have are dtype, shape",
  ],
  [{ attributes: [] }, "about.attributes: it is no object"],
  [{ notifications: { t: "V" } }, "about.notifications.t: it is no object"],
  [{ implements: "recorder.1" }, "about.implements: it is no array"],
  [{ implements: [""] }, "about.implements[0]: it is no text"],
  [{ implements: Array(99).fill("a") }, "it has 99 items, the limit is 64"],
];

for (const [about, message] of WRONG) {
  Deno.test(`a Service does not start whose description is wrong: ${message}`, () => {
    class Wrong extends Service {
      static about = about;
      pi = 3;
      _x = 1;
      add(x: number, y: number): number {
        return x + y;
      }
    }
    assertThrows(() => aboutOf(new Wrong()), TypeError, message);
  });
}

Deno.test("start() throws for a wrong description before it connects", async () => {
  class Wrong extends Service {
    static about = { attributes: { ad: {} } };
  }
  const service = new Wrong();
  const error = await service.start({ port: 1 }).catch((error) => error);
  assertEquals([error.name, error.message.slice(0, 38)], [
    "TypeError",
    "Cannot use Wrong.about.attributes.ad: ",
  ]);
});
