/** The `static about` that is made of documentation comments, as text and as a value. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { insertAbout, type Insertion } from "../../cli/about_source.ts";
import { type DocumentedFile, documentedFile } from "../../cli/documented_classes.ts";
import { ConfigurationError } from "../../errors.ts";
import { ABOUT_LIMITS } from "../../limits.ts";
import { CompiledPrograms } from "../support/compiled.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";

/** The import of a reader's file. */
const IMPORT = `import { Service } from ${MODULE};\n`;

interface Outcome extends Insertion {
  readonly found: DocumentedFile;
  readonly problems: readonly string[];
}

/** What is made of a file with this text. */
async function describe(source: string, name = "meter.ts"): Promise<Outcome> {
  await using folder = await temporaryFolder();
  const file = folder.join(name);
  await Deno.writeTextFile(file, source);
  const found = await documentedFile(file, source);
  const insertion = insertAbout(source, found, found.classes, name.endsWith(".ts"));
  return { ...insertion, found, problems: found.classes.flatMap(({ problems }) => problems) };
}

const programs = new CompiledPrograms();

/** The `static about` of the class Meter, by default of a file that the compiler accepts. */
async function valueOf(source: string, isCompiled = true): Promise<unknown> {
  await using folder = await temporaryFolder();
  const file = folder.join("meter.ts");
  const program = `${source}\nconsole.log(JSON.stringify(Meter.about));\n`;
  await Deno.writeTextFile(file, program);
  if (isCompiled) await programs.add({ "meter.ts": program });
  return JSON.parse(await succeed(denoCommand(["run", "--config", CONFIG, "-A", file])));
}

/** The text as `deno fmt` formats it. */
async function formatted(source: string): Promise<string> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "meter.ts");
  await Deno.writeTextFile(file, source);
  await succeed(denoCommand(["fmt", "--no-config", file]));
  return await Deno.readTextFile(file);
}

/** A file with each thing that can be said. */
const METER = `import { Service } from "@msl/network";

/**
 * The multimeter of the voltage reference.
 * It is in rack {@link Rack 3}.
 */
export class Meter extends Service {
  #range = 10;

  /** What it measures now. [V] @not a tag */
  volts = 5;

  /**
   * The temperature of the case. [°C]
   * @safe
   */
  get celsius(): number {
    return 21;
  }

  /**
   * Measures a voltage, which it does with a long sentence that is wider than a line.
   * It takes a while.
   *
   * @param range - the largest voltage
   * that can be measured [V]
   * @param options.nplc the time of integration, in periods of the mains, see the manual
   * @param options.nothing
   * @returns the mean [V]
   * @safe
   */
  measure(range = 10, { nplc = 1, nothing = 2 } = {}): number {
    return range + nplc + nothing;
  }

  /** No more. */
  private secret(): void {}

  /** Nor is this. */
  _hidden = 1;

  /** Nor this. */
  static made = 1;

  undocumented(): void {}

  /** @param count how many */
  *readings(count: number): Generator<number> {
    yield count;
  }
}
`;

const ABOUT = `\
static about: About<Meter> = {
  description: "The multimeter of the voltage reference.\\nIt is in rack 3.",
  attributes: {
    volts: { description: "What it measures now. [V] @not a tag" },
    celsius: {
      description: "The temperature of the case.",
      result: { unit: "°C" },
      safe: true,
    },
    measure: {
      description:
        "Measures a voltage, which it does with a long sentence that is wider than a line.\\nIt takes a while.",
      parameters: [
        {
          name: "range",
          description: "the largest voltage that can be measured",
          unit: "V",
        },
        {
          name: "nplc",
          description:
            "the time of integration, in periods of the mains, see the manual",
        },
      ],
      result: { description: "the mean", unit: "V" },
      safe: true,
    },
    readings: {
      parameters: [
        { name: "count", description: "how many" },
      ],
    },
  },
};`;

Deno.test("each kind of comment is a part of the static about, as deno fmt formats it", async () => {
  const source = METER.replace('"@msl/network"', MODULE);
  const { importLine, declarations, source: edited, problems } = await describe(source);
  assertEquals(importLine, `import type { About } from ${MODULE};`);
  assertEquals(declarations, [{ className: "Meter", text: ABOUT }]);
  assertEquals(problems, []);
  assertEquals(await formatted(edited), edited);
  // Nothing else has changed.
  const inner = ABOUT.split("\n").map((line) => `  ${line}\n`).join("");
  assertEquals(edited.replace(`${inner}\n`, "").replace(`${importLine}\n`, ""), source);
});

Deno.test("no comment can end the text that is made of it", async () => {
  const hostile = [
    '" \'quotes\' "double" `back` ${process.exit(1)} \\',
    "*\u200b/ \\*\\/ // <!-- </script> \\u0022 \\n __proto__",
    "\u0000\u001b[31m\u2028\u2029\u202e\ufeff😀 漢字",
    "it's, it's, \"it\" \\' \\\\'",
  ].join("\n");
  const comment = hostile.split("\n").map((line) => ` * ${line}`).join("\n");
  const { source } = await describe(`${IMPORT}
    /**\n${comment}\n */
    class Meter extends Service {
      /**\n${comment}\n * @param __proto__ ${hostile.replaceAll("\n", " ")}\n */
      constructor_(__proto__: number) { return __proto__; }
      /** 'it\\'s' "x" "y" */
      "quoted 'name'\\u2028" = 1;
    }`);
  const about = await valueOf(source) as Record<string, unknown>;
  const text = hostile.split("\n").map((line) => line.trimEnd()).join("\n");
  assertEquals(about.description, text);
  const { constructor_, ...others } = about.attributes as Record<string, unknown>;
  assertEquals(constructor_, {
    description: text,
    parameters: [{ name: "__proto__", description: hostile.replaceAll("\n", " ") }],
  });
  assertEquals(Object.values(others), [{ description: '\'it\\\'s\' "x" "y"' }]);
});

Deno.test("classes are found by what they extend, wherever the braces of their heads are", async () => {
  const { source, declarations, found } = await describe(`import * as msl from ${MODULE};
    import { Service as Base } from ${MODULE};
    const text = "class Fake extends Base {";
    /** 漢 \u2028 😀 */\tfunction tag(_: unknown) { return (it: any, _context: unknown): any => it; }
    /** Head. */
    @tag({ a: "}" })
    export abstract class Meter<T extends { a: () => void } = { a(): void }>
      extends Base /* { */ implements Iterable<{ b: 1 }> { // {
      /** First. */
      private constructor_ = text;
      /** Typed. */
      public typed?: T;
      declare unsaid: number; /** Not there. */
      /** Only declared. */
      declare readonly declared: number;
      /** Abstract. */
      abstract later(): void;
      [Symbol.iterator](): any {}
    }
    /** Empty. */
    class Inner extends Meter {}
    /** Of a namespace. */
    class Other extends msl.Service {
    }
    /** No service. */
    class Plain { /** x */ x = 1; }
    /** No service either. */
    class Circle extends Plain {}
    export const used = [Inner, Other, Circle];
    /** Without a name. */
    export default class extends Base {}
    enum Kind { a }
    class Port extends Base { constructor(
      /** of a parameter */ private kind: Kind) { super(); void this.kind; } }
    void Port;`.replace("class Inner extends Meter {}", "abstract class Inner extends Meter {}"));
  assertEquals(found.classes.map(({ name }) => name).sort(), [
    "Inner",
    "Meter",
    "Other",
    "Port",
    "default",
  ]);
  const texts = Object.fromEntries(declarations.map(({ className, text }) => [className, text]));
  assertStringIncludes(
    texts.Inner,
    'static override about: About<Inner> = { description: "Empty." };',
  );
  assertStringIncludes(texts.default, 'about: About = { description: "Without a name." };');
  assertStringIncludes(texts.Meter, "about: About = {\n"); // it has type parameters
  assertEquals(await valueOf(source), {
    description: "Head.",
    attributes: { typed: { description: "Typed." }, later: { description: "Abstract." } },
  });
});

Deno.test("the type About is imported once, and by another name if that is taken", async () => {
  const body = `/** Yes. */ class Meter extends Service {}`;
  const present = await describe(
    `import { type About as Said, Service } from ${MODULE};\n${body}\nexport type T = Said;`,
  );
  assertEquals(present.importLine, undefined);
  assertStringIncludes(present.source, "static about: Said<Meter> =");
  const taken = await describe(
    `${IMPORT}interface About { a: 1 }\n${body}\nexport type T = About;`,
  );
  assertEquals(taken.importLine, `import type { About as AboutOf } from ${MODULE};`);
  assertEquals(await valueOf(taken.source), { description: "Yes." });
  const commented = await describe(`/*\nimport { Service } from "nowhere";\n*/\n${IMPORT}${body}`);
  assertEquals(commented.importLine, `import type { About } from ${MODULE};`);
  assertEquals(await valueOf(commented.source, false), { description: "Yes." });
  const all = await describe(`import * as msl from ${MODULE};
    /** Yes. */ class Meter extends msl.Service {}`);
  assertEquals(await valueOf(all.source), { description: "Yes." });
  const script = await describe(`${IMPORT}${body}`, "meter.js");
  assertStringIncludes(script.source, 'static about = { description: "Yes." };');
  assertEquals(script.importLine, undefined);
});

Deno.test("only one word in brackets at the end is a unit", async () => {
  const units: [text: string, unit: string | undefined][] = [
    ["a voltage [V]", "V"],
    ["[m/s]", "m/s"],
    ["a voltage in V", undefined],
    ["a voltage [V].", undefined],
    ["a voltage [V] or so", undefined],
    ["within [0,10]", undefined],
    ["see [the manual]", undefined],
    ["an array a[i]", undefined],
    ["[1]", undefined],
    [`too long [${"m".repeat(ABOUT_LIMITS.name + 1)}]`, undefined],
  ];
  const members = units.map(([text], index) => `/** ${text} */\n p${index} = ${index};\n`);
  const { found } = await describe(`${IMPORT}class Meter extends Service {\n${members.join("")}}`);
  const { attributes } = found.classes[0];
  assertEquals(
    units.map(([text], index) => [text, attributes.get(`p${index}`)?.result?.unit]),
    units,
  );
  assertEquals(attributes.get("p0")?.description, "a voltage");
  assertEquals(attributes.get("p3")?.description, "a voltage [V].");
});

Deno.test("overloads and accessors are described by the comment that they have", async () => {
  const { source } = await describe(`${IMPORT}class Meter extends Service {
    /**
     * Sets.
     * @param volts to this [V]
     */
    set(volts: number): void;
    set(name: string): void;
    set(volts: unknown): void { void volts; }
    /** Of the implementation. */
    get level(): number { return 1; }
    /** Of the setter. */
    set level(value: number) { void value; }
    set only(value: number) { void value; }
  }`);
  assertEquals(await valueOf(source, false), {
    attributes: {
      set: {
        description: "Sets.",
        parameters: [{ name: "volts", description: "to this", unit: "V" }],
      },
      level: { description: "Of the implementation." },
    },
  });
});

Deno.test("what cannot be said is a problem with a name, and the rest is said", async () => {
  const { found, problems } = await describe(`${IMPORT}class Meter extends Service {
    /**
     * ${"x".repeat(ABOUT_LIMITS.text + 1)}
     * @param range the range
     * @param args the others
     */
    set(volts: number, ...args: number[]): void { void [volts, args]; }
    /** @param a the first */
    field = (a: number): number => a;
  }`);
  const length = ABOUT_LIMITS.text + 1;
  assertEquals(problems, [
    `Meter.set: its text has ${length} characters, the limit is ${ABOUT_LIMITS.text}: it is cut`,
    "Meter.set: there is no parameter range that a request can name",
    "Meter.set: there is no parameter args that a request can name",
    "Meter.field: Deno does not tell the parameters of a function in a property: a",
  ]);
  const { description } = found.classes[0].attributes.get("set")!;
  assertEquals(description?.length, ABOUT_LIMITS.text);
});

Deno.test("lines that end as on Windows are kept so", async () => {
  const { source } = await describe(
    `${IMPORT}/** One.\n * Two. */\nclass Meter extends Service {\n  x = 1;\n}`.replaceAll(
      "\n",
      "\r\n",
    ),
  );
  assertEquals(source.replaceAll("\r\n", "").includes("\n"), false);
  assertEquals(await valueOf(source, false), { description: "One.\nTwo." });
});

Deno.test("a file that Deno cannot parse is refused with the reason", async () => {
  await assertRejects(() => describe("class {"), ConfigurationError, "Cannot read the comments of");
  await assertRejects(
    () => describe('import { Service } from "nowhere";\nclass A extends Service {}'),
    ConfigurationError,
    "nowhere",
  );
});
