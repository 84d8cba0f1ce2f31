/**
 * The names in the access lists of a Manager that is joined to others. The home Manager of a service
 * decides who may use it, by the plain name. So a list under the name that a service has at other nodes
 * would protect nothing, and a user of this node has no node in his name here.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { ValueError } from "../errors.ts";
import { splitServiceName, splitUserName } from "../wire/node_name.ts";
import type { NodeRules } from "./remote_services.ts";

/** What a list says of its users: that they may use a service, or offer it. */
export type ListVerb = "use" | "offer";

/**
 * Rejects a service of another node, and one of this node with its node in its name.
 *
 * @param nodes The rules about other nodes; `undefined` if the Manager is not joined to any.
 * @throws {ValueError} If its home Manager has the list that counts.
 */
export function checkListedService(
  service: string,
  verb: ListVerb,
  nodes: NodeRules | undefined,
): void {
  const node = nodes?.nodeOf(service);
  if (nodes === undefined || node === undefined) return;
  const plain = repr(splitServiceName(service)!.service);
  const command = verb === "use"
    ? `access allow ${plain} USER@${nodes.node}`
    : `access offer ${plain} USER`;
  throw new ValueError(
    `Cannot change who may ${verb} the ${repr(service)} service here: ` +
      (node === nodes.node
        ? `this Manager is the node ${
          repr(node)
        } itself, whose services have no node in their names here: ${plain}`
        : `the Manager of the node ${repr(node)} decides that. Change it there: ${command}`),
  );
}

/**
 * Rejects a user of this node with its node in the name: nobody has that name here.
 *
 * @param isUser Whether somebody has been added under a name.
 * @throws {ValueError} If nobody could be meant.
 */
export function checkListedUser(
  username: string,
  nodes: NodeRules | undefined,
  isUser: (username: string) => boolean,
): void {
  const split = splitUserName(username);
  if (nodes === undefined || split?.node !== nodes.node || isUser(username)) return;
  throw new ValueError(
    `${repr(username)} is nobody here: this Manager is the node ${
      repr(nodes.node)
    } itself, whose ` +
      `users have no node in their names here: ${repr(split.user)}`,
  );
}
