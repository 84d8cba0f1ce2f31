/**
 * What the gateway serves of this package itself: the page, and the Client for other pages. The modules
 * that have it are generated, and loaded when they are asked for.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Content } from "./responses.ts";

/** A text that is served. */
interface Asset {
  type: string;
  gzip: Uint8Array;
  /** Tells whether a browser has the current text. */
  tag: string;
}

const SCRIPT = "text/javascript; charset=UTF-8";

/** The compressed content of each path, and its media type. */
const SOURCES: ReadonlyMap<string, { load: () => Promise<Uint8Array>; type: string }> = new Map([
  ["/", {
    load: async () => gzipSync((await import("./page_html.ts")).HTML),
    type: "text/html; charset=UTF-8",
  }],
  ["/assets/page.js", { load: async () => decoded(await import("./page_js.ts")), type: SCRIPT }],
  ["/assets/page.css", {
    load: async () => decoded(await import("./page_css.ts")),
    type: "text/css; charset=UTF-8",
  }],
  // What a browser asks for if a page of the laboratory names no icon.
  ["/favicon.ico", {
    load: async () => gzipSync((await import("./page_html.ts")).ICON),
    type: "image/svg+xml",
  }],
  ["/client.js", { load: async () => decoded(await import("./client_js.ts")), type: SCRIPT }],
  ["/client-arrays.js", {
    load: async () => decoded(await import("./client_arrays_js.ts")),
    type: SCRIPT,
  }],
  ["/client.js.map", {
    load: async () => decoded(await import("./client_js_map.ts")),
    type: "application/json",
  }],
]);

function decoded({ GZIP }: { GZIP: string }): Uint8Array {
  return Uint8Array.fromBase64(GZIP);
}

/** What is served at a path; `undefined` if there is nothing. */
export async function assetAt(path: string): Promise<Asset | undefined> {
  const source = SOURCES.get(path);
  if (source === undefined) return undefined;
  const gzip = await source.load();
  const tag = `W/"${createHash("sha256").update(gzip).digest("base64url").slice(0, 22)}"`;
  return { type: source.type, gzip, tag };
}

/** The answer to a request for it: the content, or that the browser has it already. */
export function answerWith(
  { type, gzip, tag }: Asset,
  headers: IncomingHttpHeaders,
): { status: number; content: Content } {
  const common = { etag: tag, vary: "accept-encoding" };
  const known = String(headers["if-none-match"] ?? "").split(/\s*,\s*/);
  if (known.includes(tag)) {
    return { status: 304, content: { bytes: new Uint8Array(), type, headers: common } };
  }
  const content = acceptsGzip(headers)
    ? { bytes: gzip, type, headers: { ...common, "content-encoding": "gzip" } }
    : { bytes: gunzipSync(gzip), type, headers: common };
  return { status: 200, content };
}

/** Whether gzip is among the encodings that are accepted: `gzip;q=0` is one that is not. */
function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const accepted = String(headers["accept-encoding"] ?? "");
  return /(?:^|[,\s])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(accepted);
}
