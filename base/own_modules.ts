/**
 * Which modules are those of this package, by the addresses that a stack shows.
 *
 * @module
 */

/** Bundlers take `new URL(..., import.meta.url)` for the address of a file. */
const { url: THIS } = import.meta;

/** The folder of the package, as the frames of its modules show it: a path, or a URL of JSR. */
export const ROOT: string = new URL("../", THIS).href;

/**
 * The modules of the package below {@linkcode ROOT}. Others there belong to users: those who have
 * cloned the repository, our examples and tests.
 */
const OWN_MODULE = new RegExp(
  "^(?:(?:base|logs|wire|net|manager|device|service|client|web|cluster|program|record|cli)/|" +
    "(?:errors|limits|version|future|logging|manager|service|client|linked_client|ssh|testing|mod)" +
    "\\.[jt]s(?::|$))",
);

/**
 * Whether a module is one of the package, by its URL, which a line and a column may follow.
 *
 * @param root The folder of the package.
 */
export function isOwnModule(url: string, root: string = ROOT): boolean {
  return url.startsWith(root) && OWN_MODULE.test(url.slice(root.length));
}
