/**
 * The length of names and uids, which the Manager keeps, logs and sends to others: checked where they
 * come in, in an identity (`handshake.ts`), in a message (`routed_message.ts`) and in the arguments of a
 * request to the Manager (`arguments.ts`).
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { ValueError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { splitServiceName, splitUserName } from "../wire/node_name.ts";

/**
 * Checks the length of a name or a uid.
 *
 * @param key Where it stands: a key of an identity or of a message, or a parameter.
 * @returns The name.
 * @throws {ValueError} If it is longer than the limit.
 */
export function checkName(
  key: string,
  name: string,
  { maxNameLength }: Pick<Limits, "maxNameLength">,
): string {
  if (name.length <= maxNameLength) return name;
  throw tooLongName(key, name.length, maxNameLength);
}

/**
 * The same for the name of a service, which may be one of another node: its length is that of the name
 * which it has there, without `a.`.
 */
export function checkServiceName(
  key: string,
  name: string,
  limits: Pick<Limits, "maxNameLength">,
): string {
  if (name.length > limits.maxNameLength) {
    checkName(key, splitServiceName(name)?.service ?? name, limits);
  }
  return name;
}

/** The same for the name of a user, without the `@b` of another node. */
export function checkUserName(
  key: string,
  name: string,
  limits: Pick<Limits, "maxNameLength">,
): string {
  checkName(key, splitUserName(name)?.user ?? name, limits);
  return name;
}

/** The error for a name or a uid that has so many characters. */
export function tooLongName(key: string, length: number, maxNameLength: number): ValueError {
  return new ValueError(
    `A name or uid of ${length} characters is too long (${repr(key)}), ` +
      `the limit is ${maxNameLength} (--max-name-length)`,
  );
}
