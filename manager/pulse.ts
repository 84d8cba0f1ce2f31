/**
 * How the Manager finds out whether a peer is still there, without a message that the peer might
 * not know:
 * - a device of this package keeps the beat, as it has offered to;
 * - any other service is asked for an attribute that every service has, and once it has answered
 *   that, it is gone when it no longer does;
 * - any other client answers nothing. One that keeps others out of a service is sent spaces, so
 *   that the operating system finds out.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import type { KeepalivePeer } from "../net/keepalive.ts";
import { encodeProbe } from "../wire/message.ts";
import { BEAT } from "../wire/protocol.ts";
import { keepsOthersOut, type Peer } from "./registry.ts";
import type { Seat } from "./router.ts";

/** How a peer of the Manager with that network name is to be watched. */
export function pulseOf(peer: Peer<Seat<Connection>>, manager: string): KeepalivePeer {
  const { extensions, seat: { outlet: connection } } = peer;
  const sendSpace = () => connection.sendSpace();
  if (extensions.includes(BEAT)) {
    return {
      connection,
      keepsInterval: () => true,
      onWriteIdle: sendSpace,
    };
  }
  if (peer.kind === "service") {
    return {
      connection,
      keepsInterval: () => peer.seat.probe.isAnswered,
      onReadIdle: () => connection.sendText(encodeProbe(manager, peer.name)),
    };
  }
  return {
    connection,
    keepsInterval: () => false,
    onWriteIdle: () => {
      if (keepsOthersOut(peer)) connection.sendSpace();
    },
  };
}
