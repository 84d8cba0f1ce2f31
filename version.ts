/**
 * What this package says of itself on the wire: its version, and the `language` and `os` that
 * an identity carries.
 *
 * @module
 */

import manifest from "./deno.json" with { type: "json" };
import { machine, type } from "node:os";

/** The version of this package, as in `deno.json`. */
export const VERSION: string = manifest.version;

/** The `language` of our identities, e.g. `"TypeScript (Deno 2.9.6)"`. */
export const LANGUAGE: string = `TypeScript (Deno ${Deno.version.deno})`;

/** The `os` of our identities in Python's form, e.g. `"Linux x86_64"`. */
export const OS: string = `${type()} ${machine()}`;
