/**
 * Where devices have come from that were let in: the addresses, and the users who have logged in from
 * them. They come first when others take all of the Manager's time or connections, and the failures
 * of others do not delay their logins.
 *
 * @module
 */

import { MAX_ORIGINS } from "../limits.ts";

/** The addresses from which devices were let in since the Manager started. */
export class KnownOrigins {
  readonly #origins = new Set<string>();

  /**
   * Remembers a device that was let in. The one that was let in longest ago is forgotten if there are
   * too many.
   *
   * @param username The user who has logged in, if any did.
   */
  add(address: string, username?: string): void {
    for (const origin of new Set([keyOf(address), keyOf(address, username)])) {
      this.#origins.delete(origin);
      this.#origins.add(origin);
    }
    for (const oldest of this.#origins) {
      if (this.#origins.size <= MAX_ORIGINS) break;
      this.#origins.delete(oldest);
    }
  }

  /** Whether a device was let in from that address, or that user from there. */
  has(address: string, username?: string): boolean {
    return this.#origins.has(keyOf(address, username));
  }
}

function keyOf(address: string, username?: string): string {
  const plain = address.replace(MAPPED, "");
  return username === undefined ? plain : `${plain} ${username}`;
}

/** What stands before an IPv4 address that is written as an IPv6 one. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/**
 * The block of an address. Failed logins and connections are counted by block. An IPv6 block has 64
 * bits, since a computer can take any address of its network. An IPv4 block is one address.
 */
export function blockOf(address: string): string {
  const [plain, zone = ""] = address.replace(MAPPED, "").split("%");
  if (!plain.includes(":")) return plain;
  const [head, tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? 0 : tail.split(":").length + (tail.includes(".") ? 1 : 0);
    const zeros = Math.max(0, 8 - groups.length - rest);
    groups.push(...Array(zeros).fill("0"), ...tail.split(":"));
  }
  const network = groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
  return `${network}::/64${zone && `%${zone}`}`;
}
