/**
 * In the place of `base/own_modules.ts` in the bundle for browsers: the bundle is one module.
 *
 * @module
 */

/** The address of the bundle, as the frames of its functions show it. */
export const { url: ROOT } = import.meta;

/** Whether a module is the bundle, by its URL, which a line and a column may follow. */
export function isOwnModule(url: string): boolean {
  return url.startsWith(ROOT);
}
