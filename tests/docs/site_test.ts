/**
 * The documentation as a site: its pages, their names and their links. `built_site.ts` builds it,
 * which takes longer and needs the packages of the generator.
 */

import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { brokenLinks } from "../../docs/site/check.ts";
import { isPage, linkedFiles, linkTo, targetOf } from "../../docs/site/links.ts";
import { problemsOf, sidebarOf, titleOf } from "../../docs/site/pages.ts";
import { isFile, readPages, root } from "../../docs/site/source.ts";
import { relative } from "../../docs/site/without_server.ts";
import { temporaryFolder } from "../support/folder.ts";

const pages = readPages();

Deno.test("every page of this repository is in the navigation, and has a title", () => {
  assertEquals(problemsOf(pages), []);
  const names = sidebarOf(pages).flatMap(({ items = [] }) => items.map(({ text }) => text));
  assertEquals(names.length, pages.size);
  assertEquals(new Set(names).size, names.length, "two pages have the same name");
});

Deno.test("a page that is missing, that is not listed or that has no title is a problem", () => {
  const navigation = [{ title: "All", pages: ["docs/README.md", "docs/c.md"] }];
  assertEquals(
    problemsOf(new Map([["docs/README.md", "text"], ["docs/b.md", "# B"]]), navigation),
    [
      "docs/c.md: docs/site/navigation.ts lists this page, and there is none",
      "docs/b.md: this page is not in docs/site/navigation.ts",
      'docs/README.md: this page has no title, a line that begins with "# "',
    ],
  );
});

Deno.test("the list of all pages gives each its own title, and leaves out none", () => {
  const text = pages.get("docs/README.md")!;
  const links = [...text.matchAll(/^- \[([^\]]+)\]\(([^)#]+\.md)\)/gm)];
  const named = links.map(([_, name, href]) => [targetOf("docs/README.md", href).path, name]);
  const titles = named.map(([path]) => [path, shortTitle(path)]);
  assertEquals(named, titles);
  const missing = [...pages.keys()].filter((path) =>
    path.startsWith("docs/") && path !== "docs/README.md" && !text.includes(`](${path.slice(5)})`)
  );
  assertEquals(missing, []);
});

/** The title of a page below the heading "How to". */
function shortTitle(path: string): string {
  return titleOf(pages.get(path)!).replace(/^How to (\w)/, (_, letter) => letter.toUpperCase());
}

Deno.test("the text of a link to a page is no name of a file", () => {
  const found = [...pages].flatMap(([path, text]) =>
    Array.from(text.matchAll(/\[`?[\w./-]+\.md`?\]\(/g), ([link]) => `${path}: ${link}`)
  );
  assertEquals(found, []);
});

Deno.test("every column of a table has a name, and no cell ends within code", () => {
  const rows = [...pages].flatMap(([path, text]) =>
    text.split("\n").map((line) => ({ path, line })).filter(({ line }) => /^\|.*\|$/.test(line))
  );
  assert(rows.length > 500, "the tables were not found");
  const cells = ({ line }: { line: string }) => line.slice(1, -1).split(/(?<!\\)\|/);
  const cut = rows.filter((row) => cells(row).some((cell) => cell.split("`").length % 2 === 0));
  assertEquals(cut, []);
  const heads = rows.filter((_, index) => /^\|[ :-]+-[ |:-]*\|$/.test(rows[index + 1]?.line ?? ""));
  assert(heads.length > 50, "the heads were not found");
  assertEquals(heads.filter((row) => cells(row).some((cell) => cell.trim() === "")), []);
});

Deno.test("a page shows no picture of another computer, which may be off or away", () => {
  const found = [...pages].flatMap(([path, text]) =>
    Array.from(text.matchAll(/!\[[^\]]*\]\(https?:[^)]*\)/g), ([image]) => `${path}: ${image}`)
  );
  assertEquals(found, []);
});

Deno.test("every file that a page links to exists", () => {
  const files = [...pages].flatMap(([path, text]) =>
    linkedFiles(path, text).map((file) => ({ path, file }))
  );
  assert(files.length > 30, "the links were not found");
  assertEquals(files.filter(({ file }) => !isFile(file)), []);
});

Deno.test("links lead to pages, to examples as pages, and to other files as text", () => {
  const text = "[a](../examples/echo.ts#L3) [`b`](../LICENSE) ![c](figures/c.svg) [d](d.md)\n\n" +
    "```md\n[e](e.ts)\n```\n\n`[f](f.ts)` [g](https://example.org/g.ts) [two\nlines](h.txt)";
  assertEquals(linkedFiles("docs/README.md", text), ["examples/echo.ts", "LICENSE", "docs/h.txt"]);
  assertEquals(targetOf("docs/how-to/a.md", "../b.md#c"), { path: "docs/b.md", anchor: "#c" });
  assertEquals(targetOf("docs/a.md", "#c"), { path: "docs/a.md", anchor: "#c" });
  assertEquals(["docs/README.md", "docs/how-to/a.md", "README.md", "CHANGELOG.md"].map(linkTo), [
    "/index.html",
    "/how-to/a.html",
    "/readme.html",
    "/changelog.html",
  ]);
  assert(isPage("examples/echo.ts") && !isPage("LICENSE"));
  assertEquals(linkTo("examples/echo.ts"), "/examples/echo.ts.html");
  assertEquals(linkTo("LICENSE"), "/files/LICENSE.txt");
});

Deno.test("a link that leads nowhere is found, with the page that has it", async () => {
  await using folder = await temporaryFolder();
  const site: Record<string, string> = {
    "index.html": `<h1 id="a">A</h1> <a href="#a"></a> <a href="#b"></a> <a href="c/d.html"></a>
      <a href="c/e.html"></a> <img src="f.svg"> <a href="https://example.org/none"></a>`,
    "c/d.html": `<h2 id="é"></h2> <a href="../index.html#a"></a> <a href="../index.html#g"></a>
      <a href="#%C3%A9"></a> <a href="/index.html"></a> <a href="file:///etc/hosts"></a>`,
  };
  for (const [path, html] of Object.entries(site)) {
    await Deno.mkdir(dirname(join(folder.path, path)), { recursive: true });
    await Deno.writeTextFile(join(folder.path, path), html);
  }
  assertEquals(brokenLinks(folder.path, Object.keys(site)), [
    "index.html: broken link to index.html#b: there is no such heading",
    "index.html: broken link to c/e.html",
    "index.html: broken link to f.svg",
    "c/d.html: broken link to index.html#g: there is no such heading",
    "c/d.html: broken link to /index.html: it is not relative",
    "c/d.html: broken link to file:///etc/hosts: it is not relative",
  ]);
});

Deno.test("the links of a page become relative, so that it can be opened as a file", () => {
  const html = `<link href="/lab/style.css"><link rel="modulepreload" href="/lab/assets/x.js">
<script type="module" src="/lab/assets/app.js"></script><img src="/lab/figures/a.svg" alt="A">
<a class="x" href="/lab/">home</a><a href="/lab/reference/#b">b</a><a href="/lab/how-to/c.html#d">
<a href="#e"></a><a href="https://example.org/lab/"></a>`;
  const expected = `<link href="../style.css"><script>if (location.protocol !== "file:") \
addEventListener("DOMContentLoaded", () => import("/lab/assets/app.js"));</script><img src="../figures/a.svg" alt="A">
<a class="x" href="../index.html">home</a><a href="../reference/index.html#b">b</a>\
<a href="c.html#d">
<a href="#e"></a><a href="https://example.org/lab/"></a>`;
  assertEquals(relative(html, "how-to/c.html", "/lab/"), expected);
});

Deno.test("every figure has a title, and texts that are large enough on a narrow screen", () => {
  const figures = [...Deno.readDirSync(join(root, "docs", "figures"))]
    .filter(({ name }) => name.endsWith(".svg"));
  assert(figures.length >= 5);
  for (const { name } of figures) {
    const svg = Deno.readTextFileSync(join(root, "docs", "figures", name));
    assert(/<title\b[^>]*>\s*\S/.test(svg), `${name} does not say what it shows`);
    const width = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
    const sizes = Array.from(
      svg.matchAll(/font(?:-size)?(?:=|: *)"?(\d+)/g),
      ([_, size]) => Number(size),
    );
    assert(sizes.length > 0, `${name} has no texts`);
    // A telephone of 375 pixels leaves 327 for a figure. Below 9 of them a letter is a guess.
    const smallest = Math.min(...sizes) * 327 / width;
    assert(smallest > 9, `${name} has letters of ${smallest} pixels`);
  }
});
