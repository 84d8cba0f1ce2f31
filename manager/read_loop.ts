/**
 * Reads the lines of a connection for as long as it lasts, with backpressure and pauses: those of a
 * peer, or of a session with another node.
 *
 * @module
 */

import type { Yielder } from "../base/pause.ts";
import type { PeerConnection } from "../net/peer_connection.ts";
import { LongLine } from "../wire/line.ts";

/**
 * After how many lines of one read, or how many bytes of them, it is checked whether a pause is due.
 * Lines take time by their number and by their length: one that is typed or malformed takes longer
 * than a message.
 */
const LINES = 64;
const BYTES = 16 * 1024;
/**
 * After how many lines that is checked in the beginning of a read, and after a pause: all peers that
 * have waited for the pause go on at the same time, and there may be hundreds of them.
 */
const FEW = 2;
/** Before a line of more bytes than this it is checked too: one alone may take some milliseconds. */
const LONG = 32 * 1024;

/** What takes the lines. It never throws. */
export interface LineReceiver {
  /** Takes a line. Gives the connection that it went to, which may be congested now. */
  receive(line: Uint8Array): PeerConnection | undefined;
  /** The same for a long line. Never rejects. */
  receiveLong(line: LongLine): Promise<PeerConnection | undefined>;
}

/**
 * Gives each line to the receiver, until the connection has ended.
 *
 * @param watch Says when to pause, for all connections of a Manager together.
 * @param onRead Called when lines have come, before the receiver gets them.
 */
export async function readLines(
  connection: PeerConnection,
  receiver: LineReceiver,
  watch: Pick<Yielder, "isDue" | "pause">,
  onRead: () => void,
): Promise<void> {
  for await (const lines of connection) {
    onRead();
    let rest = FEW; // lines until the next check
    let bytes = 0;
    for (const line of lines) {
      if (!connection.isOpen) break; // the peer has requested to be disconnected
      const isLong = line instanceof Uint8Array && line.length > LONG;
      if (rest-- === 0 || bytes > BYTES || isLong) {
        bytes = 0;
        rest = LINES;
        if (watch.isDue) {
          do await watch.pause(); while (isLong && watch.isDue);
          rest = FEW;
          if (!connection.isOpen) break; // it was ended meanwhile, and perhaps another one has begun
        }
      }
      let sink: PeerConnection | undefined;
      if (line instanceof LongLine) {
        sink = await receiver.receiveLong(line);
      } else {
        bytes += line.length;
        sink = receiver.receive(line);
      }
      // Backpressure: the peer is slowed down by not being read. At once, not after all lines of the
      // read: there may be 1,500 requests in it whose replies have some MB each.
      if (sink?.congested) await sink.drained();
    }
    // What was forwarded leaves before the next read begins, which takes its time too.
    await undefined;
    // A read that has to wait is a pause too.
    if (connection.hasMore && watch.isDue) await watch.pause();
  }
}
