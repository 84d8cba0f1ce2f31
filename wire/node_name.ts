/**
 * The names of nodes: Managers that are joined to one network. A service of another node is named
 * with its node and a dot, `a.DMM`.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { printable } from "../base/printable.ts";

/** The longest name of a node, or of a network of nodes, in characters. */
export const MAX_NODE_NAME = 32;

/** In the place of a node: every node of the network. So no node has this name. */
export const ALL_NODES = "all";

const NAME = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_NODE_NAME}}$`);

/** Whether a text is the name of a node. */
export function isNodeName(text: string): boolean {
  return NAME.test(text) && text !== ALL_NODES;
}

/** Whether a text is the name of a network of nodes. */
function isNetworkName(text: string): boolean {
  return NAME.test(text);
}

/**
 * The name of a node.
 *
 * @throws {ValueError} If a text is none.
 */
export function nodeNameOf(text: string): string {
  if (isNodeName(text)) return text;
  throw new ValueError(
    `The name of a node has 1 to ${MAX_NODE_NAME} letters, digits, - and _, and is not ` +
      `"${ALL_NODES}", got "${printable(text.slice(0, 2 * MAX_NODE_NAME))}"`,
  );
}

/**
 * The name of a network of nodes.
 *
 * @throws {ValueError} If a text is none.
 */
export function networkNameOf(text: string): string {
  if (isNetworkName(text)) return text;
  throw new ValueError(
    `The name of a network of Managers has 1 to ${MAX_NODE_NAME} letters, digits, - and _, got ` +
      `"${printable(text.slice(0, 2 * MAX_NODE_NAME))}"`,
  );
}

/** The name that a service of a node has at all other nodes, e.g. `a.DMM`. */
export function joinServiceName(node: string, service: string): string {
  return `${node}.${service}`;
}

/**
 * The node and the name of the service there in a name such as `a.DMM`; `undefined` for a name that
 * does not begin with the name of a node and a dot. Whether there is such a node is another question.
 */
export function splitServiceName(name: string): { node: string; service: string } | undefined {
  const dot = name.indexOf(".");
  if (dot < 1 || dot > MAX_NODE_NAME || dot === name.length - 1) return undefined;
  const node = name.slice(0, dot);
  return isNodeName(node) ? { node, service: name.slice(dot + 1) } : undefined;
}

/**
 * The name of a user and the node where he logs in, in a name such as `bob@b`; `undefined` for a name
 * that does not end with `@` and the name of a node.
 */
export function splitUserName(name: string): { user: string; node: string } | undefined {
  const at = name.lastIndexOf("@");
  const node = name.slice(at + 1);
  return at > 0 && isNodeName(node) ? { user: name.slice(0, at), node } : undefined;
}
