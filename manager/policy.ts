/**
 * What users may do, as the registry asks. `access.ts` answers from the database.
 *
 * @module
 */

import { PermissionError, ValueError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import type { SessionUser } from "./database/users_table.ts";
import { isRemoteUser, type Peer, type PeerUser } from "./peer.ts";

/** What users may do. The user is the one who logged in to connect a device, if any did. */
export interface Policy {
  /** Whether the clients of a user, who may be one of another node, may use a service. */
  mayUse(user: PeerUser | undefined, service: string): boolean;
  /** Whether only some users may use a service. */
  isRestricted(service: string): boolean;
  /** Whether the devices of a user may offer a service. */
  mayOffer(user: SessionUser | undefined, service: string): boolean;
  /** Whether the user still exists, with the same password. */
  isCurrent(user: SessionUser): boolean;
}

/**
 * Why a device may not be connected; `undefined` if it may.
 *
 * @param isCurrent Whether the user still exists, with the same password. Default: the policy says it.
 */
export function reasonToEnd(
  policy: Policy,
  { kind, name }: Pick<Peer<unknown>, "kind" | "name">,
  user: PeerUser | undefined,
  isCurrent: (user: SessionUser) => boolean = (user) => policy.isCurrent(user),
): Error | undefined {
  if (user !== undefined && isRemoteUser(user)) return undefined; // up to the other node
  if (user !== undefined && !isCurrent(user)) {
    return new ValueError(
      `${repr(user.username)} has to log in again: the user was removed, or has another password`,
    );
  }
  if (kind === "client" || policy.mayOffer(user, name)) return undefined;
  return new PermissionError(
    `${user === undefined ? "A device" : repr(user.username)} may not offer the ${
      repr(name)
    } service`,
  );
}
