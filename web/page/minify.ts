/**
 * Minifies a bundle once more: `deno bundle` leaves constants and tables that nothing uses.
 *
 * @module
 */

import { minify as terser } from "terser";

/** The code of a module, and its source map. */
export interface Minified {
  code: string;
  map: string;
}

/** Minifies a module. The same code gives the same bytes. */
export async function minify(code: string, map: string): Promise<Minified> {
  const minified = await terser(code, {
    module: true,
    ecma: 2020,
    compress: { passes: 3, keep_fargs: false },
    format: { ascii_only: true }, // whatever the character set of the page is
    sourceMap: { content: map, includeSources: true },
  });
  return { code: minified.code!, map: minified.map as string };
}
