/**
 * Where the pages and files of the repository are in the site, and the links between them.
 *
 * @module
 */

import { posix } from "node:path";

/** Names in the site of pages whose own would be `README`. */
const RENAMED: Record<string, string> = {
  "docs/README.md": "index",
  "README.md": "readme",
  "benchmarks/README.md": "benchmarks",
};

/** The files that are pages too, with highlighted code. Other files are shown as text. */
const SHOWN = /^(examples|docs\/deploy)\//;

/** Whether a file of the repository is a page of the site. */
export function isPage(path: string): boolean {
  return path.endsWith(".md") || SHOWN.test(path);
}

/** The place in the site of a page, without its extension. */
export function placeOf(path: string): string {
  if (!path.endsWith(".md")) return path;
  return RENAMED[path] ?? path.replace(/^docs\//, "").replace(/\.md$/, "").toLowerCase();
}

/** The place in the site of a file that is no page: browsers show any text. */
export function textOf(path: string): string {
  return `files/${path}.txt`;
}

/** The link of the site to a page or to a file. */
export function linkTo(path: string): string {
  return isPage(path) ? `/${placeOf(path)}.html` : `/${textOf(path)}`;
}

/** Whether a link leads out of the repository. */
export function isExternal(href: string): boolean {
  return /^[a-z][a-z+.-]*:/.test(href);
}

/** The path in the repository that a link of a page leads to, and its anchor with the `#`. */
export function targetOf(page: string, href: string): { path: string; anchor: string } {
  const [target, anchor] = href.split("#");
  return {
    path: target === "" ? page : posix.join(posix.dirname(page), decodeURI(target)),
    anchor: anchor === undefined ? "" : `#${anchor}`,
  };
}

/** The files of the repository, other than pages, that the text of a page links to. */
export function linkedFiles(page: string, text: string): string[] {
  const prose = text.replaceAll(/^( *)(`{3,}).*\n[^]*?^\1\2$/gm, "").replaceAll(/`[^`\n]+`/g, "`");
  return [...prose.matchAll(/(!?)\[(?:[^\[\]]|!?\[[^\]]*\])*\]\(([^)\s]+)\)/g)]
    .flatMap(([, image, href]) => {
      if (image === "!" || isExternal(href)) return [];
      const { path } = targetOf(page, href);
      return path.endsWith(".md") || path.startsWith("..") ? [] : [path];
    });
}
