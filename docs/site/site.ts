/**
 * Makes a site from the Markdown files: one HTML page for each, with navigation. A link without a
 * target is an error.
 *
 * @module
 */

import GitHubSlugger from "github-slugger";
import { Marked, type Token, type Tokens } from "marked";
import { posix } from "node:path";
import type { Section } from "./navigation.ts";

/** The input of a site. */
export interface Source {
  /** The pages, by their path in the repository. */
  pages: ReadonlyMap<string, string>;
  navigation: readonly Section[];
  /** Whether the repository has a file of that path. */
  isFile(path: string): boolean;
}

/** A site: HTML by path in the site, and the files that it shows or links to. */
export interface Site {
  pages: Map<string, string>;
  /** The source of each file: paths in the repository, by those in the site. */
  files: Map<string, string>;
}

/** All problems of the documentation, one line each. */
export class BrokenSiteError extends Error {
  override name = "BrokenSiteError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot build the documentation:\n${problems.join("\n")}`);
    this.problems = problems;
  }
}

/** A parsed page. */
interface Page {
  path: string;
  title: string;
  tokens: Token[];
  /** The ids of the headings, in their order. */
  anchors: string[];
  text: string;
}

const marked = new Marked({ gfm: true });

/**
 * Builds the site.
 *
 * @throws {BrokenSiteError} If there are broken links or pages that the navigation does not list; it
 * lists all of them.
 */
export function buildSite({ pages: texts, navigation, isFile }: Source): Site {
  const pages = new Map([...texts].map(([path, text]) => [path, read(path, text)]));
  const listed = navigation.flatMap((section) => section.pages);
  const problems = [
    ...listed.filter((path) => !pages.has(path))
      .map((path) => `${path}: the navigation has this page, and there is none`),
    ...[...pages.keys()].filter((path) => !listed.includes(path))
      .map((path) => `${path}: this page is not in docs/site/navigation.ts`),
  ];
  const site: Site = { pages: new Map(), files: new Map() };
  for (const page of pages.values()) {
    const links = new Links(page, pages, isFile);
    const body = render(page, links);
    problems.push(...links.problems);
    for (const file of links.files) site.files.set(sitePath(file), file);
    const menu = navigation.map(({ title, pages: paths }) => ({
      title,
      pages: paths.flatMap((path) => pages.get(path) ?? []),
    }));
    site.pages.set(sitePath(page.path), frame(page, body, menu));
  }
  if (problems.length > 0) throw new BrokenSiteError(problems.sort());
  return site;
}

function read(path: string, text: string): Page {
  const tokens = marked.lexer(text);
  const slugger = new GitHubSlugger();
  const headings = tokens.filter((token) => token.type === "heading") as Tokens.Heading[];
  const anchors = headings.map((heading) => slugger.slug(plain(heading.tokens)));
  return { path, text, tokens, anchors, title: plain(headings[0]?.tokens ?? []) || path };
}

/** The text of a heading, without its marks. */
function plain(tokens: readonly Token[]): string {
  return tokens.map((token) =>
    "tokens" in token && token.tokens !== undefined
      ? plain(token.tokens)
      : "text" in token
      ? token.text
      : token.raw
  ).join("");
}

/** The links of a page: their targets, and those without a target. */
class Links {
  readonly problems: string[] = [];
  readonly files: string[] = [];
  readonly #page: Page;
  readonly #pages: ReadonlyMap<string, Page>;
  readonly #isFile: (path: string) => boolean;

  constructor(page: Page, pages: ReadonlyMap<string, Page>, isFile: (path: string) => boolean) {
    this.#page = page;
    this.#pages = pages;
    this.#isFile = isFile;
  }

  /** A link of the page, as a link of the site. */
  resolve(href: string): string {
    if (/^[a-z]+:/.test(href)) return href;
    const [target, anchor] = href.split("#");
    const { path: from } = this.#page;
    const path = target === "" ? from : posix.join(posix.dirname(from), decodeURI(target));
    const page = this.#pages.get(path);
    if (page !== undefined) {
      if (anchor !== undefined && !page.anchors.includes(anchor)) {
        this.#report(href, `${path} has no heading #${anchor}`);
      }
    } else if (path.startsWith("..") || !this.#isFile(path)) {
      this.#report(href, `there is no file ${path} (a folder is none)`);
    } else {
      this.files.push(path);
    }
    const relative = posix.relative(posix.dirname(sitePath(from)), sitePath(path));
    return anchor === undefined ? relative : `${relative}#${anchor}`;
  }

  #report(href: string, reason: string): void {
    const { path, text } = this.#page;
    const before = text.slice(0, Math.max(0, text.indexOf(`](${href}`)));
    this.problems.push(`${path}:${before.split("\n").length}: broken link ${href}: ${reason}`);
  }
}

/** The path in the site of a page or file of the repository. */
function sitePath(path: string): string {
  if (path === "docs/README.md") return "index.html";
  if (path.endsWith(".svg")) return path.replace(/^docs\//, "");
  if (!path.endsWith(".md")) return `files/${path}.txt`; // a browser shows any text file
  const name = path.replace(/^docs\//, "").replace(/\.md$/, "").toLowerCase();
  return `${name.replaceAll("/", "-")}.html`;
}

function render(page: Page, links: Links): string {
  const anchors = page.anchors.values();
  const renderer = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }): string {
        const id = anchors.next().value ?? "";
        const text = this.parser.parseInline(tokens);
        return `<h${depth} id="${id}">${text} <a class="anchor" href="#${id}">#</a></h${depth}>\n`;
      },
      link({ href, tokens }): string {
        const text = this.parser.parseInline(tokens);
        return `<a href="${escape(links.resolve(href))}">${text}</a>`;
      },
      image({ href, text }): string {
        const source = escape(links.resolve(href));
        return `<img src="${source}" alt="${escape(text)}">`;
      },
      html({ text }): string {
        return text.trimStart().startsWith("<!--") ? "" : text;
      },
      code({ text, lang = "" }): string {
        const [language = ""] = lang.split(/\s/);
        return `<pre data-language="${escape(language)}"><code>${escape(text)}</code></pre>\n`;
      },
    },
  });
  return renderer.parser(page.tokens);
}

/** A whole HTML page. */
function frame(page: Page, body: string, menu: { title: string; pages: Page[] }[]): string {
  const here = sitePath(page.path);
  const ordered = menu.flatMap(({ pages }) => pages);
  const at = ordered.indexOf(page);
  const item = ({ path, title }: Page) => {
    const current = path === page.path ? ' aria-current="page"' : "";
    // The title of their section is "How to" already.
    const short = title.replace(/^How to (\w)/, (_, letter: string) => letter.toUpperCase());
    return `<li><a href="${sitePath(path)}"${current}>${escape(short)}</a></li>`;
  };
  const step = (rel: string, other: Page | undefined) =>
    other === undefined
      ? "<span></span>"
      : `<a rel="${rel}" href="${sitePath(other.path)}">${escape(other.title)}</a>`;
  const sections = menu.map(({ title, pages }) =>
    `<h2>${escape(title)}</h2>\n<ul>\n${pages.map(item).join("\n")}\n</ul>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${here === "index.html" ? "" : `${escape(page.title)} · `}@msl/network</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><a href="index.html">@msl/network</a></header>
<nav aria-label="Documentation">
<input type="checkbox" id="menu"><label for="menu">Contents</label>
<div>
${sections.join("\n")}
<h2>Reference</h2>
<ul><li><a href="reference/index.html">Every class and function</a></li></ul>
</div>
</nav>
<main id="content">
${body}<footer>${step("prev", ordered[at - 1])}${step("next", ordered[at + 1])}</footer>
</main>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
