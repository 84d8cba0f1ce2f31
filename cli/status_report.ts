/**
 * Computes rates from the status of a Manager, and writes the status as text for a person.
 *
 * The connection that requests the status is left out of both.
 *
 * @module
 */

import { type DeviceStatus, type ManagerStatus, RATE_KEYS } from "../wire/status.ts";
import { formatDuration } from "../base/units.ts";
import { table } from "./output.ts";
import { printable } from "../base/printable.ts";

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

/** A status as text: tables of the totals, the Services and the Clients. */
export function describeStatus(status: ManagerStatus, rates: Rates | null): string {
  const { manager, version, tls, authentication, web, totals } = status;
  const clients = Object.entries(status.clients).filter(([name]) => name !== status.requester);
  const services = Object.entries(status.services);
  const descriptors = status.open_descriptors;
  const sections = [
    [
      `${printable(manager)}, version ${printable(version)}, up for ${uptime(status.uptime_s)}`,
      `${tls ? "TLS" : "no TLS"}, authentication: ${printable(authentication)}, ` +
      `${size(status.memory_bytes)} of memory` +
      (descriptors === null ? "" : `, ${descriptors} open files and sockets`),
      `${count(clients.length, "client")}, ${count(services.length, "service")}, ` +
      `${count(status.unidentified, "connection")} not identified yet`,
    ],
    table(
      ["", "since the start", ...(rates ? ["per second"] : [])],
      RATE_KEYS.map((key) => {
        const show = key.startsWith("bytes") ? size : number;
        const rate = rates ? [show(rates[`${key}_per_s`])] : [];
        return [key.replace("_", " "), show(totals[key]), ...rate];
      }),
    ),
    services.length === 0 ? [] : table(
      ["service", "links", "locked by", ...DEVICE_COLUMNS],
      services.map(([name, service]) => [
        name,
        service.max_clients > 0
          ? `${service.links.length} of ${service.max_clients}`
          : String(service.links.length),
        service.locks.join(", ") || "-",
        ...deviceColumns(service),
      ]),
    ),
    clients.length === 0 ? [] : table(
      ["client", "linked with", ...DEVICE_COLUMNS],
      clients.map(([name, client]) => [
        name,
        client.links.join(", ") || "-",
        ...deviceColumns(client),
      ]),
    ),
    web === null ? [] : [
      `web page ${printable(web.address)}, ${count(web.websockets, "WebSocket")}; ` +
      `answers: ${counts(web.answers)}; without an answer: ${counts(web.refused_connections)}`,
    ],
    [
      `connections  ${totals.connections}; ended: ${counts(totals.ended_connections)}; ` +
      `refused: ${counts(totals.refused_connections)}`,
      `refusals     ${counts(totals.errors)}; answers that nobody was owed: ` +
      `${totals.unowed_answers}; notifications in another name: ${totals.misnamed_notifications}`,
    ],
  ];
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"))
    .join("\n\n");
}

const DEVICE_COLUMNS = ["pending", "queued", "messages in", "out", "bytes in", "out"];

function deviceColumns(device: DeviceStatus): string[] {
  return [
    number(device.pending_requests),
    size(device.queued_bytes),
    number(device.messages_in),
    number(device.messages_out),
    size(device.bytes_in),
    size(device.bytes_out),
  ];
}

/** A total, without the part of the connection that requests the status. */
function withoutRequester(
  { totals, clients, requester }: ManagerStatus,
  key: typeof RATE_KEYS[number],
): number {
  const own = Object.hasOwn(clients, requester ?? "") ? clients[requester!] : undefined;
  return totals[key] - (own !== undefined && key in own ? own[key as keyof DeviceStatus] : 0);
}

function counts(all: Readonly<Record<string, number>>): string {
  const texts = Object.entries(all).map(([name, count]) => `${printable(name)} ${count}`);
  return texts.join(", ") || "none";
}

function count(howMany: number, thing: string): string {
  return `${howMany} ${thing}${howMany === 1 ? "" : "s"}`;
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 1 });
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${number(bytes / 1024 ** power)} ${units[power]}`;
}

/** An up-time, rounded down to seconds, minutes, hours or days. */
function uptime(seconds: number): string {
  const unit = seconds < 120 ? 1 : seconds < 7_200 ? 60 : seconds < 172_800 ? 3_600 : 86_400;
  return formatDuration(Math.floor(seconds / unit) * unit * 1_000);
}
