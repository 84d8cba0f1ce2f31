/**
 * The links of a built site.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, posix } from "node:path";

/** Links to a page, file or heading that the site does not have, one line each. */
export function brokenLinks(folder: string, pages: readonly string[]): string[] {
  const html = new Map(pages.map((page) => [page, Deno.readTextFileSync(join(folder, page))]));
  const anchors = new Map(
    [...html].map(([page, text]) => [
      page,
      new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([_, id]) => id)),
    ]),
  );
  return [...html].flatMap(([page, text]) => {
    const links = new Set(Array.from(text.matchAll(/ (?:href|src)="([^"]+)"/g), ([_, link]) => link));
    return [...links].flatMap((link) => {
      if (/^[a-z]+:/.test(link)) return [];
      const [path, anchor] = link.split("#");
      const target = path === "" ? page : posix.join(posix.dirname(page), decodeURI(path));
      if (!existsSync(join(folder, target))) return [`${page}: broken link to ${target}`];
      const isThere = !anchor || anchors.get(target)?.has(decodeURIComponent(anchor));
      return isThere ? [] : [`${page}: broken link to ${target}: it has no heading #${anchor}`];
    });
  });
}
