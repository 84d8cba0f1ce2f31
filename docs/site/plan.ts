/**
 * What the build tells VitePress.
 *
 * @module
 */

import type { Item } from "./navigation.ts";

/** Where the site comes from and goes to, and its menus. */
export interface Plan {
  /** The path below which it will be hosted, with a slash at both ends. */
  base: string;
  /** The folders of the Markdown, of the site, and of temporary files. */
  source: string;
  folder: string;
  cache: string;
  navigation: Item[];
  reference: Item[];
}
