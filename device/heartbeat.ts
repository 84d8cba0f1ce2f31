/**
 * The beat of a device: it says something now and then, if only a space, and knows that its Manager
 * is gone when that does not.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { LONGEST_TIME } from "../limits.ts";
import { BEATS, Liveness } from "../net/keepalive.ts";
import { isObject } from "../wire/message.ts";

/** The beat under a Manager that says nothing about it, in milliseconds. */
const OWN_BEAT = 60_000;
/** The beat of one connection. */
export class Heartbeat implements Disposable {
  readonly #connection: Connection;
  #liveness: Liveness;

  /** Begins to beat. A Manager that does not know of it notices nothing. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#liveness = this.#begin(OWN_BEAT, false);
  }

  /** Keeps the beat of the Manager, if there is one in what it said when it confirmed the device. */
  agree(welcome: unknown): void {
    const beat = isObject(welcome) ? welcome.beat : 0;
    if (typeof beat !== "number" || !(beat > 0 && beat * BEATS <= LONGEST_TIME)) return;
    this.#liveness[Symbol.dispose]();
    this.#liveness = this.#begin(beat, true);
  }

  /** The connection has ended. */
  [Symbol.dispose](): void {
    this.#liveness[Symbol.dispose]();
  }

  #begin(beat: number, keepsBeat: boolean): Liveness {
    const connection = this.#connection;
    const liveness = new Liveness(beat * BEATS);
    liveness.watch({
      connection,
      keepsBeat: () => keepsBeat,
      onQuiet: () => connection.sendSpace(),
    });
    return liveness;
  }
}
