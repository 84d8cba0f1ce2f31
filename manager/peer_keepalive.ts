/**
 * How the keepalive of a Manager finds out whether a peer is still connected, without a message that
 * the peer might not know:
 * - a device of this package has agreed to send something in every interval;
 * - any other service is probed with a request for an attribute that every service has. After it has
 *   answered a probe once, the idle time-out holds for it too. While it owes an answer it is not
 *   probed, and its silence does not count: a Python service would take the probe for the request
 *   that its method is working on, and it ignores no line;
 * - any other client has nothing to answer. A client that blocks others from a service is sent a
 *   notification that it ignores, so that the operating system finds out. It is never sent less than
 *   a line: the reader of a Python client dies of a space at the end of its connection.
 *
 * @module
 */

import type { KeepalivePeer } from "../net/keepalive.ts";
import type { PeerConnection } from "../net/peer_connection.ts";
import { encodeNotification, encodeProbe } from "../wire/message.ts";
import { BEAT, MANAGER } from "../wire/protocol.ts";
import { blocksOthers, type Peer } from "./peer.ts";
import type { Session } from "./session.ts";

/** A notification of the Manager, with which no client is linked: no service can have its name. */
const IGNORED = encodeNotification(MANAGER, [], {});

/**
 * A peer, as the keepalive watches it.
 *
 * @param manager The network name of the Manager.
 */
export function keepaliveOf(peer: Peer<Session<PeerConnection>>, manager: string): KeepalivePeer {
  const { extensions, session: { sink: connection } } = peer;
  if (extensions.includes(BEAT)) {
    return {
      connection,
      keepsInterval: () => true,
      onWriteIdle: () => connection.sendSpace(),
    };
  }
  if (peer.kind === "service") {
    return {
      connection,
      keepsInterval: () => peer.session.probe.isAnswered,
      isBusy: () => peer.session.probe.owed > 0,
      onReadIdle: () => connection.sendText(encodeProbe(manager, peer.name)),
    };
  }
  return {
    connection,
    keepsInterval: () => false,
    onWriteIdle: () => {
      if (blocksOthers(peer) && connection.queued === 0) connection.sendText(IGNORED);
    },
  };
}
