/**
 * What a tool can hold of our habits: imports point one way, and every module has its row in
 * docs/architecture.md.
 */

import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);

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

/** The modules in the order of the table. */
async function documented(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("docs/architecture.md", root));
  return [...text.matchAll(/^\| `(\w+\.ts)` *\|/gm)].map(([_, module]) => module);
}

async function readGraph(entry: string): Promise<Graph> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL(entry, root).href],
    stderr: "null",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function present(): string[] {
  return [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => name.endsWith(".ts"));
}

Deno.test("every module has one row in docs/architecture.md", async () => {
  assertEquals((await documented()).sort(), present().sort());
});

Deno.test("imports point up the table, so there are no cycles", async () => {
  const order = await documented();
  const found = await Promise.all(["cli.ts", "testing.ts", "mod.ts"].map(readGraph));
  let imports = 0;
  for (const { specifier, dependencies = [] } of found.flatMap(({ modules }) => modules)) {
    const importer = order.indexOf(specifier.slice(root.href.length));
    if (!specifier.startsWith(root.href) || importer === -1) continue;
    for (const { code, type, isDynamic } of dependencies) {
      const target = code?.specifier ?? type?.specifier ?? "";
      const imported = order.indexOf(target.slice(root.href.length));
      if (isDynamic || !target.startsWith(root.href) || imported === -1) continue;
      imports++;
      assert(
        imported < importer,
        `${order[importer]} imports ${order[imported]}, which is below it`,
      );
    }
  }
  assert(imports > 50, "the imports were not found");
});

Deno.test("only programs write to the console: the command line, and run.ts", () => {
  for (const module of present()) {
    if (/^(cli|run|password|\w+_command)\.ts$/.test(module)) continue;
    const code = Deno.readTextFileSync(new URL(module, root)).replaceAll(
      /^\s*(\/?\*|\/\/).*$/gm,
      "",
    );
    assert(!/\bconsole\./.test(code), `${module} uses the console`);
  }
});
