/**
 * How deep the attributes of a service are nested: they become a part of messages, and a message that is
 * nested deeper than the limit has no reader.
 *
 * @module
 */

import { ValueError } from "../errors.ts";

/**
 * Rejects attributes that are nested deeper than a message may be.
 *
 * @throws {ValueError} If they are.
 */
export function checkDepth(value: unknown, maxDepth: number, depth = 1): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > maxDepth) {
    throw new ValueError(
      `The attributes are nested deeper than the limit of ${maxDepth} levels (--max-depth)`,
    );
  }
  for (const item of Object.values(value)) checkDepth(item, maxDepth, depth + 1);
}
