/**
 * A Service that emits a notification every second, to every Client that is linked with it. It comes
 * back when the Manager was restarted. `heartbeat_listener.ts` is such a Client.
 *
 * @module
 */

import { type ConnectionChange, Service } from "@msl/network";
import { connectOptions } from "./options.ts";

/** Counts, and tells everyone. */
export class Heartbeat extends Service {
  #count = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Starts to count. `interval` is in milliseconds. */
  begin(interval = 1_000): void {
    this.kill();
    this.#timer = setInterval(() => this.emitNotification(this.#count++), interval);
  }

  /** Stops to count. */
  kill(): void {
    clearInterval(this.#timer);
  }

  /** Counts from zero again. */
  reset(): void {
    this.#count = 0;
  }

  /** Says how it is connected. */
  override connectionHandler(change: ConnectionChange): void {
    console.log(`Heartbeat: ${change.state}`);
  }
}

if (import.meta.main) {
  const service = new Heartbeat();
  await service.start({ ...connectOptions(), reconnect: true });
  service.begin();
  console.log("Heartbeat is running");
  await service.finished;
  service.kill();
}
