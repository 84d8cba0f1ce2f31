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

/** The pages that are not in `docs`. Other Markdown at the root may be a reader's own notes. */
const ELSEWHERE = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md"];

/** Every page. */
export function readPages(): Map<string, string> {
  const paths = [...ELSEWHERE, ...markdownIn("docs")];
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

function markdownIn(folder: string): string[] {
  return [...Deno.readDirSync(root + folder)].flatMap(({ name, isDirectory }) => {
    const path = posix.join(folder, name);
    if (isDirectory) return markdownIn(path);
    return name.endsWith(".md") ? [path] : [];
  });
}
