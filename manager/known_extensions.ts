/**
 * The extensions of the protocol that a Manager offers, which depend on its limits.
 *
 * @module
 */

import type { Limits } from "../limits.ts";
import { PIECE_SIZE } from "../wire/parts.ts";
import { EXTENSIONS, PARTS } from "../wire/protocol.ts";

/** The longest line with a piece of a value, in bytes: a text of quotes is written with backslashes. */
const LONGEST_PIECE = 2 * PIECE_SIZE + 16 * 1024;

/**
 * The extensions that a Manager offers. If it accepts no line as long as a piece of a value, devices
 * send each value in one line, which is refused with the limit if it is too long.
 */
export function extensionsWithin({ maxMessageSize }: Pick<Limits, "maxMessageSize">): string[] {
  return EXTENSIONS.filter((one) => one !== PARTS || maxMessageSize >= LONGEST_PIECE);
}
