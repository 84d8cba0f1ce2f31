/**
 * What changes between one status of the Manager and the next: messages and bytes per second, of all
 * and of each device, and the last minutes of them for a plot.
 *
 * @module
 */

import type { DeviceStatus, ManagerStatus } from "../../wire/status.ts";
import { type Rates, ratesBetween } from "../../wire/status_rates.ts";

/** The rates of one device, per second. */
export interface DeviceRates {
  readonly messages: number;
  readonly bytes: number;
}

/** The rates at one time. */
export interface RatesAt {
  readonly all: Rates | null;
  /** By the key that a device has in the status. */
  readonly clients: ReadonlyMap<string, DeviceRates>;
  readonly services: ReadonlyMap<string, DeviceRates>;
}

/** Over which time rates are computed, in seconds: short enough to be live, and calm to read. */
const WINDOW = 4;

/** The rates since a while ago. */
export class StatusHistory {
  #statuses: ManagerStatus[] = [];

  /** Takes the next status. One of another start of the Manager begins anew. */
  add(status: ManagerStatus): RatesAt {
    const last = this.#statuses.at(-1);
    if (last === status) return this.#rates();
    if (last !== undefined && !follows(last, status)) this.#statuses = [];
    this.#statuses.push(status);
    const oldest = status.uptime_s - WINDOW;
    while (this.#statuses.length > 2 && this.#statuses[1].uptime_s <= oldest) {
      this.#statuses.shift();
    }
    return this.#rates();
  }

  #rates(): RatesAt {
    const [before] = this.#statuses;
    const after = this.#statuses.at(-1)!;
    return {
      all: ratesBetween(before, after),
      clients: ratesOf(before, after, "clients"),
      services: ratesOf(before, after, "services"),
    };
  }
}

/** Whether a status is a later one of the same Manager, for the same connection. */
function follows(before: ManagerStatus, after: ManagerStatus): boolean {
  return after.manager === before.manager && after.requester === before.requester &&
    after.uptime_s >= before.uptime_s;
}

function ratesOf(
  before: ManagerStatus,
  after: ManagerStatus,
  kind: "clients" | "services",
): Map<string, DeviceRates> {
  const seconds = after.uptime_s - before.uptime_s;
  if (!(seconds > 0)) return new Map();
  const earlier = new Map<string, DeviceStatus>(Object.entries(before[kind]));
  return new Map(
    Object.entries<DeviceStatus>(after[kind]).flatMap(([name, now]) => {
      const then = earlier.get(name);
      // A device that has connected again counts from 0.
      if (then === undefined || now.messages_in < then.messages_in) return [];
      const messages = now.messages_in + now.messages_out - then.messages_in - then.messages_out;
      const bytes = now.bytes_in + now.bytes_out - then.bytes_in - then.bytes_out;
      return [[name, { messages: messages / seconds, bytes: bytes / seconds }]];
    }),
  );
}
