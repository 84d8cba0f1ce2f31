/** The documentation as a site: its pages, its links, and no external resources. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BrokenSiteError, buildSite, type Source } from "../../docs/site/site.ts";
import { readSource, root } from "../../docs/site/source.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, run } from "../support/process.ts";

/** A small site whose navigation has all pages. */
function sourceOf(pages: Record<string, string>, files: string[] = []): Source {
  return {
    pages: new Map(Object.entries(pages)),
    navigation: [{ title: "All", pages: Object.keys(pages) }],
    isFile: (path) => files.includes(path),
  };
}

function problemsOf(source: Source): readonly string[] {
  return assertThrows(() => buildSite(source), BrokenSiteError).problems;
}

Deno.test("every page of this repository is in the navigation, and every link leads somewhere", () => {
  const { pages } = buildSite(readSource());
  assert(pages.has("index.html") && pages.has("tutorial.html"));
});

Deno.test("links between pages and to their headings become links of the site", () => {
  const { pages } = buildSite(sourceOf({
    "docs/README.md": "# Start\n\n[a](how-to/a.md#the-second-part-of-it)",
    "docs/how-to/a.md": "# A\n\n## The *second* part, of `it`\n\n[back](../README.md)",
  }));
  assertStringIncludes(pages.get("index.html")!, 'href="how-to-a.html#the-second-part-of-it"');
  assertStringIncludes(pages.get("how-to-a.html")!, '<h2 id="the-second-part-of-it">');
  assertStringIncludes(pages.get("how-to-a.html")!, '<a href="index.html">back</a>');
});

Deno.test("headings with the same text have anchors of their own", () => {
  const { pages } = buildSite(sourceOf({ "docs/README.md": "# A\n\n## B\n\n## B\n\n[c](#b-1)" }));
  assertStringIncludes(pages.get("index.html")!, '<h2 id="b-1">');
});

Deno.test("links to files of the repository lead to copies, and pictures are embedded", () => {
  const text = "# A\n\n[code](../examples/echo.ts) ![Two boxes](figures/boxes.svg)";
  const site = buildSite(
    sourceOf({ "docs/README.md": text }, ["examples/echo.ts", "docs/figures/boxes.svg"]),
  );
  const page = site.pages.get("index.html")!;
  assertStringIncludes(page, 'href="files/examples/echo.ts.txt"');
  assertStringIncludes(page, '<img src="figures/boxes.svg" alt="Two boxes">');
  assertEquals(site.files.get("files/examples/echo.ts.txt"), "examples/echo.ts");
  assertEquals(site.files.get("figures/boxes.svg"), "docs/figures/boxes.svg");
});

Deno.test("a link that leads nowhere is an error with its page and line", () => {
  assertEquals(
    problemsOf(sourceOf({
      "docs/README.md": "# A\n\n[page](b.md)\n\n[anchor](#c)",
      "docs/d.md": "# D\n\n[other](README.md#e)\n\n![picture](f.svg)",
    })),
    [
      "docs/README.md:3: broken link b.md: there is no file docs/b.md (a folder is none)",
      "docs/README.md:5: broken link #c: docs/README.md has no heading #c",
      "docs/d.md:3: broken link README.md#e: docs/README.md has no heading #e",
      "docs/d.md:5: broken link f.svg: there is no file docs/f.svg (a folder is none)",
    ],
  );
});

Deno.test("a page that the navigation does not have is an error, and so is one that is missing", () => {
  const source = sourceOf({ "docs/README.md": "# A", "docs/b.md": "# B" });
  const navigation = [{ title: "All", pages: ["docs/README.md", "docs/c.md"] }];
  assertEquals(problemsOf({ ...source, navigation }), [
    "docs/b.md: this page is not in docs/site/navigation.ts",
    "docs/c.md: the navigation has this page, and there is none",
  ]);
});

Deno.test("code is shown unchanged, and HTML comments are left out", () => {
  const { pages } = buildSite(sourceOf({
    "docs/README.md": '# A\n\n<!-- before: secret -->\n\n```ts run\na < b && "c"\n```\n',
  }));
  const page = pages.get("index.html")!;
  assertStringIncludes(page, '<pre data-language="ts"><code>a &lt; b &amp;&amp; &quot;c&quot;');
  assert(!page.includes("secret"));
});

Deno.test("deno task docs makes a site that works without a server and without a network", async () => {
  await using folder = await temporaryFolder();
  const site = join(folder.path, "site");
  const build = () => run(denoCommand(["run", "-A", join(root, "docs", "site", "build.ts"), site]));
  const { code, stdout, stderr } = await build();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, join(site, "index.html"));
  const pages = [...Deno.readDirSync(site)].filter(({ name }) => name.endsWith(".html"));
  assert(pages.length > 10);
  for (const { name } of pages) {
    const html = await Deno.readTextFile(join(site, name));
    for (const [, link] of html.matchAll(/<(?:link|img|script)[^>]* (?:href|src)="([^"]+)"/g)) {
      const isBadge = link.startsWith("https://jsr.io/badges/");
      assert(isBadge || existsSync(join(site, link)), `${name} needs ${link}`);
    }
    for (const [, link] of html.matchAll(/<a [^>]*href="([^"#:]+)(?:#[^"]*)?"/g)) {
      assert(existsSync(join(site, link)), `${name} links to ${link}`);
    }
  }
  assert(existsSync(join(site, "reference", "client", "index.html")), "the reference is missing");

  // A second build replaces the first one. A folder with other files is not changed.
  await Deno.writeTextFile(join(site, "old.html"), "");
  assertEquals((await build()).code, 0);
  assert(!existsSync(join(site, "old.html")));
  await Deno.remove(join(site, ".msl-network-site"));
  assertEquals((await build()).code, 1);
  assert(existsSync(join(site, "index.html")));
});

Deno.test("every figure has a title", () => {
  const figures = [...Deno.readDirSync(join(root, "docs", "figures"))]
    .filter(({ name }) => name.endsWith(".svg"));
  assert(figures.length >= 5);
  for (const { name } of figures) {
    const svg = Deno.readTextFileSync(join(root, "docs", "figures", name));
    assert(/<title\b[^>]*>\s*\S/.test(svg), `${name} does not say what it shows`);
  }
});
