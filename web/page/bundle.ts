/**
 * Bundles what browsers load into modules of the package: `deno task bundle`. The gate checks that they
 * are current, so that what is served is what stands in this repository.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import zopfli from "@gfx/zopfli";
import manifest from "../../deno.json" with { type: "json" };
import { minify } from "./minify.ts";

/** The style sheets of the page, in the order of the cascade. */
const STYLES = [
  "page.css",
  "laboratory.css",
  "service.css",
  "values.css",
  "plots.css",
  "manager.css",
];
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What only the page imports. */
const PAGE_IMPORTS = manifest.scopes["./web/page/"];
/** What differs in a browser, by what it takes the place of. */
export const REPLACED: Readonly<Record<string, string>> = replacing([
  ["../../base/log.ts", "console_log.ts"],
  ["../../base/log_tape.ts", "console_log.ts"],
  ["@std/async/delay", "delay.ts"],
  ["../../base/own_modules.ts", "own_modules.ts"],
  ["../../base/report_without_log.ts", "console_log.ts"],
  ["../../base/runtime.ts", "runtime.ts"],
  ["../../base/uid_map.ts", "uid_map.ts"],
  ["../../device/connection_log.ts", "console_log.ts"],
  ["../../wire/held_texts.ts", "held_texts.ts"],
]);

/** The same for `/client.js`, which has at most 30 KB. */
const REPLACED_IN_CLIENT = {
  ...REPLACED,
  ...replacing([["../../client/large_arguments.ts", "large_arguments.ts"]]),
  ...replacing(
    ["array_assembly", "array_key", "array_reader", "array_writer", "base64", "nd_array"].map((
      name,
    ) => [
      `../../wire/${name}.ts`,
      "no_arrays.ts",
    ]),
  ),
};

function replacing(modules: readonly (readonly string[])[]): Record<string, string> {
  return Object.fromEntries(modules.map(([replaced, by]) => [
    replaced.startsWith(".") ? new URL(replaced, import.meta.url).href : replaced,
    new URL(by, import.meta.url).href,
  ]));
}

/** A bundled module, and its source map. */
export interface Bundle {
  code: string;
  map: string;
}

/** Bundles a module for browsers. The same sources give the same bytes. */
export async function bundle(
  entry: string,
  name: string,
  replaced: Readonly<Record<string, string>> = REPLACED,
): Promise<Bundle> {
  const folder = await Deno.makeTempDir({ dir: ROOT, prefix: ".bundle-" });
  try {
    const imports = join(folder, "imports.json");
    await Deno.writeTextFile(
      imports,
      JSON.stringify({ imports: { ...manifest.imports, ...PAGE_IMPORTS, ...replaced } }),
    );
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--no-lock", "--import-map", imports, "--platform", "browser"],
        ...["--minify", "--sourcemap=external", "--output", join(folder, name)],
        join(ROOT, entry),
      ],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { code, map } = await minify(
      await Deno.readTextFile(join(folder, name)),
      await Deno.readTextFile(join(folder, `${name}.map`)),
    );
    return {
      code: `${code.trimEnd()}
`,
      map: portable(map),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The map with names of sources that are the same on every computer. */
function portable(map: string): string {
  const parsed: { sources: string[] } = JSON.parse(map);
  const sources = parsed.sources.map((source) =>
    source.replace(/^.*\/registry\.[^/]+\//, "npm/").replace(/^(\.\.\/)+/, "")
  );
  return JSON.stringify({ ...parsed, sources });
}

/** A generated module: what it is made from, and the text in it. */
export interface Generated {
  source: string;
  text: string;
}

/**
 * Every generated module. The Client has a source map, for the programs of its users; those of the page
 * and of the Client with arrays, whose sources are mostly the same, would be larger than the rest of
 * the package.
 */
export async function generated(): Promise<Map<string, Generated>> {
  const client = await bundle("web/client.ts", "client.js", REPLACED_IN_CLIENT);
  const withArrays = await bundle("web/mod.ts", "client-arrays.js");
  const page = await bundle("web/page/main.ts", "page.js");
  const code = `${client.code}//# sourceMappingURL=client.js.map\n`;
  return new Map([
    ["web/client_js.ts", { source: "web/client.ts", text: code }],
    ["web/client_js_map.ts", { source: "web/client.ts", text: client.map }],
    ["web/client_arrays_js.ts", { source: "web/mod.ts", text: withArrays.code }],
    ["web/page_js.ts", { source: "web/page/main.ts", text: page.code }],
    ["web/page_css.ts", { source: "web/page/*.css", text: await styles() }],
  ]);
}

/** The style sheets of the page, as one. */
async function styles(): Promise<string> {
  const sheets = STYLES.map((name) => Deno.readTextFile(join(ROOT, "web/page", name)));
  return (await Promise.all(sheets)).join("\n");
}

/**
 * A module that has a text, compressed so that the package stays small, and so that a page loads
 * little: zopfli takes seconds, and its gzip has 4 % less than that of zlib.
 */
async function moduleOf({ source, text }: Generated): Promise<string> {
  const base64 = (await zopfli.gzipAsync(new TextEncoder().encode(text), {}))
    .toBase64();
  return [
    "/**",
    ` * Generated by \`deno task bundle\` from \`${source}\`. Do not edit it.`,
    " *",
    " * @module",
    " */",
    "",
    "/** The text, compressed with gzip, in base64. */",
    `export const GZIP: string = \`\n${base64.match(/.{1,100}/g)!.join("\n")}\`;`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  for (const [file, one] of await generated()) {
    await Deno.writeTextFile(join(ROOT, file), await moduleOf(one));
    console.log(`${file}: ${one.text.length} bytes`);
  }
}
