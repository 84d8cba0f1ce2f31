/**
 * A site that browsers can open as files. VitePress writes absolute links, and scripts that are
 * modules: neither works without a server.
 *
 * @module
 */

import { join, posix } from "node:path";

/** The page that a server shows at any path, so that its links have to be absolute. */
const NOT_FOUND = "404.html";

/** Makes the links of all pages relative. Returns the paths of these pages in the folder. */
export async function makeRelative(folder: string, base: string): Promise<string[]> {
  const script = new URL("./without_server.js", import.meta.url);
  await Deno.copyFile(script, join(folder, "without_server.js"));
  const pages = pagesIn(folder).filter((page) => page !== NOT_FOUND);
  for (const page of pages) {
    const file = join(folder, page);
    await Deno.writeTextFile(file, relative(await Deno.readTextFile(file), page, base));
  }
  return pages;
}

/** The HTML of one page, whose links are absolute and begin with the base. */
export function relative(html: string, page: string, base: string): string {
  return html
    // A module would be refused, with an error in the console of the browser. A module also begins
    // when the page is complete: VitePress reads a variable that a later script defines.
    .replace(
      /<script type="module" src="([^"]+)"><\/script>/,
      (_, source) =>
        `<script>if (location.protocol !== "file:") addEventListener("DOMContentLoaded", ` +
        `() => import(${JSON.stringify(source)}));</script>`,
    )
    .replaceAll(/ *<link rel="modulepreload"[^>]*>\n?/g, "")
    .replaceAll(/(<[^>]* (?:href|src)=")([^"]*)"/g, (_, before, link) => {
      return `${before}${relativeLink(link, page, base)}"`;
    });
}

function relativeLink(link: string, page: string, base: string): string {
  if (!link.startsWith(base)) return link;
  const [path, anchor] = link.slice(base.length).split("#");
  const target = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  const shortest = posix.relative(posix.dirname(page), target);
  return anchor === undefined ? shortest : `${shortest}#${anchor}`;
}

function pagesIn(folder: string, path = ""): string[] {
  return [...Deno.readDirSync(join(folder, path))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return pagesIn(folder, posix.join(path, name));
    return name.endsWith(".html") ? [posix.join(path, name)] : [];
  }).sort();
}
