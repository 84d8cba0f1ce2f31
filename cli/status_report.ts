/**
 * Writes the status of a Manager as text for a person, without the connection that requests it.
 *
 * @module
 */

import { type DeviceStatus, type ManagerStatus, RATE_KEYS } from "../wire/status.ts";
import type { Rates } from "../wire/status_rates.ts";
import { readableNumber, readableSize, readableTime } from "../base/readable.ts";
import { table } from "./output.ts";
import { printable } from "../base/printable.ts";

/** A status as text: tables of the totals, the Services and the Clients. */
export function describeStatus(status: ManagerStatus, rates: Rates | null): string {
  const { manager, version, tls, authentication, web, totals } = status;
  const clients = Object.entries(status.clients).filter(([name]) => name !== status.requester);
  const services = Object.entries(status.services);
  const descriptors = status.open_descriptors;
  const sections = [
    [
      `${printable(manager)}, version ${printable(version)}, up for ${
        readableTime(status.uptime_s)
      }`,
      `${tls ? "TLS" : "no TLS"}, authentication: ${printable(authentication)}, ` +
      `${readableSize(status.memory_bytes)} of memory` +
      (descriptors === null ? "" : `, ${descriptors} open files and sockets`),
      `${count(clients.length, "client")}, ${count(services.length, "service")}, ` +
      `${count(status.unidentified, "connection")} not identified yet`,
    ],
    table(
      ["", "since the start", ...(rates ? ["per second"] : [])],
      RATE_KEYS.map((key) => {
        const show = key.startsWith("bytes") ? readableSize : readableNumber;
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
    readableNumber(device.pending_requests),
    readableSize(device.queued_bytes),
    readableNumber(device.messages_in),
    readableNumber(device.messages_out),
    readableSize(device.bytes_in),
    readableSize(device.bytes_out),
  ];
}

function counts(all: Readonly<Record<string, number>>): string {
  const texts = Object.entries(all).map(([name, count]) => `${printable(name)} ${count}`);
  return texts.join(", ") || "none";
}

function count(howMany: number, thing: string): string {
  return `${howMany} ${thing}${howMany === 1 ? "" : "s"}`;
}
