/**
 * What changes between one status of the Manager and the next: calls, messages and bytes per second, of
 * all and of each device. The page and the command `top` show the same.
 *
 * @module
 */

import type { DeviceStatus, ManagerStatus } from "./status.ts";
import { type Rates, ratesBetween } from "./status_rates.ts";

/** The rates of one device, per second. */
export interface DeviceRates {
  readonly messages: number;
  readonly bytes: number;
  /** Calls that have ended. */
  readonly calls: number;
  /** Those of them that ended with an error. */
  readonly errors: number;
  /** How long a call took on average, in seconds; `undefined` if none has ended, but for streams. */
  readonly latency: number | undefined;
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
      const more = (key: keyof DeviceStatus) => now[key] - then[key];
      const timed = more("timed_calls");
      return [[name, {
        messages: (more("messages_in") + more("messages_out")) / seconds,
        bytes: (more("bytes_in") + more("bytes_out")) / seconds,
        calls: more("calls") / seconds,
        errors: more("call_errors") / seconds,
        latency: timed > 0 ? more("call_seconds") / timed : undefined,
      }]];
    }),
  );
}
