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
  ["client/"],
  ["web/"],
  ["manager.ts"],
  ["service.ts"],
  ["client.ts"],
  ["linked_client.ts"],
  ["program/"],
  ["cli/"],
  ["cli/commands/"],
  ["cli/main.ts"],
  ["ssh.ts", "testing.ts"],
  ["mod.ts"],
];

/** The folders that have no module of the package in them. */
const OTHERS = new Set(["benchmarks", "docs", "examples", "tests"]);

/** Every module of the package, e.g. `"base/repr.ts"`, sorted. */
export function sourceFiles(folder = ""): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".") || folder === "" && OTHERS.has(name)) return [];
    if (isDirectory) return sourceFiles(`${folder}${name}/`);
    return name.endsWith(".ts") ? [`${folder}${name}`] : [];
  }).sort();
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
