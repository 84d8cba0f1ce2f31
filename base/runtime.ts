/**
 * Which runtime this is. The Client runs in browsers, Node and Bun too; the bundle for them says so at
 * once, and leaves out what is only for Deno.
 *
 * @module
 */

/** Whether this is Deno. */
export const IS_DENO: boolean = "Deno" in globalThis;
