/**
 * Reads the identity of a service that is longer than any other line of a handshake: one with
 * thousands of methods, or with a table as a property. Its bytes come from the budget of long lines,
 * also those that the Manager keeps for as long as the service is connected.
 *
 * @module
 */

import type { Holder } from "../base/budget.ts";
import { repr } from "../base/repr.ts";
import { formatSize } from "../base/units.ts";
import { ValueError } from "../errors.ts";
import { HeldLine, type HeldMemory } from "../wire/held_line.ts";
import type { LongLine } from "../wire/line.ts";

/** How many attributes an error names. */
const NAMED = 3;

/** What an error calls the description of a service. */
const DESCRIPTION = "static about";

/**
 * The whole line.
 *
 * @param limit The longest one, in bytes.
 * @param holder The peer.
 * @returns The line, whose owner has to release it; `undefined` if the connection has ended before
 * the end of the line.
 * @throws {ValueError} If it is longer, with the names of its largest attributes; or if the memory
 * has no share left.
 */
export async function readLongIdentity(
  line: LongLine,
  limit: number,
  memory: HeldMemory,
  holder: Holder,
): Promise<HeldLine | undefined> {
  const held = new HeldLine(memory, limit, holder);
  try {
    for await (const piece of line) {
      if (held.length + piece.length > limit) throw tooLong(held.bytes, limit);
      if (held.tryAppend(piece)) continue;
      throw new ValueError(
        `The Manager holds as many bytes of long messages and identities as it may, of all peers or of ` +
          `this origin: the limit is ${formatSize(memory.limit)} (--max-held). Try again later`,
      );
    }
    if (!line.isComplete) return undefined;
    held.retain(holder);
    return held;
  } finally {
    held.release();
  }
}

function tooLong(bytes: Uint8Array, limit: number): ValueError {
  const sizes = attributeSizes(new TextDecoder("latin1").decode(bytes))
    .sort((a, b) => b.size - a.size);
  const largest = sizes.slice(0, NAMED)
    .map(({ name, size }) => `${repr(name)} (${formatSize(size)} or more)`);
  const start = `The identity is longer than the limit of ${formatSize(limit)} (--max-identity)`;
  if (sizes[0]?.name === DESCRIPTION) {
    return new ValueError(`${start}. Its largest part is ${largest[0]}: say less in it`);
  }
  return new ValueError(
    largest.length === 0
      ? start
      : `${start}. Its largest attributes are ${largest.join(", ")}: leave them out ` +
        `(ignoreAttributes)`,
  );
}

/**
 * The sizes of the attributes in the beginning of an identity, which ends anywhere, and of the
 * description that may follow them, as `about`. Each includes its name.
 */
export function attributeSizes(text: string): { name: string; size: number }[] {
  const begin = /"attributes"\s*:\s*\{/.exec(text);
  if (begin === null) return [];
  const sizes: { name: string; size: number }[] = [];
  let start = begin.index + begin[0].length;
  let depth = 0;
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},]/gs;
  token.lastIndex = start;
  const add = (end: number) => {
    const name = /^\s*"((?:[^"\\]|\\.){1,256})"/s.exec(text.slice(start, start + 2_000));
    if (name !== null) sizes.push({ name: name[1], size: end - start });
    start = end + 1;
  };
  for (let match; (match = token.exec(text)) !== null;) {
    const [one] = match;
    if (one === "{" || one === "[") depth++;
    else if (one === "," && depth === 0) add(match.index);
    else if ((one === "}" || one === "]") && --depth < 0) {
      add(match.index);
      const about = text.slice(match.index).search(/"about"\s*:/);
      if (about !== -1) sizes.push({ name: DESCRIPTION, size: text.length - match.index - about });
      return sizes;
    }
  }
  add(text.length);
  return sizes;
}
