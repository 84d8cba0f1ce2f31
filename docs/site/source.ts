/**
 * The documentation in the repository: which files are pages.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The pages that are not in `docs`. Other Markdown at the root may be a reader's own notes. */
const ELSEWHERE = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md"];

/** The folder with what is no page: the generator of the site, and the packages that it needs. */
const SITE = "docs/site";

/** Every page. */
export function readPages(): Map<string, string> {
  const paths = [...ELSEWHERE, ...markdownIn("docs")];
  return new Map(paths.sort().map((path) => [path, Deno.readTextFileSync(root + path)]));
}

/** Whether the repository has a file of that path; a folder is none. */
export function isFile(path: string): boolean {
  return existsSync(root + path) && Deno.statSync(root + path).isFile;
}

function markdownIn(folder: string): string[] {
  return [...Deno.readDirSync(root + folder)].flatMap(({ name, isDirectory }) => {
    const path = posix.join(folder, name);
    if (isDirectory) return path === SITE ? [] : markdownIn(path);
    return name.endsWith(".md") ? [path] : [];
  });
}
