/**
 * What the gateway serves of this package itself. The modules that have it are generated, and loaded
 * when they are asked for.
 *
 * @module
 */

import { gunzipSync } from "node:zlib";
import type { Content } from "./responses.ts";

const SCRIPT = "text/javascript; charset=UTF-8";

/** The compressed content of each path, and its media type. */
const ASSETS: ReadonlyMap<string, { load: () => Promise<{ GZIP: string }>; type: string }> =
  new Map([
    ["/client.js", { load: () => import("./client_js.ts"), type: SCRIPT }],
    ["/client.js.map", { load: () => import("./client_js_map.ts"), type: "application/json" }],
  ]);

/**
 * The content of a path; `undefined` if there is none.
 *
 * @param encodings The header `accept-encoding` of the request.
 */
export async function assetAt(path: string, encodings: string): Promise<Content | undefined> {
  const asset = ASSETS.get(path);
  if (asset === undefined) return undefined;
  const { type } = asset;
  const bytes = Uint8Array.fromBase64((await asset.load()).GZIP);
  const headers = { vary: "accept-encoding" };
  return /\bgzip\b/.test(encodings)
    ? { bytes, type, headers: { ...headers, "content-encoding": "gzip" } }
    : { bytes: gunzipSync(bytes), type, headers };
}
