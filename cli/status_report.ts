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
        // What another node has of its service is not known here.
        ...service.node === undefined ? deviceColumns(service) : DEVICE_COLUMNS.map(() => "-"),
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
    ...nodeSections(status),
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

/** The Manager as a node, and the other nodes. A Manager of an earlier version says nothing of them. */
function nodeSections({ node, nodes }: ManagerStatus): string[][] {
  if (!node) return [];
  const others = Object.entries(nodes);
  const connection = node.is_connected ? "connected with NATS" : "not connected with NATS";
  const problem = node.problem === null ? "" : `; ${printable(node.problem)}`;
  return [
    [
      `node ${printable(node.name)} of the network ${printable(node.network)}, ${connection} at ` +
      `${node.servers.map(printable).join(", ")} since ${printable(node.since)}${problem}`,
    ],
    others.length === 0 ? [] : table(
      [
        ...["node", "address", "state", "since", "services", "round trip", "sessions out", "in"],
        ...["bytes in", "out"],
      ],
      others.map(([name, other]) => [
        name,
        other.address || "-",
        other.is_here ? "here" : "gone",
        other.since,
        readableNumber(other.services.length),
        other.round_trip_ms === null ? "-" : `${other.round_trip_ms} ms`,
        readableNumber(other.sessions_out),
        readableNumber(other.sessions_in),
        readableSize(other.bytes_in),
        readableSize(other.bytes_out),
      ]),
    ),
  ];
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
