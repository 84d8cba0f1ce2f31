/**
 * The status of a Manager, as it is sent to an administrator: traffic, connected devices, and totals
 * since the start. The keys are those of the wire.
 *
 * @module
 */

import { isObject, type JsonObject } from "./message.ts";

/** The traffic of one connection, or of all of them. */
export interface TrafficStatus {
  /** Bytes that the Manager has read, without the overhead of TLS. */
  bytes_in: number;
  /** Bytes that the Manager has written, without the overhead of TLS. */
  bytes_out: number;
  /** Lines that the Manager has read. */
  messages_in: number;
  /** Lines that the Manager has sent. */
  messages_out: number;
}

/** The status of a connected device of either kind. */
export interface DeviceStatus extends TrafficStatus {
  /** Requests of the Client, or to the Service, that are not answered yet. */
  pending_requests: number;
  /** Bytes in the send queue of the device. */
  queued_bytes: number;
  /** Calls of the Client, or to the Service, that have ended, since it has connected. */
  calls: number;
  /** Those of them that were answered with an error, by the Service or by the Manager. */
  call_errors: number;
  /** Those whose duration is known. That of a stream is not. */
  timed_calls: number;
  /** How long these took together in the Manager and the Service, in seconds. */
  call_seconds: number;
}

/** The status of a connected Client. */
export interface ClientStatus extends DeviceStatus {
  /** The names of the Services that the Client is linked with. */
  links: string[];
}

/** The status of a connected Service. */
export interface ServiceStatus extends DeviceStatus {
  /** `host:port` as the Manager sees it. */
  address: string;
  /** The network names of the Clients that are linked with the Service. */
  links: string[];
  /** The network names of the linked Clients that hold a lock. */
  locks: string[];
  /** How many Clients may be linked at once; 0 or less means no limit. */
  max_clients: number;
  /** The node that the Service is connected to, if that is another one. */
  node?: string;
}

/** Counts since the start of the Manager, those of closed connections included. */
export interface StatusTotals extends TrafficStatus {
  /** Connections that were accepted. */
  connections: number;
  /** Requests that were forwarded to a Service. */
  requests: number;
  /** Replies that were forwarded to a Client. */
  answers: number;
  /** Notifications that were forwarded. Each counts once, whatever the number of Clients. */
  notifications: number;
  /** Replies to no pending request: the Client had disconnected, or the Service invented them. */
  unowed_answers: number;
  /** Notifications of a Service with the name of another Service. */
  misnamed_notifications: number;
  /** Connections that were rejected, by the reason, e.g. `wrong_login_password`. */
  refused_connections: Record<string, number>;
  /** Connections that have ended, by the reason, e.g. `left` or `stalled`. */
  ended_connections: Record<string, number>;
  /** Requests that the Manager itself answered with an error, by the class of the error. */
  errors: Record<string, number>;
}

/** The gateway for web pages (`--web`). */
export interface WebStatus {
  /** The address of the page, e.g. `"https://lab-pc:1876"`. */
  address: string;
  /** The WebSockets that are open: those of Clients, and of peers that are not identified yet. */
  websockets: number;
  /** Answers since the start, by the status of HTTP: `101` are WebSockets, `403` foreign pages. */
  answers: Record<string, number>;
  /** Connections that got no answer, by the reason, e.g. `no_tls_in_time`. */
  refused_connections: Record<string, number>;
}

/**
 * A Manager that is joined to others, as one of their nodes.
 *
 * @example
 * ```ts
 * import type { NodeStatus } from "@msl/network";
 *
 * const describe = ({ name, is_connected, since }: NodeStatus) =>
 *   `${name} is ${is_connected ? "connected" : "not connected"} since ${since}`;
 * console.log(describe.name);
 * ```
 */
export interface NodeStatus {
  /** The name of the node. */
  name: string;
  /** The name of the network of nodes. */
  network: string;
  /** Whether it is connected to a NATS server. */
  is_connected: boolean;
  /** Since when it is, or is not, in ISO 8601. */
  since: string;
  /** Why it is not part of the network, e.g. that no NATS server answers; `null` if it is. */
  problem: string | null;
  /** The addresses of the NATS servers. */
  servers: string[];
}

/** Another node, as this one knows it. */
export interface OtherNodeStatus {
  /** Where its Manager listens, `host:port`. */
  address: string;
  /** Whether it is there. */
  is_here: boolean;
  /** Since when it is there, or gone, in ISO 8601, by the clock of this Manager. */
  since: string;
  /** The names of its Services at that node. */
  services: string[];
  /** The time that a message takes to it and back, in milliseconds; `null` if that is not known. */
  round_trip_ms: number | null;
  /** The sessions of Clients of this Manager there. */
  sessions_out: number;
  /** The sessions of its Clients here. */
  sessions_in: number;
  /** Bytes that were received from it. */
  bytes_in: number;
  /** Bytes that were sent to it. */
  bytes_out: number;
}

/**
 * The status of a Manager.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type ManagerStatus } from "@msl/network";
 *
 * await using cxn = await connect({ username: "admin" });
 * const status = await cxn.adminRequest<ManagerStatus>("status");
 * console.log(status.uptime_s, Object.keys(status.services));
 * ```
 */
export interface ManagerStatus {
  /** The network name of the Manager, `Manager[host:port]`. */
  manager: string;
  /** The network name of the client that requested it; `null` in the program of the Manager. */
  requester: string | null;
  /** The version of this package. */
  version: string;
  /** The time since the start, in seconds. */
  uptime_s: number;
  /** Whether connections are encrypted. */
  tls: boolean;
  /** What a device needs to be accepted. */
  authentication: "none" | "password" | "hostname" | "login";
  /** The memory of the process, in bytes. */
  memory_bytes: number;
  /** The number of open files and sockets of the process; `null` if the system does not give it. */
  open_descriptors: number | null;
  /** Connections that are not identified yet. */
  unidentified: number;
  /** The connected Clients by network name, `name[host:port]`; with `@node` those of other nodes. */
  clients: Record<string, ClientStatus>;
  /**
   * The connected Services by name, and those of other nodes, `a.DMM`. Of those only the links and
   * locks of the Clients of this Manager are known here; their other numbers are 0.
   */
  services: Record<string, ServiceStatus>;
  /** The gateway for web pages; `null` if there is none. */
  web: WebStatus | null;
  /** This Manager as a node; `null` if it is not joined to others. */
  node: NodeStatus | null;
  /** The other nodes by name. */
  nodes: Record<string, OtherNodeStatus>;
  /** Counts since the start. */
  totals: StatusTotals;
}

/** Whether a reply is a status. That of a later version may have more keys. */
export function isStatus(value: unknown): value is ManagerStatus {
  return isObject(value) && matches(value, STATUS) &&
    Object.values(value.clients as JsonObject).every((one) => matches(one, CLIENT)) &&
    Object.values(value.services as JsonObject).every((one) => matches(one, SERVICE)) &&
    (value.web === null || matches(value.web, WEB)) &&
    isNodes(value.node ?? null, value.nodes ?? {});
}

/** Whether a status has nodes as it should. That of an earlier version has none. */
function isNodes(node: unknown, nodes: unknown): boolean {
  return (node === null || matches(node, NODE)) && isObject(nodes) &&
    Object.values(nodes).every((one) => matches(one, OTHER_NODE));
}

/** The totals that rates are computed from: the difference of two replies, divided by the time. */
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
const DEVICE: DeviceStatus = {
  pending_requests: 0,
  queued_bytes: 0,
  calls: 0,
  call_errors: 0,
  timed_calls: 0,
  call_seconds: 0,
  ...TRAFFIC,
};
const CLIENT: ClientStatus = { links: [], ...DEVICE };
const SERVICE: ServiceStatus = { address: "", links: [], locks: [], max_clients: 0, ...DEVICE };
const WEB: WebStatus = { address: "", websockets: 0, answers: {}, refused_connections: {} };
/** Without the keys that may be `null`. */
const NODE: Omit<NodeStatus, "problem"> = {
  name: "",
  network: "",
  is_connected: true,
  since: "",
  servers: [],
};
const OTHER_NODE: Omit<OtherNodeStatus, "round_trip_ms"> = {
  address: "",
  is_here: true,
  since: "",
  services: [],
  sessions_out: 0,
  sessions_in: 0,
  bytes_in: 0,
  bytes_out: 0,
};
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
/** An example of a status, without the keys that may be `null`. */
const STATUS: Omit<ManagerStatus, "requester" | "open_descriptors" | "web" | "node" | "nodes"> = {
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

/** Whether a value has every key of the example, with a value of the same type. */
function matches(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value);
  if (!isObject(example)) return typeof value === typeof example;
  return isObject(value) &&
    Object.entries(example).every(([key, part]) => matches(value[key], part));
}
