/**
 * The version of this package, and the `language` and the `os` of its identities on the wire.
 *
 * @module
 */

import manifest from "./deno.json" with { type: "json" };
import { machine, type } from "node:os";

/**
 * The version of this package, as in `deno.json`.
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { VERSION } from "@msl/network";
 *
 * assertMatch(VERSION, /^\d+\.\d+\.\d+/);
 * ```
 */
export const VERSION: string = manifest.version;

/** The name of this package. */
export const PACKAGE_NAME: string = manifest.name;

/** The `language` of our identities, e.g. `"TypeScript (Deno 2.9.6)"`. */
export const LANGUAGE: string = `TypeScript (Deno ${Deno.version.deno})`;

/** The `os` of our identities in Python's form, e.g. `"Linux x86_64"`. */
export const OS: string = `${type()} ${machine()}`;
