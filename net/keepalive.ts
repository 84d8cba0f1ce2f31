/**
 * Keepalive: finds out that the peer of a connection is gone although the connection has not ended,
 * e.g. because its computer was unplugged.
 *
 * Nothing shows that as long as nothing is sent. So a side that has agreed to it and has sent nothing
 * for an interval sends a space, which changes nothing: JSON allows white space before a message.
 * Where both sides keep the interval, as devices of this package and its Manager agree to, a
 * connection over which nothing comes for several intervals is ended.
 *
 * `manager/` and `device/` decide what is sent to which peer.
 *
 * @module
 */

import { LONGEST_TIME } from "../limits.ts";
import type { Connection } from "./connection.ts";

/** After how many intervals in which nothing came a peer that keeps the interval counts as gone. */
export const IDLE_INTERVALS = 5;

/** A peer whose connection is watched, and what to do when nothing is sent or received. */
export interface KeepalivePeer {
  readonly connection: Pick<Connection, "traffic" | "isReading" | "endIdle" | "shrinkBuffers">;
  /** Whether the peer sends something in every interval as long as it is there. */
  keepsInterval(): boolean;
  /** Whether the peer has a reason to send nothing: then its silence does not count. */
  isBusy?(): boolean;
  /** Called after each interval in which nothing was sent to the peer. */
  onWriteIdle?(): void;
  /** Called after each interval in which nothing came from the peer, unless it counts as gone. */
  onReadIdle?(): void;
}

/** The traffic of a connection at the last check. */
interface Snapshot {
  bytesIn: number;
  bytesOut: number;
  /** For how many intervals in a row nothing has come. */
  idleIntervals: number;
}

/** Watches connections with one timer. */
export class Keepalive implements Disposable {
  readonly #timeout: number;
  readonly #peers = new Map<KeepalivePeer, Snapshot>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param timeout The idle time-out after which a peer that keeps the interval counts as gone, in
   * milliseconds. With 0 nothing is watched.
   */
  constructor(timeout: number) {
    this.#timeout = timeout > LONGEST_TIME ? 0 : timeout; // no limit
    if (this.#timeout > 0) this.#timer = setInterval(() => this.check(), this.interval);
  }

  /** The interval in milliseconds: the time-out divided by `IDLE_INTERVALS`. 0 for no keepalive. */
  get interval(): number {
    return Math.ceil(this.#timeout / IDLE_INTERVALS);
  }

  /** Watches a peer until the result is disposed of. */
  watch(peer: KeepalivePeer): Disposable {
    const { bytesIn, bytesOut } = peer.connection.traffic;
    this.#peers.set(peer, { bytesIn, bytesOut, idleIntervals: 0 });
    return { [Symbol.dispose]: () => void this.#peers.delete(peer) };
  }

  /** Checks every connection. The timer calls this once an interval. */
  check(): void {
    for (const [peer, snapshot] of this.#peers) this.#check(peer, snapshot);
  }

  /** Stops watching all peers. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#peers.clear();
  }

  #check(peer: KeepalivePeer, snapshot: Snapshot): void {
    const { connection } = peer;
    const { bytesIn, bytesOut } = connection.traffic;
    // Nothing can come from a peer that is not read, because its messages go to a slow consumer.
    const isReadIdle = bytesIn === snapshot.bytesIn && connection.isReading && !peer.isBusy?.();
    const isWriteIdle = bytesOut === snapshot.bytesOut;
    snapshot.bytesIn = bytesIn;
    snapshot.bytesOut = bytesOut;
    snapshot.idleIntervals = isReadIdle ? snapshot.idleIntervals + 1 : 0;
    if (snapshot.idleIntervals >= IDLE_INTERVALS && peer.keepsInterval()) {
      this.#peers.delete(peer);
      return connection.endIdle(this.#timeout);
    }
    if (isReadIdle) peer.onReadIdle?.();
    if (!isWriteIdle) return;
    connection.shrinkBuffers();
    peer.onWriteIdle?.();
  }
}
