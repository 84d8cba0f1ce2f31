/**
 * The documentation in the repository: which files are pages.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { navigation } from "./navigation.ts";
import type { Source } from "./site.ts";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every page: those at the root, all in `docs`, and that of the benchmarks. */
export function readPages(): Map<string, string> {
  const paths = [...markdownIn("."), ...markdownIn("docs", true), "benchmarks/README.md"];
  return new Map(paths.sort().map((path) => [path, Deno.readTextFileSync(root + path)]));
}

/** The input of the site. */
export function readSource(): Source {
  return {
    pages: readPages(),
    navigation,
    isFile: (path) => existsSync(root + path) && Deno.statSync(root + path).isFile,
  };
}

function markdownIn(folder: string, deep = false): string[] {
  return [...Deno.readDirSync(root + folder)].flatMap(({ name, isDirectory }) => {
    const path = posix.join(folder, name);
    if (isDirectory) return deep ? markdownIn(path, deep) : [];
    return name.endsWith(".md") ? [path] : [];
  });
}
