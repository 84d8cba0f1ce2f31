/**
 * Which nodes may use which services (`--join-allow`): `b` for every service, `b:DMM,Heater` for some.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { ValueError } from "../errors.ts";
import { isNodeName } from "../wire/node_name.ts";

/** Whether the clients of a node may use a service. */
export type JoinRule = (node: string, service: string) => boolean;

/**
 * The rule of the options. Without any, every node may use every service. Several for one node add
 * up.
 *
 * @param own The name of this node.
 * @throws {ValueError} If a text is not `NODE` or `NODE:SERVICE,...`, or has the name of this node.
 */
export function parseJoinAllow(texts: readonly string[], own: string): JoinRule {
  if (texts.length === 0) return () => true;
  /** The services of each node; `undefined` for all. */
  const allowed = new Map<string, Set<string> | undefined>();
  for (const text of texts) {
    const colon = text.indexOf(":");
    const node = colon === -1 ? text : text.slice(0, colon);
    const services = colon === -1
      ? undefined
      : text.slice(colon + 1).split(",").map((name) => name.trim());
    if (!isNodeName(node) || services?.includes("")) {
      throw new ValueError(
        `What nodes may use is NODE or NODE:SERVICE,SERVICE..., got "${printable(text)}" ` +
          `(--join-allow)`,
      );
    }
    if (node === own) {
      throw new ValueError(
        `What other nodes may use has their names, and ${own} is this one, got "${
          printable(text)
        }" ` +
          `(--join-allow)`,
      );
    }
    const named = services?.find((name) => name.startsWith(`${own}.`));
    if (named !== undefined) {
      throw new ValueError(
        `The services of this node have no node in their names here, got "${printable(named)}" ` +
          `(--join-allow)`,
      );
    }
    const before = allowed.get(node);
    if (services === undefined || (allowed.has(node) && before === undefined)) {
      allowed.set(node, undefined);
    } else {
      allowed.set(node, new Set([...before ?? [], ...services]));
    }
  }
  return (node, service) => allowed.has(node) && (allowed.get(node)?.has(service) ?? true);
}
