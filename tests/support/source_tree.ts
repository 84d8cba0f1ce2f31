/** The modules of the package, and the order of their layers. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { denoCommand, succeed } from "./process.ts";

/** The folder of the repository, with a final slash. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The configuration with the package's imports, for test programs in other folders. */
export const CONFIG = join(ROOT, "deno.json");

/** The module that a user imports, as a string in a program. */
export const MODULE = JSON.stringify(new URL("../../mod.ts", import.meta.url).href);

/**
 * The layers: a module imports from its own layer and from those before it. A layer is a folder, or
 * modules of the root.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ["base/", "errors.ts", "limits.ts", "version.ts"],
  ["future.ts"],
  ["logs/", "logging.ts"],
  ["wire/"],
  ["net/"],
  ["manager/database/"],
  ["manager/"],
  ["device/"],
  ["service/"],
  ["service.ts"],
  ["client/"],
  ["client.ts"],
  ["linked_client.ts"],
  ["web/"],
  ["cluster/"],
  ["manager.ts"],
  ["program/"],
  ["record/"],
  ["cli/"],
  ["cli/commands/"],
  ["cli/command_list.ts", "cli/program.ts", "cli/main.ts"],
  ["ssh.ts", "testing.ts"],
  ["mod.ts"],
];

/** The folders of the repository that are not published. */
const OTHERS = [".ci/", ".github/", "benchmarks/", "docs/", "examples/", "tests/"];

/** The files at the root that are no modules, and that a program or a reader needs. */
const DOCUMENTS = [
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "deno.json",
  "deno.lock",
];

/**
 * Every module of the package, e.g. `"base/repr.ts"`, sorted: those of the layers. A file that a
 * reader of the documentation has saved beside them is none of them.
 */
export function sourceFiles(): string[] {
  const files = LAYERS.flat()
    .flatMap((name) => name.endsWith("/") ? filesIn(name, false) : [name]);
  // A module of a folder may be a layer of its own.
  return [...new Set(files)].filter((file) => file.endsWith(".ts")).sort();
}

/** Every module of the tests, sorted. */
export function testFiles(): string[] {
  return filesIn("tests/").filter((file) => file.endsWith(".ts")).sort();
}

/** Every file of the repository, without those that a reader has saved beside, and caches. */
export function repositoryFiles(): string[] {
  const places = [...LAYERS.flat(), ...OTHERS];
  const folders = new Set(places.flatMap((name) => /^[\w.]+\//.exec(name) ?? []));
  const modules = places.filter((name) => !name.includes("/"));
  return [...DOCUMENTS, ...modules, ...[...folders].flatMap((folder) => filesIn(folder))];
}

function filesIn(folder: string, deep = true): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".") || name === "node_modules") return [];
    if (isDirectory) return deep ? filesIn(`${folder}${name}/`) : [];
    return [`${folder}${name}`];
  });
}

/** The index of a module's layer, by the longest entry that matches; -1 for none. */
export function layerOf(file: string): number {
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  const isIn = (name: string) => LAYERS.findIndex((layer) => layer.includes(name));
  return isIn(file) !== -1 ? isIn(file) : isIn(folder);
}

/** The module graph of a module, as the JSON of `deno info`. */
export function moduleGraph(...files: string[]): Promise<string> {
  return succeed(denoCommand(["info", "--json", ...files]));
}
