/**
 * A Service that emits a notification every second, to every Client that is linked with it. It
 * reconnects when the Manager was restarted. `heartbeat_listener.ts` is such a Client.
 *
 * @module
 */

import { type ConnectionChange, runUntilEnd, Service } from "@msl/network";
import { connectOptions } from "./options.ts";

/** Emits a count. */
export class Heartbeat extends Service {
  #count = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Starts to emit. `interval` is in milliseconds. */
  begin(interval = 1_000): void {
    this.kill();
    this.#timer = setInterval(() => this.emitNotification(this.#count++), interval);
  }

  /** Stops to emit. */
  kill(): void {
    clearInterval(this.#timer);
  }

  /** Counts from zero again. */
  reset(): void {
    this.#count = 0;
  }

  /** Prints each change of the connection. */
  override connectionHandler(change: ConnectionChange): void {
    console.log(`Heartbeat: ${change.state}`);
  }
}

if (import.meta.main) {
  const service = new Heartbeat();
  service.addTasks(() => console.log("Heartbeat is running"));
  service.addTasks(() => service.begin());
  await runUntilEnd(service, { ...connectOptions(), reconnect: true });
  service.kill();
}
