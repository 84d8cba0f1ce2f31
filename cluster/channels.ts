/**
 * Channels between nodes, as the Manager's side of a node sees them: each carries one session, a client
 * of one node at the home node of a service. `trunks.ts` makes them over the bus.
 *
 * @module
 */

import type { Transport } from "../net/transport.ts";
import type { JsonObject } from "../wire/message.ts";

/**
 * The byte stream of one session. `close()` is the orderly end: the other end reads what was written,
 * then `null`. If the stream breaks, a read rejects with a `ConnectionAbortedError` that says why.
 */
export interface ChannelTransport extends Transport {
  /** Closes it at once; the other end reads what was written, then rejects with this reason. */
  fail(reason: string): void;
}

/** Opens channels, and tells of those that others open. */
export interface Channels {
  /**
   * Opens a channel to a node.
   *
   * @throws {ConnectionAbortedError} If the node is not there.
   */
  open(node: string, header: JsonObject): Transport;
  /** Called for each channel that another node has opened. */
  onChannel: (node: string, header: JsonObject, transport: ChannelTransport) => void;
}
