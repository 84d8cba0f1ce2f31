/**
 * What a Manager tells of how it is. The keys are those of the wire.
 *
 * @module
 */

import { isObject, type JsonObject } from "./message.ts";

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

/** Whether what a Manager answered is a status, which may have more keys than are known here. */
export function isStatus(value: unknown): value is ManagerStatus {
  return isObject(value) && isLike(value, EXAMPLE) &&
    Object.values(value.clients as JsonObject).every((one) => isLike(one, CLIENT)) &&
    Object.values(value.services as JsonObject).every((one) => isLike(one, SERVICE));
}

/** The totals that rates are made of. */
export const RATE_KEYS = [
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
const TOTALS: StatusTotals = {
  connections: 0,
  ...TRAFFIC,
  requests: 0,
  answers: 0,
  notifications: 0,
  unowed_answers: 0,
  misnamed_notifications: 0,
  refused_connections: {},
  ended_connections: {},
  errors: {},
};
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
  totals: TOTALS,
};

/** Whether a value has what the example has, of the same types. */
function isLike(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value);
  if (!isObject(example)) return typeof value === typeof example;
  return isObject(value) &&
    Object.entries(example).every(([key, part]) => isLike(value[key], part));
}
