/**
 * Rates from two statuses of a Manager. The connection that requests the status is left out.
 *
 * @module
 */

import { type DeviceStatus, type ManagerStatus, RATE_KEYS } from "./status.ts";

/** Counts per second, between two statuses. */
export interface Rates {
  /** The time between the two, in seconds. */
  interval_s: number;
  messages_in_per_s: number;
  messages_out_per_s: number;
  bytes_in_per_s: number;
  bytes_out_per_s: number;
  requests_per_s: number;
  answers_per_s: number;
  notifications_per_s: number;
}

/** The rates between two statuses that were requested over the same connection. */
export function ratesBetween(before: ManagerStatus, after: ManagerStatus): Rates | null {
  const seconds = Number((after.uptime_s - before.uptime_s).toFixed(3));
  if (!(seconds > 0)) return null;
  const rates = RATE_KEYS.map((key): [string, number] => {
    const others = withoutRequester(after, key) - withoutRequester(before, key);
    return [`${key}_per_s`, Number((others / seconds).toFixed(3))];
  });
  return { interval_s: seconds, ...Object.fromEntries(rates) } as Rates;
}

/** A total, without the part of the connection that requests the status. */
function withoutRequester(
  { totals, clients, requester }: ManagerStatus,
  key: typeof RATE_KEYS[number],
): number {
  const own = Object.hasOwn(clients, requester ?? "") ? clients[requester!] : undefined;
  return totals[key] - (own !== undefined && key in own ? own[key as keyof DeviceStatus] : 0);
}
