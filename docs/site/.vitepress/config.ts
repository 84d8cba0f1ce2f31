/**
 * The configuration of VitePress: how Markdown becomes HTML, and what surrounds it. The task
 * `deno task docs` writes a plan for it, whose file the variable MSL_NETWORK_SITE names.
 *
 * @module
 */

import { slug } from "github-slugger";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { breakNames, escapeBraces, labelBlocks, resolveLinks, showSigns } from "../markdown.ts";
import type { Plan } from "../plan.ts";

const plan: Plan = JSON.parse(readFileSync(process.env.MSL_NETWORK_SITE!, "utf8"));

/** Three devices around a Manager. */
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#1f77cf" stroke="#1f77cf">' +
    '<path d="M8 8 2.5 3M8 8 13.5 3M8 8V14.5" stroke-width="1.5"/><circle cx="8" cy="8" r="3"/>' +
    '<circle cx="2.5" cy="3" r="2"/><circle cx="13.5" cy="3" r="2"/>' +
    '<circle cx="8" cy="14" r="1.5"/></svg>',
);

export default defineConfig({
  title: "@msl/network",
  titleTemplate: ":title · @msl/network",
  description: "Clients, Services and a Manager, for the instruments of a laboratory",
  lang: "en",
  base: plan.base,
  srcDir: plan.source,
  outDir: plan.folder,
  cacheDir: plan.cache,
  ignoreDeadLinks: true, // the build checks them afterwards, with the anchors
  head: [["link", { rel: "icon", href: ICON }], ["script", {
    src: `${plan.base}without_server.js`,
    defer: "",
  }]],
  markdown: {
    html: false,
    headers: { level: [2, 3] },
    anchor: { slugify: slug }, // GitHub has the same anchors
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config(md) {
      resolveLinks(md);
      labelBlocks(md);
      escapeBraces(md);
      breakNames(md);
      showSigns(md);
    },
  },
  themeConfig: {
    nav: [
      { text: "Documentation", link: "/index.html", activeMatch: "^/(?!reference/)" },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
    ],
    sidebar: { "/reference/": plan.reference, "/": plan.navigation },
    outline: { level: [2, 3] },
    search: {
      provider: "local",
      options: { _render: (text, env, md) => md.render(text, { ...env, isIndexed: true }) },
    },
  },
  vite: {
    resolve: {
      alias: [{
        find: /^.*\/VPDocAsideOutline\.vue$/,
        replacement: fileURLToPath(new URL("./theme/PageContents.vue", import.meta.url)),
      }],
    },
    build: { chunkSizeWarningLimit: 2_000 },
  },
});
