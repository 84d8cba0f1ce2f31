/**
 * The documentation as it was built, read as HTML. `deno task docs-check` runs it, and not
 * `deno task test`: it needs the packages of the generator.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { brokenLinks } from "../../docs/site/check.ts";
import { placeOf } from "../../docs/site/links.ts";
import { titleOf } from "../../docs/site/pages.ts";
import { readPages, root } from "../../docs/site/source.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, Process, run } from "../support/process.ts";

const [, CONFIG] = /--config (\S+)/.exec(manifest.tasks.docs.command)!;
const BUILD = ["run", "-A", "--config", join(root, CONFIG), join(root, "docs/site/build.ts")];
const BASE = "/lab/network/";

/** The text of HTML, without its marks. */
function textOf(html: string): string {
  const characters: Record<string, string> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&amp;": "&",
  };
  return html
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&\w+;/g, (name) => characters[name] ?? name)
    .replaceAll("\u200b", "")
    .trim();
}

/** The texts of the elements that an expression finds. */
function textsOf(html: string, pattern: RegExp): string[] {
  return Array.from(html.matchAll(pattern), ([_, inner]) => textOf(inner));
}

/** The paths of all files in a folder. */
function filesIn(folder: string, path = ""): string[] {
  return [...Deno.readDirSync(join(folder, path))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(folder, `${path}${name}/`) : [`${path}${name}`]
  );
}

Deno.test("deno task docs builds a site that can be read without a server, and serves it", async (t) => {
  await using folder = await temporaryFolder();
  const site = join(folder.path, "site");
  const args = [...BUILD, site, `--base=${BASE}`, "--serve", "--port=0"];
  await using server = new Process(denoCommand(args));
  const line = await server.stdout.next((line) => line.startsWith("Serves it at"));
  const [, address] = /^Serves it at (http:\/\/localhost:\d+\/lab\/network\/)$/.exec(line)!;

  const files = filesIn(site);
  const read = (path: string) => Deno.readTextFileSync(join(site, path));
  const pages = new Map(
    files.filter((path) => path.endsWith(".html") && path !== "404.html")
      .map((path) => [path, read(path)]),
  );

  await t.step("every page of the repository is there, with its title", () => {
    for (const [path, text] of readPages()) {
      const html = pages.get(`${placeOf(path)}.html`) ?? "";
      assertEquals(textsOf(html, /<h1 [^>]*>([^]*?)<\/h1>/g), [titleOf(text)], path);
    }
  });

  await t.step("every page has a title, the same as its first heading", () => {
    for (const [path, html] of pages) {
      const [title] = textsOf(html, /<title>([^]*?)<\/title>/g);
      const [heading] = textsOf(html, /<h1 [^>]*>([^]*?)<\/h1>/g);
      assert(title.startsWith(heading) && heading !== "", `${path}: "${title}", "${heading}"`);
      assertMatch(title, / · @msl\/network$/);
    }
  });

  await t.step("every page has its contents at its side", () => {
    let count = 0;
    for (const [path, html] of pages) {
      const headings = Array.from(html.matchAll(/<h[23] id="([^"]+)"/g), ([_, id]) => `#${id}`);
      const [, contents = ""] = /<nav[^>]*class="page-contents"[^>]*>([^]*?)<\/nav>/.exec(html) ??
        [];
      const links = Array.from(contents.matchAll(/href="([^"]+)"/g), ([_, link]) => link);
      assertEquals(links, headings, path);
      count += links.length;
    }
    assert(count > 500, "the contents were not found");
  });

  await t.step("no link is absolute, and none leads nowhere", () => {
    assertEquals(brokenLinks(site, [...pages.keys()]), []);
    for (const path of files.filter((path) => /\.(html|js|css)$/.test(path))) {
      assert(
        !read(path).replaceAll("file:///lab/", "").includes("file:///"),
        `${path} names a file of this computer`,
      );
    }
    assert(!pages.get("index.html")!.includes(root), "a page names a folder of this computer");
  });

  await t.step("nothing is loaded from another computer", () => {
    for (const [path, html] of pages) {
      const loaded = html.matchAll(/<(?:img|link|script)[^>]* (?:src|href)="(https?:[^"]*)"/g);
      assertEquals(Array.from(loaded, ([_, link]) => link), [], path);
    }
  });

  await t.step("commands, their output and files are told apart, and can be copied", () => {
    const html = pages.get("tutorial.html")!;
    assertMatch(
      html,
      /<div class="block command"><div class="label">Terminal<\/div><div class="language-sh/,
    );
    assertMatch(html, /<div class="block output"><div class="label">Output[^<]*<\/div>/);
    assertMatch(html, /<div class="block code"><div class="label">\w+\.ts<\/div>/);
    assertStringIncludes(html, '<button title="Copy Code" class="copy">');
    assertMatch(html, /<span style="--shiki-light:#\w+;--shiki-dark:#\w+;">/);
    const hidden = [...pages].filter(([path, html]) =>
      path !== "contributing.html" && html.includes("!-- before:")
    );
    assertEquals(hidden.map(([path]) => path), [], "comments are visible");
  });

  await t.step("a line ends neither within an option nor before the extension of a file", () => {
    const cli = pages.get("cli.html")!;
    assertStringIncludes(cli, '<code><span class="option">--max</span>-queued</code>');
    assertStringIncludes(cli, "<code>deno.jsonc</code>");
    assertStringIncludes(pages.get("protocol.html")!, "<code>__cancel__</code>");
    assertStringIncludes(pages.get("troubleshooting.html")!, "CONNECTION_<wbr>ABORTED");
  });

  await t.step("a page of code has no page before or after it", () => {
    const code = pages.get("examples/echo.ts.html")!;
    assertMatch(code, /<h1 [^>]*><code>examples\/<wbr>echo\.ts<\/code>/);
    assert(!code.includes("Next page"));
    assertStringIncludes(pages.get("index.html")!, "Next page");
  });

  await t.step("the reference has the names by which modules are imported", () => {
    const index = pages.get("reference/index.html")!;
    for (const entry of Object.keys(manifest.exports)) {
      const name = `@msl/network${entry.slice(1)}`;
      assertStringIncludes(index, `>${name}</a>`);
      const module = pages.get(`reference/${name}/index.html`) ?? "";
      assertEquals(textsOf(module, /<h1 [^>]*>([^]*?)<\/h1>/g), [name]);
    }
    const client = pages.get("reference/@msl/network/classes/Client.html")!;
    const [imported] = textsOf(client, /<code>([^]*?)<\/code>/g);
    assertEquals(imported, 'import { Client } from "@msl/network";');
    // The first code of each other page imports its name.
    const imports = Object.keys(manifest.exports).map((entry) =>
      `"@msl/network${entry.slice(1)}";`
    );
    for (const [path, html] of pages) {
      if (!path.startsWith("reference/") || path.endsWith("/index.html")) continue;
      const [first] = textsOf(html, /<code>([^]*?)<\/code>/g);
      assert(imports.some((name) => first.endsWith(` from ${name}`)), `${path}: ${first}`);
    }
    // Each error after @throws is named, with a link to its class.
    const errors = textsOf(client, /<a href="(?:[^"]*\/)?\w+Error\.html"[^>]*>([^]*?)<\/a>/g);
    assert(errors.includes("TimeoutError"), `${errors}`);
  });

  await t.step("there is one page for each name, and no page of what is not exported", () => {
    const names = [...pages.keys()].filter((path) => path.startsWith("reference/"));
    assert(names.length > 100, "the reference was not found");
    assert(!names.some((path) => /default|captureStackTrace|\/(mod|linked_client)\b/.test(path)));
  });

  await t.step("the search knows every page", () => {
    const [index] = files.filter((path) => /@localSearchIndexroot/.test(path));
    const text = read(index);
    const unknown = [...pages.keys()].filter((path) =>
      !text.includes(`"${BASE}${path.replace(/(^|\/)index\.html$/, "$1")}#`)
    );
    assertEquals(unknown, []);
  });

  await t.step("a server has it below the base, and nothing else", async () => {
    const html = await (await fetch(address)).text();
    assertEquals(textsOf(html, /<h1 [^>]*>([^]*?)<\/h1>/g), [
      titleOf(readPages().get("docs/README.md")!),
    ]);
    const [, script] = /import\("([^"]+)"\)/.exec(html)!;
    assert(script.startsWith(BASE), script);
    const loaded = await fetch(new URL(script, address));
    assertStringIncludes(loaded.headers.get("content-type")!, "javascript");
    await loaded.body?.cancel();
    for (const path of ["/", "/lab/", `${BASE}none.html`, "/lab/networkindex.html"]) {
      const response = await fetch(new URL(path, address));
      assertEquals(response.status, 404, path);
      await response.body?.cancel();
    }
    // The page of such an answer is shown at any path: its links begin with the base.
    assertMatch(read("404.html"), new RegExp(`href="${BASE}assets/`));
  });
});

Deno.test("a folder that is no site is not replaced", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "notes.txt"), "");
  const { code, stderr } = await run(denoCommand([...BUILD, folder.path]));
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "is not empty, and not a site: name another folder");
  assertEquals(filesIn(folder.path), ["notes.txt"]);
});

for (
  const [args, message] of [
    [["--base=network"], "Cannot use the base network: it is a path such as /network/"],
    [["--base=/network"], "Cannot use the base /network"],
    [["--port=70000"], "Cannot use the port 70000"],
    [["--porr=1"], "Unknown option '--porr'"],
    [["a", "b"], "Name one folder"],
  ] as const
) {
  Deno.test(`deno task docs ${args.join(" ")} says what is wrong`, async () => {
    const { code, stderr } = await run(denoCommand([...BUILD, ...args]));
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, message);
    assertStringIncludes(stderr, "Usage: deno task docs");
  });
}
