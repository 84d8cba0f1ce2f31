/**
 * Rules of style that a test can check: folders are layers and imports point one way, a program that
 * only connects loads little, and only programs write to the console.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  layerOf,
  LAYERS,
  moduleGraph,
  ROOT,
  sourceFiles,
  testFiles,
} from "./support/source_tree.ts";

interface Graph {
  modules: {
    specifier: string;
    dependencies?: {
      code?: { specifier: string };
      type?: { specifier: string };
      isDynamic?: boolean;
    }[];
  }[];
}

/** An import of one module of the package by another, or of a package by a module. */
interface Import {
  importer: string;
  imported: string;
  isType: boolean;
  isDynamic: boolean;
}

/** The imports of a module, and of all modules that it imports. */
async function importsFrom(entries: readonly string[]): Promise<Import[]> {
  const root = pathToFileURL(ROOT).href;
  const nameOf = (specifier: string) => specifier.replace(root, "");
  const graphs = await Promise.all(
    entries.map(async (entry): Promise<Graph> => JSON.parse(await moduleGraph(join(ROOT, entry)))),
  );
  return graphs.flatMap(({ modules }) => modules).flatMap(({ specifier, dependencies = [] }) =>
    dependencies.map(({ code, type, isDynamic = false }) => ({
      importer: nameOf(specifier),
      imported: nameOf(code?.specifier ?? type?.specifier ?? ""),
      isType: code === undefined,
      isDynamic,
    }))
  );
}

/** The modules that a program loads when it imports a module. */
async function loadedBy(entry: string): Promise<Set<string>> {
  const imports = (await importsFrom([entry])).filter(({ isType, isDynamic }) =>
    !isType && !isDynamic
  );
  const loaded = new Set([entry]);
  for (const importer of loaded) { // the loop visits added items too
    for (const found of imports) if (found.importer === importer) loaded.add(found.imported);
  }
  return loaded;
}

/** The one import of a later layer: the Manager as a program starts the command line. */
const ENTRY = "manager.ts cli/main.ts";

/** The entry points through which every module of the package is loaded. */
const ENTRIES = ["cli/main.ts", "testing.ts", "mod.ts", "web/mod.ts"];

Deno.test("every module is in a layer, and every layer has a module", async () => {
  const files = sourceFiles();
  const reached = (await importsFrom(ENTRIES)).flatMap(({ importer, imported }) =>
    [importer, imported].filter((name) => /^[\w/]+\.ts$/.test(name))
  );
  assert(reached.length > 300, "the imports were not found");
  assertEquals([...new Set([...reached, ...files])].filter((file) => layerOf(file) === -1), []);
  for (const name of LAYERS.flat()) {
    assert(files.some((file) => file.startsWith(name)), `there is no ${name}`);
  }
});

Deno.test("a module imports from its own layer and from those before it, and never in a circle", async () => {
  const files = sourceFiles();
  const imports = (await importsFrom(ENTRIES))
    .filter(({ importer, imported }) => files.includes(importer) && files.includes(imported))
    .filter(({ importer, imported }) => `${importer} ${imported}` !== ENTRY);
  assert(imports.length > 300, "the imports were not found");
  const wrong = imports.filter(({ importer, imported }) => layerOf(imported) > layerOf(importer));
  assertEquals(new Set(wrong.map((it) => `${it.importer} imports ${it.imported}`)), new Set());
  assertEquals(circleOf(imports), []);
  const reached = new Set(imports.flatMap(({ importer, imported }) => [importer, imported]));
  assertEquals(files.filter((file) => !reached.has(file)), [], "modules that nothing imports");
});

/** The modules in cycles: those that are left when modules without imports are removed repeatedly. */
function circleOf(imports: readonly Import[]): string[] {
  const left = new Map<string, Set<string>>();
  for (const { importer, imported } of imports) {
    left.set(importer, (left.get(importer) ?? new Set()).add(imported));
  }
  for (;;) {
    const done = [...left].filter(([_, all]) => [...all].every((it) => !left.has(it)));
    if (done.length === 0) return [...left.keys()].sort();
    for (const [module] of done) left.delete(module);
  }
}

for (const entry of ["mod.ts", "client.ts"]) {
  Deno.test(`a program that imports ${entry} loads no command line, database or certificate maker`, async () => {
    const loaded = await loadedBy(entry);
    assert(loaded.has("client/link.ts"), "the graph was not found");
    const heavy = [...loaded].filter((name) =>
      /^(cli|record)\/|^cluster\/(?!join_)|nats|^manager\/database\/|certificate_(maker|text)|net\/der|commander|sqlite|asn1js|spinner/
        .test(name)
    );
    assertEquals(heavy, []);
  });
}

Deno.test("the Manager as a program loads nothing of a Manager before it starts one", async () => {
  const loaded = await loadedBy("manager.ts");
  assertEquals([...loaded].filter((name) => /^(manager|web|cluster|client|cli)\//.test(name)), []);
});

/**
 * The modules of Node that each command loads before it connects, beside `node:os` and `node:path`: they
 * take 5 to 25 ms each. Bold and dim text needs `node:process`.
 */
const STYLED = ["node:process", "node:util"];
const FAST: Readonly<Record<string, readonly string[]>> = {
  call: [],
  console: ["node:readline", ...STYLED],
  disconnect: [],
  history: STYLED,
  log: STYLED,
  ls: STYLED,
  ping: [],
  status: [],
  top: STYLED,
  types: [],
  watch: STYLED,
};

for (const [command, needed] of Object.entries(FAST)) {
  Deno.test(`the command ${command} loads no commander, no TLS before it connects, and nothing of a Manager`, async () => {
    const loaded = new Set([
      ...await loadedBy("manager.ts"),
      ...await loadedBy("cli/main.ts"),
      ...await loadedBy(`cli/commands/${command}.ts`),
    ]);
    assert(loaded.has("client/link.ts"), "the graph was not found");
    const heavy =
      /^(manager|service|web|cluster|record)\/|commander|logtape|log_tape|spinner|npy|acorn/;
    assertEquals([...loaded].filter((name) => heavy.test(name)), []);
    const expected = ["node:os", "node:path", ...needed].sort();
    assertEquals([...loaded].filter((name) => name.startsWith("node:")).sort(), expected);
  });
}

Deno.test("every command that uses TLS is one of those that load little, or runs long", async () => {
  const { COMMANDS } = await import("../cli/command_list.ts");
  const secure = [...COMMANDS].filter(([_, { usesTls }]) => usesTls).map(([name]) => name);
  assertEquals(secure.sort(), [...Object.keys(FAST), "record", "start"].sort());
});

Deno.test("a program that only connects loads nothing of a Manager", async () => {
  const loaded = await loadedBy("client.ts");
  assertEquals([...loaded].filter((name) => /^(manager|service|program)\b/.test(name)), []);
  // Its TLS is loaded with the first connection that uses it.
  assertEquals([...loaded].filter((name) => /^node:(tls|net|stream|crypto)$/.test(name)), []);
});

Deno.test("what a user imports loads LogTape if it has loggers; a Manager when it starts", async () => {
  const { exports } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const entries = Object.values<string>(exports).map((file) => file.slice("./".length));
  const without: string[] = [];
  for (const entry of [...entries, "manager/parts.ts"]) {
    const loaded = await loadedBy(entry);
    if (loaded.has("base/log.ts") && !loaded.has("base/log_tape.ts")) without.push(entry);
  }
  // A Future alone belongs to no device.
  assertEquals(without.sort(), ["future.ts", "manager.ts"]);
});

Deno.test("only programs write to the console, and what reports an error that nobody sees", () => {
  for (const file of sourceFiles()) {
    if (/^(cli|program)\/|^base\/program_end\.ts$/.test(file)) continue;
    const code = Deno.readTextFileSync(join(ROOT, file)).replaceAll(/^\s*(\/?\*|\/\/).*$/gm, "");
    assert(!/\bconsole\./.test(code), `${file} uses the console`);
  }
});

Deno.test("property tests have the same inputs in each run", () => {
  const direct = testFiles().filter((file) =>
    /^import .*"fast-check"/m.test(Deno.readTextFileSync(join(ROOT, file)))
  );
  assertEquals(direct, ["tests/support/properties.ts"]);
});
