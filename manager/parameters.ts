/**
 * What the Manager's own requests are given, as what it has to be.
 *
 * @module
 */

import { repr } from "../base/repr.ts";

/**
 * A parameter that has to be text.
 *
 * @throws {TypeError} If it is not.
 */
export function asText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${repr(name)} must be a string`);
}

/**
 * A parameter that has to be true or false.
 *
 * @throws {TypeError} If it is neither.
 */
export function asFlag(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === 0 || value === 1) return value === 1; // which are the same in Python
  throw new TypeError(`${repr(name)} must be true or false`);
}
