/**
 * The links of a built site.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, posix } from "node:path";

/** Links that are absolute, or to a page, file or heading that the site does not have. */
export function brokenLinks(folder: string, pages: readonly string[]): string[] {
  const html = new Map(pages.map((page) => [page, Deno.readTextFileSync(join(folder, page))]));
  const anchors = new Map([...html].map(([page, text]) => [page, new Set(valuesOf(text, "id"))]));
  const problemOf = (page: string, link: string): string | undefined => {
    if (/^(https?|mailto|data):/.test(link)) return undefined;
    if (link.startsWith("/") || /^\w+:/.test(link)) return `${link}: it is not relative`;
    const [path, anchor] = link.split("#").map(decodeURIComponent);
    const target = path === "" ? page : posix.join(posix.dirname(page), path);
    if (!existsSync(join(folder, target))) return target;
    const isThere = !anchor || (anchors.get(target)?.has(anchor) ?? false);
    return isThere ? undefined : `${target}#${anchor}: there is no such heading`;
  };
  return [...html].flatMap(([page, text]) =>
    [...new Set(valuesOf(text, "href|src"))].flatMap((link) => {
      const problem = problemOf(page, link);
      return problem === undefined ? [] : [`${page}: broken link to ${problem}`];
    })
  );
}

/** The values of an attribute in a page. */
function valuesOf(html: string, attribute: string): string[] {
  const values = html.matchAll(new RegExp(` (?:${attribute})="([^"]+)"`, "g"));
  return Array.from(values, ([_, value]) => value.replaceAll("&amp;", "&"));
}
