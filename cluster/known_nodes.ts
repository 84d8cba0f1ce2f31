/**
 * What the sessions ask about the other nodes. The directory knows it.
 *
 * @module
 */

import type { AnnouncedService } from "../manager/remote_services.ts";

/** Whether a node is there. */
export interface NodeState {
  readonly isHere: boolean;
  /** When it came, or went: milliseconds since 1970, by the clock of this computer. */
  readonly since: number;
}

/** The nodes that have been there since the start, without this one. */
export interface KnownNodes {
  /** The state of a node; `undefined` if it was never there. */
  node(name: string): NodeState | undefined;
  /** The names of the nodes that are there. */
  nodes(): Iterable<string>;
  /** The services of a node; none if it is not there. */
  services(node: string): Iterable<AnnouncedService>;
  /** One of them, by its name there. */
  service(node: string, name: string): AnnouncedService | undefined;
  /** The names of the nodes that are there and have a service of that name. */
  nodesWith(service: string): string[];
}
