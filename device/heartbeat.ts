/**
 * The beat of a device: it says something now and then, if only a space, and knows that its Manager
 * is gone when that does not.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { LONGEST_TIME } from "../limits.ts";
import { IDLE_INTERVALS, Keepalive } from "../net/keepalive.ts";
import { isObject } from "../wire/message.ts";

/** The beat under a Manager that says nothing about it, in milliseconds. */
const OWN_BEAT = 60_000;
/** The beat of one connection. */
export class Heartbeat implements Disposable {
  readonly #connection: Connection;
  #keepalive: Keepalive;

  /** Begins to beat. A Manager that does not know of it notices nothing. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#keepalive = this.#begin(OWN_BEAT, false);
  }

  /** Keeps the beat of the Manager, if there is one in what it said when it confirmed the device. */
  agree(welcome: unknown): void {
    const beat = isObject(welcome) ? welcome.beat : 0;
    if (typeof beat !== "number" || !(beat > 0 && beat * IDLE_INTERVALS <= LONGEST_TIME)) return;
    this.#keepalive[Symbol.dispose]();
    this.#keepalive = this.#begin(beat, true);
  }

  /** The connection has ended. */
  [Symbol.dispose](): void {
    this.#keepalive[Symbol.dispose]();
  }

  #begin(beat: number, keepsInterval: boolean): Keepalive {
    const connection = this.#connection;
    const keepalive = new Keepalive(beat * IDLE_INTERVALS);
    keepalive.watch({
      connection,
      keepsInterval: () => keepsInterval,
      onWriteIdle: () => connection.sendSpace(),
    });
    return keepalive;
  }
}
