/**
 * Many peers in one process: clients or services that do nothing, or clients that are linked with
 * a service of the same process, which notifies them.
 *
 * @module
 */

import { encodeNotification } from "../wire/message.ts";
import { options, orders, run, tell } from "./orders.ts";
import { line, link, open, type Place, writeAll } from "./wire.ts";

/** What a crowd is told to do. */
export type CrowdOrder =
  /** Connect more peers. */
  | { task: "grow"; kind: "client" | "service" | "listener"; count: number }
  /** Notify the listeners, one notification at a time, times in milliseconds. */
  | { task: "notify"; warmUp: number; duration: number };

/** What a crowd has measured. */
export interface Notified {
  /** How many notifications everyone has received. */
  notifications: number;
  /** How long it took, in milliseconds. */
  time: number;
}

/** How many peers connect at once. */
const AT_ONCE = 32;
const NOTIFIER = "Notifier";

/** The peers that are linked with the notifier. */
class Audience {
  readonly #length: number;
  readonly #received: number[] = [];
  #missing = 0;
  #all = Promise.withResolvers<void>();

  /** @param length How long a notification is, in bytes. */
  constructor(length: number) {
    this.#length = length;
  }

  /** Listens to one more peer. */
  async listen(socket: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(1024);
    const index = this.#received.push(0) - 1;
    for (let size; (size = await socket.read(buffer)) !== null;) {
      this.#received[index] += size;
      if (this.#received[index] < this.#length) continue;
      this.#received[index] -= this.#length;
      if (--this.#missing === 0) this.#all.resolve();
    }
  }

  /** Settles when everyone has received one more notification. */
  everyone(): Promise<void> {
    this.#missing = this.#received.length;
    this.#all = Promise.withResolvers();
    return this.#all.promise;
  }
}

if (import.meta.main) {
  run(async () => {
    const place = options<Place>();
    const notification = line(encodeNotification(NOTIFIER, [25.003, "degrees"], { channel: 1 }));
    const audience = new Audience(notification.length);
    const identityOf = (kind: string, name: string) =>
      kind === "service"
        ? { type: "service", name, attributes: {}, max_clients: -1 }
        : { type: "client", name };
    const notifier = await open(place, identityOf("service", NOTIFIER));
    let peers = 0;
    const connect = async (kind: string) => {
      const socket = await open(place, identityOf(kind, `Idle ${++peers}`));
      if (kind !== "listener") return;
      await link(socket, NOTIFIER);
      audience.listen(socket).catch((error) => tell({ failure: error.message }));
    };
    const notify = async (duration: number): Promise<Notified> => {
      const start = performance.now();
      let notifications = 0;
      while (performance.now() < start + duration) {
        const everyone = audience.everyone();
        await writeAll(notifier, notification);
        await everyone;
        notifications++;
      }
      return { notifications, time: performance.now() - start };
    };
    tell({ connected: true });
    for await (const order of orders<CrowdOrder>()) {
      if (order.task === "grow") {
        let rest = order.count;
        const queue = async () => {
          while (rest-- > 0) await connect(order.kind);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, queue));
        tell({ peers });
      } else {
        await notify(order.warmUp);
        tell({ warm: true });
        tell({ ...await notify(order.duration) });
      }
    }
  });
}
