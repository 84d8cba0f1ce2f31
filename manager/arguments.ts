/**
 * Reads the arguments of requests to the Manager.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import type { Limits } from "../limits.ts";
import { checkName } from "./names.ts";

/**
 * An argument that is text.
 *
 * @throws {TypeError} If it is none.
 */
export function asText(parameter: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${repr(parameter)} must be a string`);
}

/**
 * Reads arguments that are names of services, users or computers.
 *
 * @param check The rule for the length. Default: that of any name.
 * @returns A function that throws a `TypeError` if the argument is no text, and a `ValueError` if it is
 * longer than the limit.
 */
export function nameReader(
  limits: Pick<Limits, "maxNameLength">,
  check = checkName,
): (parameter: string, value: unknown) => string {
  return (parameter, value) => check(parameter, asText(parameter, value), limits);
}

/**
 * An argument that is `true` or `false`.
 *
 * @throws {TypeError} If it is neither.
 */
export function asFlag(parameter: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === 0 || value === 1) return value === 1; // which are equal to false and true in Python
  throw new TypeError(`${repr(parameter)} must be true or false`);
}
