/**
 * The pages of the repository and the files that they link to, as the pages of the site that
 * VitePress builds.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { isPage, linkedFiles, linkTo, placeOf, textOf } from "./links.ts";
import { type Item, navigation, type Section } from "./navigation.ts";
import { isFile, readPages, root } from "./source.ts";

/** The title of a page: its first heading. */
export function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1].replaceAll("`", "") ?? "";
}

/** Pages that the navigation does not list, listed pages that do not exist, pages without title. */
export function problemsOf(
  pages: ReadonlyMap<string, string>,
  sections: readonly Section[] = navigation,
): string[] {
  const listed = sections.flatMap((section) => section.pages);
  return [
    ...listed.filter((path) => !pages.has(path))
      .map((path) => `${path}: docs/site/navigation.ts lists this page, and there is none`),
    ...[...pages.keys()].filter((path) => !listed.includes(path))
      .map((path) => `${path}: this page is not in docs/site/navigation.ts`),
    ...[...pages].filter(([_, text]) => titleOf(text) === "")
      .map(([path]) => `${path}: this page has no title, a line that begins with "# "`),
  ];
}

/** The navigation at the side of each page. */
export function sidebarOf(pages: ReadonlyMap<string, string>): Item[] {
  return navigation.map(({ title, pages: paths }) => ({
    text: title,
    items: paths.map((path) => ({
      // The title of their section is "How to" already.
      text: titleOf(pages.get(path)!).replace(/^How to (\w)/, (_, letter) => letter.toUpperCase()),
      link: linkTo(path).replace(/\/index\.html$/, "/"),
    })),
  }));
}

/** Writes the pages, and the figures and files that they show or link to. */
export async function writePages(folder: string): Promise<void> {
  const pages = readPages();
  for (const [path, text] of pages) await write(folder, path, withoutComments(text));
  const files = new Set([...pages].flatMap(([path, text]) => linkedFiles(path, text)));
  for (const path of [...files].filter(isFile)) {
    if (isPage(path)) await write(folder, path, await codeOf(path), CODE);
    else await copy(path, join(folder, "public", textOf(path)));
  }
  for (const { name } of Deno.readDirSync(join(root, "docs", "figures"))) {
    await copy(`docs/figures/${name}`, join(folder, "public", "figures", name));
  }
}

/** A page of code is in no menu, so that no page comes before or after it. It needs the space. */
const CODE = "prev: false\nnext: false\naside: false\n";

/** A page with the code of a file. */
async function codeOf(path: string): Promise<string> {
  const code = await Deno.readTextFile(join(root, path));
  const fence = "`".repeat(8);
  return `# \`${path}\`\n\n${fence}${languageOf(path)}\n${code}\n${fence}\n`;
}

async function copy(path: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(join(root, path), to);
}

/** Writes one page. Its links are relative to its place in the repository, which is `source`. */
async function write(folder: string, path: string, text: string, more = ""): Promise<void> {
  const file = join(folder, `${placeOf(path)}.md`);
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, `---\nsource: ${JSON.stringify(path)}\n${more}---\n\n${text}`);
}

/** A page without its comments, which are for the tests: they would be visible. */
function withoutComments(text: string): string {
  const blockOrComment = /^( *)(`{3,}).*\n[^]*?^\1\2$|^<!--[^]*?-->\n?/gm;
  return text.replaceAll(blockOrComment, (found) => found.startsWith("<!--") ? "" : found);
}

/** The language of a file, for its colours. */
function languageOf(path: string): string {
  const [, extension = ""] = /\.(\w+)$/.exec(path) ?? [];
  if (path.endsWith("Dockerfile")) return "docker";
  return { service: "ini", ts: "ts", py: "python", yml: "yaml", json: "json" }[extension] ?? "text";
}
