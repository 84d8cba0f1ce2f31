/**
 * The status of a Manager, in the form in which it goes on the wire: the connected devices with
 * their links, locks, pending requests and queued bytes, and the counters since the start.
 *
 * @module
 */

import type { Traffic } from "../net/connection.ts";
import type { RecordContent } from "../base/log.ts";
import type {
  DeviceStatus,
  ManagerStatus,
  ServiceStatus,
  StatusTotals,
  TrafficStatus,
} from "../wire/status.ts";
import { Calls } from "./call_statistics.ts";
import { networkNames, type Peer } from "./peer.ts";
import type { Registry } from "./registry.ts";
import type { AnnouncedService } from "./remote_services.ts";
import type { Statistics } from "./statistics.ts";
import { VERSION } from "../version.ts";

/** The numbers that a connection has. */
export interface ConnectionGauge {
  readonly traffic: Readonly<Traffic>;
  /** How many bytes wait to be written. */
  readonly queued: number;
}

/** What a status is made from. */
export interface StatusSources {
  registry: Pick<Registry<{ readonly sink: ConnectionGauge }>, "manager" | "clients" | "services">;
  statistics: Statistics;
  /** The open connections, identified or not. */
  connections: Iterable<ConnectionGauge>;
  /** How many of them are not identified yet. */
  unidentified: number;
  tls: boolean;
  authentication: ManagerStatus["authentication"];
  web: ManagerStatus["web"];
  /** What is known of other nodes. Absent if the Manager is not joined to any. */
  joined?: {
    status(): Pick<ManagerStatus, "node" | "nodes">;
    /** Their services, by their names here. */
    announced(): Iterable<[name: string, service: AnnouncedService]>;
  };
}

type SessionGauge = { readonly sink: ConnectionGauge };

/**
 * The status at this moment.
 *
 * @param requester The network name of the peer that requests it; `null` for the Manager itself.
 */
export function managerStatus(sources: StatusSources, requester: string | null): ManagerStatus {
  const { registry, statistics, tls, authentication, unidentified, web } = sources;
  // fromEntries, because a peer may be called __proto__
  return {
    manager: registry.manager,
    requester,
    version: VERSION,
    uptime_s: Math.round(statistics.uptime) / 1_000,
    tls,
    authentication,
    memory_bytes: Deno.memoryUsage().rss,
    open_descriptors: openDescriptors(),
    unidentified,
    clients: Object.fromEntries(
      Array.from(registry.clients, (client) => [client.networkName, {
        links: [
          ...Array.from(client.links, ({ name }) => name),
          ...client.remoteLinks?.keys() ?? [],
        ]
          .sort(),
        ...deviceStatus(client),
      }]),
    ),
    services: Object.fromEntries([
      ...remoteServices(sources), // a local one of the same name comes after them, and counts
      ...Array.from(registry.services, (service): [string, ServiceStatus] => [service.name, {
        address: service.address,
        links: networkNames(service.links),
        locks: networkNames(service.locks),
        max_clients: service.maxClients,
        ...deviceStatus(service),
      }]),
    ]),
    web,
    ...sources.joined?.status() ?? { node: null, nodes: {} },
    totals: totalsOf(statistics, sources.connections),
  };
}

/** The services of other nodes, with the links and locks of the local clients. */
function remoteServices({ joined, registry }: StatusSources): [string, ServiceStatus][] {
  if (joined === undefined) return [];
  const all = new Map<string, { links: string[]; locks: string[] }>();
  for (const { networkName, remoteLinks } of registry.clients) {
    for (const [name, { isLocked }] of remoteLinks ?? []) {
      const clients = all.get(name) ?? { links: [], locks: [] };
      all.set(name, clients);
      clients.links.push(networkName);
      if (isLocked) clients.locks.push(networkName);
    }
  }
  return Array.from(joined.announced(), ([name, { address, maxClients }]) => [name, {
    node: name.slice(0, name.indexOf(".")),
    address,
    links: (all.get(name)?.links ?? []).sort(),
    locks: (all.get(name)?.locks ?? []).sort(),
    max_clients: maxClients,
    pending_requests: 0,
    queued_bytes: 0,
    ...callStatus(NO_CALLS),
    ...trafficStatus(NO_TRAFFIC),
  }]);
}

const NO_CALLS = new Calls();
const NO_TRAFFIC: Traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };

/** The counters since the start, with the traffic of the open connections. */
export function totalsOf(
  statistics: Statistics,
  connections: Iterable<ConnectionGauge>,
): StatusTotals {
  return {
    connections: statistics.connections,
    ...trafficStatus(statistics.traffic(connections)),
    requests: statistics.requests,
    answers: statistics.answers,
    notifications: statistics.notifications,
    unowed_answers: statistics.unowedAnswers,
    misnamed_notifications: statistics.misnamedNotifications,
    refused_connections: statistics.refusedConnections.toObject(),
    ended_connections: statistics.endedConnections.toObject(),
    errors: statistics.errors.toObject(),
  };
}

/** The totals as the content of a log record: a sentence of some, and all as properties. */
export function contentOfTotals(totals: StatusTotals): RecordContent {
  const rejected = Object.values(totals.refused_connections).reduce((sum, count) => sum + count, 0);
  const properties = { ...totals, rejected };
  const counted = (key: keyof typeof properties, noun: string) =>
    `{${key}} ${noun}${properties[key] === 1 ? "" : "s"}`;
  return {
    message: `${counted("connections", "connection")}, {rejected} of them rejected, ` +
      `${counted("requests", "request")}, ${counted("answers", "answer")} and ` +
      `${counted("notifications", "notification")}; ${counted("bytes_in", "byte")} came in, ` +
      `${counted("bytes_out", "byte")} went out`,
    properties,
  };
}

function deviceStatus(peer: Peer<SessionGauge>): DeviceStatus {
  const { queued, traffic } = peer.session.sink;
  return {
    pending_requests: peer.pendingCount,
    queued_bytes: queued,
    ...callStatus(peer.calls),
    ...trafficStatus(traffic),
  };
}

function callStatus({ ended, errors, timed, seconds }: Readonly<Calls>) {
  return {
    calls: ended,
    call_errors: errors,
    timed_calls: timed,
    call_seconds: Number(seconds.toFixed(6)),
  };
}

function trafficStatus({ bytesIn, bytesOut, linesIn, linesOut }: Readonly<Traffic>): TrafficStatus {
  return {
    bytes_in: bytesIn,
    bytes_out: bytesOut,
    messages_in: linesIn,
    messages_out: linesOut,
  };
}

/** How many descriptors the process has open, without that of the folder that is read here. */
function openDescriptors(): number | null {
  try {
    // Linux says it since 6.2. To read the names of 9,000 took a third of the time of a status.
    const { size } = Deno.statSync("/proc/self/fd");
    if (size > 0) return size;
    return Array.from(Deno.readDirSync("/proc/self/fd")).length - 1;
  } catch {
    return null; // not on this system, or no permission to read it
  }
}
