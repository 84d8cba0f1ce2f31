/**
 * In the place of `base/runtime.ts` in the bundle for browsers.
 *
 * @module
 */

/** Whether this is Deno: what is for Deno alone is not in the bundle. */
export const IS_DENO = false;
