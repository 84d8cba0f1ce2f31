import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { generated } from "../../web/page/bundle.ts";
import { moduleGraph, ROOT } from "../support/source_tree.ts";

/** What a page downloads at most, in bytes. */
const MAX_SIZE = 30 * 1024;

/** The module that uses Deno where it is, and goes on without it. */
const GUARDED = "/base/program_end.ts";

Deno.test("what is served to browsers is what stands in this repository: deno task bundle", async () => {
  for (const [file, { text }] of await generated()) {
    const { GZIP } = await import(join("../../", file));
    const served = new TextDecoder().decode(gunzipSync(Uint8Array.fromBase64(GZIP)));
    assertEquals(served === text, true, `${file} is not current: run deno task bundle`);
  }
});

Deno.test("the Client for browsers is small", async () => {
  const { GZIP } = await import("../../web/client_js.ts");
  const { length } = Uint8Array.fromBase64(GZIP);
  assert(length <= MAX_SIZE, `${length} bytes`);
});

Deno.test("the Client with arrays is the same one, with a fifth more at most", async () => {
  const { GZIP } = await import("../../web/client_arrays_js.ts");
  const { length } = Uint8Array.fromBase64(GZIP);
  assert(length <= MAX_SIZE * 6 / 5, `${length} bytes`);
});

Deno.test("the Client for browsers needs nothing of Deno or Node, nor do its packages", async () => {
  const { modules } = JSON.parse(await moduleGraph(join(ROOT, "web/client.ts"))) as {
    modules: { specifier: string; local?: string; dependencies?: Dependency[] }[];
  };
  const loaded = new Set(modules.map(({ specifier }) => specifier));
  assert(loaded.size > 30, "the graph was not found");
  const needed = reached(modules);
  assertEquals([...needed].filter((name) => name.startsWith("node:")), []);
  for (const { specifier, local } of modules) {
    if (!needed.has(specifier) || !specifier.startsWith("file:")) continue;
    if (specifier.endsWith(GUARDED)) continue;
    const code = withoutComments(await Deno.readTextFile(local!));
    assert(!/\bDeno\.|\bprocess\.|\brequire\(|"node:/.test(code), specifier);
  }
  // The bundle has the npm packages too.
  const { GZIP } = await import("../../web/client_js.ts");
  const bundle = new TextDecoder().decode(gunzipSync(Uint8Array.fromBase64(GZIP)));
  assertEquals(/.{40}(\bDeno\.|\bprocess\.|\brequire\(|"node:).*/.exec(bundle)?.[0], undefined);
});

interface Dependency {
  code?: { specifier: string };
  isDynamic?: boolean;
}

/** The modules that are loaded, without those that only give types. */
function reached(modules: { specifier: string; dependencies?: Dependency[] }[]): Set<string> {
  const entry = modules.find(({ specifier }) => specifier.endsWith("/web/client.ts"))!.specifier;
  const all = new Set([entry]);
  for (const one of all) {
    const { dependencies = [] } = modules.find(({ specifier }) => specifier === one) ?? {};
    for (const { code } of dependencies) if (code) all.add(code.specifier);
  }
  return all;
}

function withoutComments(code: string): string {
  return code.replaceAll(/^\s*\/?\*.*$|\/\/ .*$/gm, "");
}
