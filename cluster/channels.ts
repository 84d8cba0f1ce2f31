/**
 * Channels: the byte streams between two nodes, one for each session, whatever carries them.
 * `trunk.ts` carries them over NATS.
 *
 * @module
 */

import type { Transport } from "../net/transport.ts";
import type { JsonObject } from "../wire/message.ts";

/** What opens and accepts channels. */
export interface Channels {
  /**
   * Opens a channel to a node. What is written is read there as it was written; `read` rejects with
   * the reason if the channel breaks, and gives `null` after the last byte if the other side has
   * closed it.
   *
   * @param header What the other side has to know before the first byte.
   * @throws {ConnectionAbortedError} If the node is not there.
   */
  open(node: string, header: JsonObject): Transport;
  /** Called for each channel that another node has opened. */
  onChannel: (node: string, header: JsonObject, transport: Transport) => void;
}
