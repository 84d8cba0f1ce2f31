/** The programs that need no Deno, as far as they can be tested without a download of their base. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCommand, TARGETS } from "../../docs/deploy/compile.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, run } from "../support/process.ts";
import { moduleGraph, ROOT } from "../support/source_tree.ts";

/** A module in the output of `deno info`. A type-only import has no `code`. */
interface Module {
  specifier: string;
  error?: string;
  dependencies?: { code?: { specifier?: string } }[];
}

Deno.test("deno compile supports every system that a program is built for", async () => {
  const compile = denoCommand(["compile", "--target=unknown", "manager.ts"], { cwd: ROOT });
  const [, possible] = /possible values: ([^\]\n]*)/.exec((await run(compile)).stderr) ?? [];
  for (const target of TARGETS) assert(possible?.split(", ").includes(target), target);
});

Deno.test("docs/deploy.md names every system that a program is built for", async () => {
  const text = await Deno.readTextFile(join(ROOT, "docs", "deploy.md"));
  for (const target of TARGETS) assertStringIncludes(text, `\`${target}\``);
});

Deno.test({
  name: "every module of the command line is in the program",
  // The real base has to be downloaded. `deno compile` accepts Deno itself as a base on this system.
  ignore: Deno.build.target !== "x86_64-unknown-linux-gnu",
  async fn() {
    await using folder = await temporaryFolder();
    const env = { DENORT_BIN: Deno.execPath() };
    const compile = denoCommand(compileCommand(Deno.build.target, folder.path), { env });
    const { code, stdout, stderr } = await run(compile);
    assertEquals(code, 0, stdout + stderr);
    const embedded = embeddedFiles(stdout + stderr);
    const graph = await localModules("cli/main.ts");
    assert(graph.includes("deno.json") && graph.length > 50, "the modules were not found");
    const isEmbedded = (file: string) =>
      embedded.some((name) => name === file || file.startsWith(name.replace(/\*$/, "/")));
    const missing = graph.filter((file) => !isEmbedded(file));
    assertEquals(missing, []);
  },
});

/** The files in the tree that `deno compile` prints; a folder of which every file is included is `"folder*"`. */
function embeddedFiles(output: string): string[] {
  const folders: string[] = [];
  return [...output.matchAll(/^((?:[│├└] ?|[─┬ ])+)(\S+) \(/gm)].map(([_, branch, name]) => {
    folders.splice(branch.length / 2 - 2);
    folders.push(name.replace("/*", "*"));
    return folders.join("/");
  });
}

/** The modules of the package that an entry point loads, itself included. */
async function localModules(entry: string): Promise<string[]> {
  const { modules }: { modules: Module[] } = JSON.parse(await moduleGraph(join(ROOT, entry)));
  assertEquals(modules.filter(({ error }) => error !== undefined), []);
  const found = new Set([`file://${join(ROOT, entry)}`]);
  for (const specifier of found) {
    const { dependencies = [] } = modules.find((module) => module.specifier === specifier) ?? {};
    for (const { code } of dependencies) {
      if (code?.specifier?.startsWith("file:")) found.add(code.specifier);
    }
  }
  return [...found].map((specifier) => fileURLToPath(specifier).slice(ROOT.length));
}
