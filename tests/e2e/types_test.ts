/** The `types` command, and programs that are compiled against what it wrote. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { type DeclaredService, declareService, typeName } from "../../cli/declaration.ts";
import { z } from "zod";
import { type About, NdArray, type Schemas, Service } from "../../mod.ts";
import { toServiceAbout } from "../../wire/about.ts";
import { TestManager } from "../../testing.ts";
import { CompiledPrograms } from "../support/compiled.ts";
import { at, output, refusal } from "../support/command_line.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { denoCommand, Process, succeed } from "../support/process.ts";
import fc from "../support/properties.ts";
import { pythonPeer } from "../support/python.ts";
import { CONFIG, MODULE, moduleGraph } from "../support/source_tree.ts";
import { wireService } from "../support/wire_devices.ts";

class Lab extends Service {
  pi = 3.14;
  add(x: number, y = 1): number {
    return x + y;
  }
  configure(channel: number, { range = 10, nplc }: { range?: number; nplc?: number } = {}) {
    return [channel, range, nplc];
  }
  *readings(count: number): Generator<number> {
    while (count > 0) yield count--;
  }
}

/** The options to connect with. */
function to({ connectOptions }: TestManager): string[] {
  return ["--disable-tls", ...at(connectOptions)];
}

const programs = new CompiledPrograms();

/** Runs a client that the compiler accepts, with the declaration beside it. Returns what it prints. */
async function printed(file: string, client: string): Promise<string> {
  const texts = await Promise.all([file, client].map((name) => Deno.readTextFile(name)));
  await programs.add({ "service.d.ts": texts[0], "client.ts": texts[1] });
  return await succeed(denoCommand(["run", "-A", "--config", CONFIG, client]));
}

/** A program that links with a service, with the declaration of the service beside it. */
function program({ connectOptions }: TestManager, type: string, service: string, calls: string) {
  return `
    import { connect, kwargs, type NdArray, options } from ${MODULE};
    import type { ${type} } from "./service.d.ts";
    await using cxn = await connect(${JSON.stringify(connectOptions)});
    const link = await cxn.link<${type}>(${JSON.stringify(service)});
    ${calls}
  `;
}

Deno.test("a client is compiled against the types of a running Service", async () => {
  await using folder = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const [file, client] = ["service.d.ts", "client.ts"].map((name) => join(folder.path, name));

  const stdout = await output(folder.path, "types", "Lab", ...to(manager));
  assertEquals(
    await output(folder.path, "types", "Lab", "--out", file, ...to(manager)),
    `Wrote the types to ${file}\n`,
  );
  const written = await Deno.readTextFile(file);
  assertEquals(written, stdout);
  const members = written.split("\n").filter((line) => /^ {2}[\w"]/.test(line));
  assertEquals(members, [
    "  add(x: unknown, y?: unknown): unknown;",
    "  configure(channel: unknown, named?: { range?: unknown; nplc?: unknown }): unknown;",
    "  readonly pi: number;",
    "  readings(count: unknown): AsyncGenerator<unknown>;",
    "  set_logging_level(level: string | number): boolean;",
  ]);

  await Deno.writeTextFile(
    client,
    program(
      manager,
      "Lab",
      "Lab",
      `const pi: number = await link.pi();
       const configured = await link.configure(1, kwargs({ nplc: 2 }), options({ timeout: 60_000 }));
       const readings: unknown[] = [];
       for await (const reading of link.readings(2)) readings.push(reading);
       console.log(JSON.stringify([pi, await link.add(1, 2), configured, readings]));
       // @ts-expect-error it is misspelt
       () => link.configure(1, kwargs({ nlpc: 2 }));
       // @ts-expect-error x is missing
       () => link.add();
       // @ts-expect-error there is no such method
       () => link.start();`,
    ),
  );
  assertEquals(await printed(file, client), "[3.14,3,[1,10,2],[2,1]]\n");
});

class Described extends Service {
  static schema: Schemas<Described> = {
    measure: [z.int(), z.enum(["V", "A"])],
    configure: [z.object({ range: z.number().optional() })],
    sum: [z.array(z.number())],
  };
  static about: About<Described> = {
    description: "Measures.\nEvil: */ @ts-nocheck",
    attributes: {
      measure: {
        description: "Measures once.\n\nIt takes a second.",
        parameters: [{ name: "channel", description: "the\nfirst is 1" }, {
          name: "unit",
          unit: "*/",
        }],
        result: {
          unit: "V",
          schema: z.object({ value: z.number(), ok: z.boolean() }),
          alarm: [4, 6],
        },
      },
      readings: { result: { schema: { type: "number" } } },
      trace: {
        parameters: [{ name: "window", array: { dtype: "<f4" } }],
        result: { unit: "V", array: { dtype: "<f8" } },
      },
      pictures: { result: { array: { dtype: "<u2", shape: [2, null] } } },
      level: {
        description: "The level.",
        result: { unit: "dB", schema: { type: ["number", "null"] } },
      },
    },
  };
  level: number | null = null;
  state: unknown = null;
  mode: unknown = "off";
  measure(channel: number, unit: "V" | "A" = "V") {
    return { value: unit === "V" ? channel : -channel, ok: true };
  }
  configure({ range = 10 }: { range?: number } = {}): number {
    return range;
  }
  sum(...terms: number[]): number {
    return terms.reduce((sum, term) => sum + term, 0);
  }
  *readings(): Generator<number> {
    yield 1;
  }
  trace(window: Float32Array): Float64Array {
    return Float64Array.from(window, (value) => 2 * value);
  }
  *pictures(): Generator<NdArray> {
    yield new NdArray(Uint16Array.of(1, 2), [2, 1]);
  }
}

Deno.test("a client is compiled against what a Service says of itself", async () => {
  await using folder = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  await using service = new Described();
  await service.start(manager.connectOptions);
  service.state = 5;
  service.mode = 1;
  const [file, client] = ["service.d.ts", "client.ts"].map((name) => join(folder.path, name));
  await output(folder.path, "types", "Described", "--out", file, ...to(manager));
  const text = await Deno.readTextFile(file);
  assertEquals(
    text.split("export interface ")[1],
    `\
Described {
  /** \`(*, range=10)\` */
  configure(named?: { range?: number }): unknown;
  /**
   * The level.
   * in dB
   */
  readonly level: number | null;
  /**
   * Measures once.
   *
   * It takes a second.
   *
   * \`(channel, unit='V')\`
   *
   * @param channel the first is 1
   * @param unit in *\\/
   * @returns in V, an alarm outside 4 to 6
   */
  measure(channel: number, unit?: "V" | "A"): { value: number; ok: boolean };
  readonly mode: number | string;
  /**
   * \`()\`
   *
   * @returns array of <u2, 2 x any
   */
  pictures(): AsyncGenerator<{ readonly data: Uint16Array; readonly shape: readonly number[]; readonly dtype: string; toList(): unknown }>;
  /** \`()\` */
  readings(): AsyncGenerator<number>;
  /** \`(level: Union[str, int]) -> bool\` */
  set_logging_level(level: string | number): boolean;
  readonly state: number | null;
  /** \`(*terms, **kwargs)\` */
  sum(...terms: number[]): unknown;
  /**
   * \`(window)\`
   *
   * @param window array of <f4, any
   * @returns array of <f8, any, in V
   */
  trace(window: Float32Array): Float64Array;
}
`,
  );
  assertStringIncludes(text, " * Measures.\n * Evil: *\\/ \\u{40}ts-nocheck\n");
  await Deno.writeTextFile(
    client,
    program(
      manager,
      "Described",
      "Described",
      `const value: number = (await link.measure(2, "A")).value;
       const level: number | null = await link.level();
       for await (const reading of link.readings()) console.log(value, level, reading.toFixed(1));
       const trace: Float64Array = await link.trace(Float32Array.of(1, 2));
       for await (const picture of link.pictures()) {
         const array: NdArray<Uint16Array> = picture;
         console.log(trace, array.toList());
       }
       // @ts-expect-error it is an array of 32 bits
       () => link.trace(Float64Array.of(1));
       // @ts-expect-error the unit is V or A
       () => link.measure(2, "W");
       // @ts-expect-error it is a number
       () => link.configure(kwargs({ range: "10" }));
       // @ts-expect-error they are numbers
       () => link.sum(1, "2");`,
    ),
  );
  assertEquals(
    await printed(file, client),
    "-2 null 1.0\nFloat64Array(2) [ 2, 4 ] [ [ 1 ], [ 2 ] ]\n",
  );
});

Deno.test("a client is compiled against the annotations of a Python service", async () => {
  await using folder = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  await using _service = new Process(pythonPeer("multimeter", manager));
  await manager.connected("Python DMM");
  const [file, client] = ["service.d.ts", "client.ts"].map((name) => join(folder.path, name));
  await output(folder.path, "types", "Python DMM", "-o", file, ...to(manager));
  const members = (await Deno.readTextFile(file)).split("\n")
    .filter((line) => /^(export| {2}[\w"])/.test(line));
  assertEquals(members, [
    "export interface PythonDMM {",
    "  anything(...args: unknown[]): unknown;",
    "  configure(channel: number, named?: { range?: number | null; label?: string }): (number | string)[];",
    "  limits(channels: number[], default_?: unknown): [number, number | null];",
    '  measure(channel: number, unit?: "V" | "mV"): { [name: string]: number };',
    "  readonly model: string;",
    "  readonly ranges: number[];",
    "  set_logging_level(level: string | number): boolean;",
    "  readonly settings: { [name: string]: unknown };",
  ]);
  await Deno.writeTextFile(
    client,
    program(
      manager,
      "PythonDMM",
      "Python DMM",
      `const measured: number = (await link.measure(2, "mV")).mV;
       const [least]: [number, number | null] = await link.limits([3, 1, 2]);
       const configured: (number | string)[] = await link.configure(1, kwargs({ range: 10 }));
       const ranges: number[] = await link.ranges();
       const any: unknown = await link.anything(1, kwargs({ a: 2 }));
       console.log(JSON.stringify([measured, least, configured, ranges, any]));
       // @ts-expect-error the unit is V or mV
       () => link.measure(2, "A");
       // @ts-expect-error it is misspelt
       () => link.configure(1, kwargs({ rnage: 10 }));
       // @ts-expect-error it is a number
       () => link.configure(1, kwargs({ range: "10" }));`,
    ),
  );
  assertEquals(
    await printed(file, client),
    '[3000,1,[1,"10 a, b)"],[0.1,1,10],[[1],{"a":2}]]\n',
  );
});

Deno.test("an existing file is not overwritten, unless its content is the same", async () => {
  await using folder = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  const file = join(folder.path, "lab.d.ts");
  const types = () => output(folder.path, "types", "Lab", "--out", file, ...to(manager));
  await Deno.writeTextFile(file, "mine");
  {
    await using lab = new Lab();
    await lab.start(manager.connectOptions);
    assertEquals(await types(), `Kept the old types as ${file}.old\nWrote the types to ${file}\n`);
    assertEquals(await Deno.readTextFile(`${file}.old`), "mine");
    assertEquals(await types(), `${file} is up to date\n`);
  }
  const before = await Deno.readTextFile(file);
  assertMatch(
    await refusal(folder.path, "types", "Lab", "--out", file, ...to(manager)),
    /^Cannot write the types of 'Lab': no such service is connected. Those that are: none$/,
  );
  assertEquals(await Deno.readTextFile(file), before);
  assertEquals(entriesOf(folder.path), ["lab.d.ts", "lab.d.ts.old"]);
});

Deno.test("the errors of types name the reason, and the services that are connected", async () => {
  await using folder = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  await using _lamp = await wireService(manager, "La\u202emp");
  assertEquals(
    await refusal(folder.path, "types", "lamp", ...to(manager)),
    "Cannot write the types of 'lamp': no such service is connected. " +
      "Did you mean 'La\\u202emp'? Those that are: 'La\\u202emp'",
  );
  assertStringIncludes(
    await refusal(folder.path, "types", "La\u202emp", "--out", folder.path, ...to(manager)),
    `Cannot write ${folder.path}: it is not a regular file`,
  );
});

const NASTY = fc.constantFrom(
  ..."*/ /* // ` \" ' \\ \n \r \u2028 ${ } { ( ) , ; : = @ts-nocheck import( * ** -> \u202e _ x delete this"
    .split(" "),
);
const text = fc.array(fc.oneof(NASTY, fc.string({ maxLength: 3 })), { maxLength: 6 })
  .map((parts) => parts.join(""));
const signature = fc.tuple(fc.array(NASTY, { maxLength: 6 }), text, text).map(([names, a, b]) =>
  `(${names.join(", ")}, x: Literal[${JSON.stringify(a)}] = ${JSON.stringify(b)})`
);
const words = fc.uniqueArray(fc.constantFrom("x", "delete", "this", "named", "Ω", "$", "await"));
const plain = fc.tuple(words, words, fc.boolean()).map(([names, others, isOpen]) => {
  const byName = others.filter((name) => !names.includes(name)).map((name) => `${name}=1`);
  return `(${[...names, "*", ...byName, ...(isOpen ? ["**rest"] : [])].join(", ")})`;
});
const schema = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: fc.constantFrom("number", "string", "null", "evil") }),
    fc.record({ enum: fc.array(fc.oneof(text, fc.double(), fc.jsonValue()), { maxLength: 3 }) }),
    fc.record({ anyOf: fc.array(tie("schema"), { maxLength: 3 }) }),
    fc.record({ type: fc.constant("array"), items: tie("schema") }),
    fc.record({
      type: fc.constant("array"),
      prefixItems: fc.array(tie("schema"), { maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant("object"),
      properties: fc.dictionary(text, tie("schema"), { maxKeys: 3 }),
      required: fc.array(text),
    }),
    fc.jsonValue(),
  ),
})).schema;
const attributes = fc.dictionary(
  fc.oneof(text, fc.constantFrom("__proto__", "constructor", "delete", "new", "then", "1", "")),
  fc.oneof(signature, plain, text.map((text) => `(${text}`), fc.jsonValue()),
);

Deno.test("declarations of hostile signatures compile and import nothing", async () => {
  await using folder = await temporaryFolder();
  const services: DeclaredService[] = fc.sample(
    fc.record({ name: text, language: text, attributes, said: fc.tuple(text, text, schema) }),
    60,
  ).map(({ said: [description, name, schema], ...service }) => {
    const value = { description, unit: description, schema };
    const one = {
      description,
      parameters: ["x", "delete", name].map((name) => ({ name, ...value })),
      result: value,
    };
    const all = Object.keys(service.attributes).map((attribute) => [attribute, one]);
    return {
      ...service,
      about: toServiceAbout({ description, attributes: Object.fromEntries(all) }),
    };
  });
  services.push({
    name: "*/ declare global { interface Array<T> { evil: T } } /*",
    language: '/// <reference path="/etc/passwd" /> @jsxImportSource evil',
    attributes: {
      f: "(x: '*/ import(\"evil\")')",
      g: `(x: ${"List[".repeat(5_000)}`,
      h: JSON.parse("[".repeat(500) + "]".repeat(500)),
      constructor: "(x)",
      ...JSON.parse('{"__proto__": "(x)"}'),
    },
  });
  const files: Record<string, string> = {};
  const used = services.map((service, index) => {
    // Errors in a .d.ts file are not shown, and there is nothing in one that a .ts file cannot have.
    files[`service${index}.ts`] = declareService(service);
    const type = typeName(service.name);
    return `import type { ${type} as S${index} } from "./service${index}.ts";\n` +
      `export declare const link${index}: Link<S${index}>;\n` +
      `export const name${index}: string = link${index}.serviceName;\n`;
  });
  await programs.add({
    ...files,
    "all.ts": `import type { Link } from ${MODULE};\n${used.join("")}`,
  });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(folder.join(name), text);
  }
  const declarations = join(folder.path, "declarations.ts");
  const imports = services.map((_, index) => `import "./service${index}.ts";\n`);
  await Deno.writeTextFile(declarations, imports.join(""));
  const { modules } = JSON.parse(await moduleGraph(declarations));
  assertEquals(modules.length, 1 + services.length); // no declaration imports anything
  const loading = modules.filter(({ dependencies }: { dependencies?: [] }) => dependencies?.length);
  assertEquals(loading.length, 1); // the list of them
});
