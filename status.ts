/**
 * What a Manager tells of how it is: who is connected and what waits for whom now, and what has
 * happened since the start. The keys are those of the wire.
 *
 * @module
 */

import type { Traffic } from "./connection.ts";
import { isObject, type JsonObject } from "./message.ts";
import { type Client, networkNames, type Registry, type Service } from "./registry.ts";
import { Statistics } from "./statistics.ts";
import { VERSION } from "./version.ts";

/** What has gone over one connection, or over all of them. */
export interface TrafficStatus {
  /** Bytes that the Manager has read, without those of TLS. */
  bytes_in: number;
  /** Bytes that it has written, without those of TLS. */
  bytes_out: number;
  /** Lines that it has read. */
  messages_in: number;
  /** Lines that it has sent. */
  messages_out: number;
}

/** What is the same of a Client and of a Service. */
export interface DeviceStatus extends TrafficStatus {
  /** Requests that the Client waits for, or that the Service has not answered yet. */
  pending_requests: number;
  /** Bytes that wait to be taken by the device. */
  queued_bytes: number;
}

/** A Client that is connected. */
export interface ClientStatus extends DeviceStatus {
  /** The names of the Services that it is linked with. */
  links: string[];
}

/** A Service that is connected. */
export interface ServiceStatus extends DeviceStatus {
  /** `host:port` as the Manager sees it. */
  address: string;
  /** The network names of the Clients that are linked with it. */
  links: string[];
  /** The network names of those of them that hold a lock. */
  locks: string[];
  /** How many Clients may be linked at once; 0 or less means no limit. */
  max_clients: number;
}

/** What has happened since the start, also on connections that are no more. */
export interface StatusTotals extends TrafficStatus {
  /** Connections that were accepted. */
  connections: number;
  /** Requests that were passed on to a Service. */
  requests: number;
  /** Answers that were passed on to a Client. */
  answers: number;
  /** Notifications, each of them once, however many Clients it went to. */
  notifications: number;
  /** Answers that nobody was owed: the Client had left, or they were made up. */
  unowed_answers: number;
  /** Notifications in the name of another Service. */
  misnamed_notifications: number;
  /** Connections that were turned away, by the reason, e.g. `wrong_login_password`. */
  refused_connections: Record<string, number>;
  /** Connections that are no more, by how they ended, e.g. `left` or `stalled`. */
  ended_connections: Record<string, number>;
  /** Requests that the Manager itself answered with an error, by the class of it. */
  errors: Record<string, number>;
}

/** How a Manager is. */
export interface ManagerStatus {
  /** How it calls itself: `Manager[host:port]`. */
  manager: string;
  /** The network name of who asks; `null` in the Manager's own program. */
  requester: string | null;
  /** The version of this package. */
  version: string;
  /** The time since the start, in seconds. */
  uptime_s: number;
  /** Whether connections are encrypted. */
  tls: boolean;
  /** How peers are let in. */
  authentication: "none" | "password" | "hostname" | "login";
  /** The memory of the process, in bytes. */
  memory_bytes: number;
  /** The files and sockets that the process has open; `null` where the system does not tell. */
  open_descriptors: number | null;
  /** Connections that have not said who they are. */
  unidentified: number;
  /** By network name, `name[host:port]`. */
  clients: Record<string, ClientStatus>;
  /** By name. */
  services: Record<string, ServiceStatus>;
  /** What has happened since the start. */
  totals: StatusTotals;
}

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

/** Whether what a Manager answered is a status, which may have more keys than are known here. */
export function isStatus(value: unknown): value is ManagerStatus {
  return isObject(value) && isLike(value, EXAMPLE) &&
    Object.values(value.clients as JsonObject).every((one) => isLike(one, CLIENT)) &&
    Object.values(value.services as JsonObject).every((one) => isLike(one, SERVICE));
}

/** The totals that rates are made of. */
export const COUNTED = [
  "messages_in",
  "messages_out",
  "bytes_in",
  "bytes_out",
  "requests",
  "answers",
  "notifications",
] as const satisfies (keyof StatusTotals)[];

const TRAFFIC: TrafficStatus = { bytes_in: 0, bytes_out: 0, messages_in: 0, messages_out: 0 };
const DEVICE: DeviceStatus = { pending_requests: 0, queued_bytes: 0, ...TRAFFIC };
const CLIENT: ClientStatus = { links: [], ...DEVICE };
const SERVICE: ServiceStatus = { address: "", links: [], locks: [], max_clients: 0, ...DEVICE };
/** What a status is like. */
const EXAMPLE: Omit<ManagerStatus, "requester" | "open_descriptors"> = {
  manager: "",
  version: "",
  uptime_s: 0,
  tls: true,
  authentication: "none",
  memory_bytes: 0,
  unidentified: 0,
  clients: {},
  services: {},
  totals: totalsOf(new Statistics(), []),
};

/** Whether a value has what the example has, of the same types. */
function isLike(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value);
  if (!isObject(example)) return typeof value === typeof example;
  return isObject(value) &&
    Object.entries(example).every(([key, part]) => isLike(value[key], part));
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
