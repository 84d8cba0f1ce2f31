/**
 * Finds out that the other side of a connection is gone although nothing says so, e.g. since its
 * computer was unplugged.
 *
 * Nobody notices that as long as nothing is sent. So whoever has sent nothing for a beat sends a
 * space, which means nothing: JSON allows white space before a message. The operating system then
 * finds out in its own time whether the other computer is still there. Where both sides keep the
 * beat, as devices of this package and its Manager agree to, silence alone is enough.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

/** After how many beats of silence a peer that keeps the beat is taken for gone. */
export const IDLE_INTERVALS = 5;

/** A connection that is watched, and what is done about its silence. */
export interface KeepalivePeer {
  readonly connection: Pick<Connection, "traffic" | "isReading" | "endIdle" | "shrinkBuffers">;
  /** Whether the peer would say something in every beat if it were there. */
  keepsInterval(): boolean;
  /** Called in each beat in which nothing was sent to the peer. */
  onWriteIdle?(): void;
  /** Called in each beat in which nothing came from the peer, unless it is gone. */
  onReadIdle?(): void;
}

/** What was known of a connection one beat ago. */
interface Pulse {
  bytesIn: number;
  bytesOut: number;
  /** For how many beats nothing has come. */
  silence: number;
}

/** Watches connections. */
export class Keepalive implements Disposable {
  readonly #timeout: number;
  readonly #watched = new Map<KeepalivePeer, Pulse>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param timeout After what time a silent peer is taken for gone, in milliseconds; 0 for never,
   * and nothing is watched.
   */
  constructor(timeout: number) {
    this.#timeout = timeout;
    if (timeout > 0) this.#timer = setInterval(() => this.beat(), this.interval);
  }

  /** The length of a beat in milliseconds; 0 if nothing is watched. */
  get interval(): number {
    return Math.ceil(this.#timeout / IDLE_INTERVALS);
  }

  /** Watches a connection until the result is disposed of. */
  watch(watched: KeepalivePeer): Disposable {
    const { bytesIn, bytesOut } = watched.connection.traffic;
    this.#watched.set(watched, { bytesIn, bytesOut, silence: 0 });
    return { [Symbol.dispose]: () => void this.#watched.delete(watched) };
  }

  /** Looks at every connection. A timer does so once a beat. */
  beat(): void {
    for (const [watched, pulse] of this.#watched) this.#look(watched, pulse);
  }

  /** Watches nothing any more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  #look(watched: KeepalivePeer, pulse: Pulse): void {
    const { connection } = watched;
    const { bytesIn, bytesOut } = connection.traffic;
    // Of a peer that is held back by not being read nothing can come.
    const isSilent = bytesIn === pulse.bytesIn && connection.isReading;
    const isQuiet = bytesOut === pulse.bytesOut;
    pulse.bytesIn = bytesIn;
    pulse.bytesOut = bytesOut;
    pulse.silence = isSilent ? pulse.silence + 1 : 0;
    if (pulse.silence >= IDLE_INTERVALS && watched.keepsInterval()) {
      this.#watched.delete(watched);
      return connection.endIdle(this.#timeout);
    }
    if (isSilent) watched.onReadIdle?.();
    if (!isQuiet) return;
    connection.shrinkBuffers();
    watched.onWriteIdle?.();
  }
}
