/**
 * Many peers in one process: idle clients or services, or clients that are linked with a service of
 * the same process, which notifies them.
 *
 * @module
 */

import { encodeNotification } from "../wire/message.ts";
import { commands, options, report, run } from "./commands.ts";
import { median } from "./report.ts";
import { type Address, line, link, open, type Wire, writeAll } from "./wire.ts";

/** A command to a crowd. */
export type CrowdCommand =
  /** Connect more peers. */
  | { task: "grow"; kind: "client" | "service" | "listener"; count: number }
  /** Connect clients, one after the other, and disconnect each. */
  | { task: "visit"; count: number }
  /** Notify the listeners, one notification at a time, times in milliseconds. */
  | { task: "notify"; warmUp: number; duration: number };

/** The figures of a crowd. */
export interface Notified {
  /** The number of notifications that every listener has received. */
  notifications: number;
  /** How long it took, in milliseconds. */
  time: number;
}

/** The times of visits. */
export interface Visited {
  /** The median time from the connection to the end of the handshake, in milliseconds. */
  median: number;
}

/** The number of peers that connect at once. */
const AT_ONCE = 32;
const NOTIFIER = "Notifier";

/** The peers that are linked with the notifier. */
class Audience {
  readonly #length: number;
  readonly #received: number[] = [];
  #missing = 0;
  #all = Promise.withResolvers<void>();

  /** @param length The length of a notification, in bytes. */
  constructor(length: number) {
    this.#length = length;
  }

  /** Counts the notifications of one more peer. */
  async listen(socket: Wire): Promise<void> {
    const buffer = new Uint8Array(1024);
    const index = this.#received.push(0) - 1;
    for (let size; (size = await socket.read(buffer)) !== null;) {
      this.#received[index] += size;
      if (this.#received[index] < this.#length) continue;
      this.#received[index] -= this.#length;
      if (--this.#missing === 0) this.#all.resolve();
    }
  }

  /** Settles when every peer has received one more notification. */
  everyone(): Promise<void> {
    this.#missing = this.#received.length;
    this.#all = Promise.withResolvers();
    return this.#all.promise;
  }
}

if (import.meta.main) {
  run(async () => {
    const address = options<Address>();
    const notification = line(encodeNotification(NOTIFIER, [25.003, "degrees"], { channel: 1 }));
    const audience = new Audience(notification.length);
    const identityOf = (kind: string, name: string) =>
      kind === "service"
        ? { type: "service", name, attributes: {}, max_clients: -1 }
        : { type: "client", name };
    const notifier = await open(address, identityOf("service", NOTIFIER));
    let peers = 0;
    const connect = async (kind: string) => {
      const socket = await open(address, identityOf(kind, `Idle ${++peers}`));
      if (kind !== "listener") return;
      await link(socket, NOTIFIER);
      audience.listen(socket).catch((error) => report({ failure: error.message }));
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
    report({ connected: true });
    for await (const command of commands<CrowdCommand>()) {
      if (command.task === "grow") {
        let rest = command.count;
        const queue = async () => {
          while (rest-- > 0) await connect(command.kind);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, queue));
        report({ peers });
      } else if (command.task === "visit") {
        const times: number[] = [];
        while (times.length < command.count) {
          const start = performance.now();
          const socket = await open(address, identityOf("client", "Visitor"));
          times.push(performance.now() - start);
          socket.close();
        }
        report({ median: median(times) } satisfies Visited);
      } else {
        await notify(command.warmUp);
        report({ warm: true });
        report({ ...await notify(command.duration) });
      }
    }
  });
}
