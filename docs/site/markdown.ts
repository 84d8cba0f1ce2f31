/**
 * What the site shows in another way than Markdown would: links to files of the repository, and the
 * blocks of code, of which commands, their output and files look different.
 *
 * @module
 */

import type { MarkdownRenderer } from "vitepress";
import { isExternal, linkTo, targetOf } from "./links.ts";

/** The languages of commands. */
const COMMANDS = new Set(["sh", "console", "powershell"]);

/** What is written above a block in a language, if that is not its name. */
const LABELS: Record<string, string> = {
  console: "Terminal",
  docker: "Dockerfile",
  ini: "INI",
  json: "JSON",
  jsonl: "JSON Lines",
  powershell: "PowerShell",
  python: "Python",
  sh: "Terminal",
  text: "",
  ts: "TypeScript",
  yaml: "YAML",
};

/** Links from the place of a page in the repository become links from its place in the site. */
export function resolveLinks(md: MarkdownRenderer): void {
  md.core.ruler.push("site-links", ({ tokens, env }) => {
    const page: unknown = env.frontmatter?.source;
    if (typeof page !== "string") return; // of the reference, whose links are right
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet(token.type === "image" ? "src" : "href");
      if (href === null || href.startsWith("#") || isExternal(href)) continue;
      const { path, anchor } = targetOf(page, href);
      if (token.type === "image") token.attrSet("src", `/${path.replace(/^docs\//, "")}`);
      else token.attrSet("href", linkTo(path) + anchor);
    }
  });
}

/** Writes above a block what it is: a command, its output, or a file with that name. */
export function labelBlocks(md: MarkdownRenderer): void {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (env.isIndexed) return `<pre>${md.utils.escapeHtml(token.content)}</pre>`; // without colours
    const [given = "text", ...words] = token.info.split(/\s+/).filter(Boolean);
    const isSession = given === "text" && /^\$ /.test(token.content);
    const language = isSession ? "console" : given;
    const isOutput = words.includes("output");
    const [, key, file] = /\b(file|of)=(\S+)/.exec(words.join(" ")) ?? [];
    const output = key === "of" ? `Output of ${file}` : "Output";
    // The reference has so many short blocks that a label above each would be a nuisance.
    const named = env.frontmatter?.source === undefined ? "" : LABELS[language] ?? language;
    const label = isOutput ? output : file ?? named;
    token.info = language; // the other words are for the tests
    const kind = COMMANDS.has(language) ? "command" : isOutput ? "output" : "code";
    const html = fence!(tokens, index, options, env, self);
    const title = label === "" ? "" : `<div class="label">${md.utils.escapeHtml(label)}</div>`;
    return `<div class="block ${kind}">${title}${html}</div>`;
  };
}

/** Text is text: Vue would take two braces for an expression. */
export function escapeBraces(md: MarkdownRenderer): void {
  md.renderer.rules.text = (tokens, index) =>
    md.utils.escapeHtml(tokens[index].content).replaceAll("{{", "&#123;&#123;");
}

/** What GitHub shows in another way too: a box to tick. A limit stays with its sign. */
export function showSigns(md: MarkdownRenderer): void {
  md.core.ruler.push("site-signs", ({ tokens }) => {
    for (const [index, { children }] of tokens.entries()) {
      for (const token of children ?? []) {
        if (token.type === "text") token.content = token.content.replaceAll(/([≤≥]) /g, "$1\u00a0");
      }
      const isItem = tokens[index - 2]?.type === "list_item_open";
      const [first] = children ?? [];
      if (isItem && first?.type === "text") first.content = first.content.replace(/^\[ \] /, "☐ ");
    }
  });
}

/**
 * Where code in a line may break: a column of a table would be as wide as its longest name. The
 * hyphens of an option stay with its first word, and the extension of a file with its name.
 */
export function breakNames(md: MarkdownRenderer): void {
  md.renderer.rules.code_inline = (tokens, index) =>
    `<code v-pre>${breakable(md.utils.escapeHtml(tokens[index].content))}</code>`;
}

function breakable(code: string): string {
  return code
    .replaceAll(/(?<=[^\W_])(?!\.\w{1,5}$)[._/=(,](?=[^\W_]|["{])/g, "$&<wbr>")
    .replaceAll(/(?<![^\s[|])--?\w+/g, '<span class="option">$&</span>');
}
