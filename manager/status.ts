/**
 * What a Manager tells of how it is: who is connected and what waits for whom now, and what has
 * happened since the start. The keys are those of the wire.
 *
 * @module
 */

import type { Traffic } from "../net/connection.ts";
import type { DeviceStatus, ManagerStatus, StatusTotals, TrafficStatus } from "../wire/status.ts";
import { type Client, networkNames, type Service } from "./peer.ts";
import type { Registry } from "./registry.ts";
import type { Statistics } from "./statistics.ts";
import { VERSION } from "../version.ts";

/** What is read off a connection. */
export interface Gauge {
  readonly traffic: Readonly<Traffic>;
  /** How many bytes wait to be written. */
  readonly queued: number;
}

/** What a status is made of. */
export interface Sources {
  registry: Pick<Registry<{ readonly outlet: Gauge }>, "manager" | "clients" | "services">;
  statistics: Statistics;
  /** The connections that there are, identified or not. */
  connections: Iterable<Gauge>;
  unidentified: number;
  tls: boolean;
  authentication: ManagerStatus["authentication"];
}

type Seated = { readonly outlet: Gauge };

/** The status of now, for who asks. */
export function managerStatus(sources: Sources, requester: string | null): ManagerStatus {
  const { registry, statistics, tls, authentication, unidentified } = sources;
  const pending = pendingRequests(registry.services);
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
        links: Array.from(client.links, ({ name }) => name).sort(),
        ...deviceStatus(client, pending),
      }]),
    ),
    services: Object.fromEntries(
      Array.from(registry.services, (service) => [service.name, {
        address: service.address,
        links: networkNames(service.links),
        locks: networkNames(service.locks),
        max_clients: service.maxClients,
        ...deviceStatus(service, pending),
      }]),
    ),
    totals: totalsOf(statistics, sources.connections),
  };
}

/** What has happened since the start, also on the connections that there are. */
export function totalsOf(statistics: Statistics, connections: Iterable<Gauge>): StatusTotals {
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

function deviceStatus(
  peer: Client<Seated> | Service<Seated>,
  pending: ReadonlyMap<Client<Seated> | Service<Seated>, number>,
): DeviceStatus {
  const { queued, traffic } = peer.seat.outlet;
  return {
    pending_requests: pending.get(peer) ?? 0,
    queued_bytes: queued,
    ...trafficStatus(traffic),
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

/** How many requests are not answered, by the Client that waits and by the Service that owes. */
function pendingRequests(
  services: Iterable<Service<Seated>>,
): Map<Client<Seated> | Service<Seated>, number> {
  const pending = new Map<Client<Seated> | Service<Seated>, number>();
  for (const service of services) {
    for (const [client, { size }] of service.pending) {
      for (const peer of [client, service]) pending.set(peer, (pending.get(peer) ?? 0) + size);
    }
  }
  return pending;
}

/** How many files and sockets the process has open, without the folder that is read for it. */
function openDescriptors(): number | null {
  try {
    return Array.from(Deno.readDirSync("/proc/self/fd")).length - 1;
  } catch {
    return null; // another system, or one that may not be looked at
  }
}
