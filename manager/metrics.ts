/**
 * What a Manager tells a monitoring system: its counters and gauges, in the text format of Prometheus.
 * The numbers are those of the status, and the calls of each service by its name.
 *
 * No label has what a peer sends, except for the names of services, of which there are so many at most
 * as the limit says (`call_statistics.ts`). Clients have none: their network names are never the same
 * again, and each would stay a series in the monitoring system for ever.
 *
 * @module
 */

import process from "node:process";
import type { DeviceStatus, ManagerStatus, ServiceStatus } from "../wire/status.ts";
import { type CallStatistics, DURATION_BOUNDS } from "./call_statistics.ts";
import { Exposition, type Sample } from "./exposition.ts";
import { REFUSED_LOGIN } from "./refused_logins.ts";
import { nameOfReason } from "./statistics.ts";

/**
 * Reasons and errors that are metrics from the start on, at 0: of a series that begins with its first
 * event, Prometheus does not see that this was one, and alerts would miss it.
 */
const REFUSED_LOGINS = Object.values(REFUSED_LOGIN).map(nameOfReason);
const ERRORS = ["KeyError", "PermissionError", "ValueError", "ConnectionAbortedError"];

/** What the services with one label have now. */
interface ServiceGauges {
  connected: number;
  links: number;
  locked: number;
  pending: number;
  queued: number;
}

/** The metrics as text. If the Manager is one of several, each sample has the name of its node. */
export function metricsText(status: ManagerStatus, calls: CallStatistics): string {
  const text = new Exposition(status.node === null ? {} : { node: status.node.name });
  const prefix = "msl_network_";
  const gauge = (name: string, help: string, ...samples: readonly Sample[]) =>
    text.gauge(prefix + name, help, samples);
  const counter = (name: string, help: string, ...samples: readonly Sample[]) =>
    text.counter(prefix + name, help, samples);
  const { totals, web } = status;
  const clients = Object.values(status.clients);
  const own = ownServices(status);
  const services = own.map(([_, service]) => service);

  gauge("info", "The version of the Manager, which is always 1.", [1, {
    version: status.version,
    manager: status.manager,
  }]);
  gauge("clients", "Connected Clients.", [clients.length]);
  gauge("services", "Connected Services.", [services.length]);
  if (status.node !== null) {
    const { is_connected: isConnected, problem } = status.node;
    gauge("joined", "1 if this Manager is a node of those that are joined, else 0.", [
      isConnected && problem === null ? 1 : 0,
    ]);
    gauge("nodes", "The other nodes that are there.", [
      Object.values(status.nodes).filter(({ is_here: isHere }) => isHere).length,
    ]);
  }
  gauge("unidentified_connections", "Connections that are not identified yet.", [
    status.unidentified,
  ]);
  const kinds = [["client", clients], ["service", services]] as const;
  gauge(
    "pending_requests",
    "Requests of Clients, or to Services, that are not answered yet.",
    ...kinds.map(([kind, devices]): Sample => [sum(devices, "pending_requests"), { kind }]),
  );
  gauge(
    "queued_bytes",
    "Bytes that wait until devices read them.",
    ...kinds.map(([kind, devices]): Sample => [sum(devices, "queued_bytes"), { kind }]),
  );
  gauge(
    "largest_queue_bytes",
    "Bytes that wait for the one device for which most wait.",
    ...kinds.map(([kind, devices]): Sample => [
      devices.reduce((most, { queued_bytes }) => Math.max(most, queued_bytes), 0),
      { kind },
    ]),
  );

  counter("connections_total", "Connections that were accepted.", [totals.connections]);
  counter(
    "refused_connections_total",
    "Connections and logins that were rejected, by the reason.",
    ...byName(totals.refused_connections, "reason", REFUSED_LOGINS),
  );
  counter(
    "ended_connections_total",
    "Connections that have ended, by how they ended.",
    ...byName(totals.ended_connections, "reason"),
  );
  counter("received_bytes_total", "Bytes from devices, without TLS.", [totals.bytes_in]);
  counter("sent_bytes_total", "Bytes to devices, without TLS.", [totals.bytes_out]);
  counter("received_messages_total", "Messages from devices.", [totals.messages_in]);
  counter("sent_messages_total", "Messages to devices.", [totals.messages_out]);
  counter("requests_total", "Requests that were forwarded to Services.", [totals.requests]);
  counter("replies_total", "Replies that were forwarded to Clients.", [totals.answers]);
  counter("notifications_total", "Notifications of the Services of this Manager.", [
    totals.notifications,
  ]);
  counter("unowed_replies_total", "Replies to no pending request.", [totals.unowed_answers]);
  counter("misnamed_notifications_total", "Notifications in the name of another Service.", [
    totals.misnamed_notifications,
  ]);
  counter(
    "errors_total",
    "Requests that the Manager itself answered with an error, by its class.",
    ...byName(totals.errors, "error", ERRORS),
  );
  if (web !== null) {
    gauge("web_sockets", "Open WebSockets of pages.", [web.websockets]);
    counter(
      "web_answers_total",
      "Answers over HTTP, by their status.",
      ...byName(web.answers, "code"),
    );
    counter(
      "web_refused_connections_total",
      "Connections to the web port that got no answer, by the reason.",
      ...byName(web.refused_connections, "reason"),
    );
  }
  addServices(text, `${prefix}service_`, own, calls);
  addProcess(text, status);
  return text.toString();
}

/** The services that are connected here. Each other node has metrics of its own. */
function ownServices({ services }: ManagerStatus): [name: string, ServiceStatus][] {
  return Object.entries(services).filter(([_, { node }]) => node === undefined);
}

/** The metrics of each service, by its name. */
function addServices(
  text: Exposition,
  prefix: string,
  services: readonly [name: string, ServiceStatus][],
  calls: CallStatistics,
): void {
  const all = calls.series;
  const none = { connected: 0, links: 0, locked: 0, pending: 0, queued: 0 };
  const gauges = new Map(all.map(({ label }): [string, ServiceGauges] => [label, { ...none }]));
  for (const [name, service] of services) {
    const sums = gauges.get(calls.labelOf(name));
    if (sums === undefined) continue; // it has registered, and is counted a moment later
    sums.connected++;
    sums.links += service.links.length;
    sums.locked += service.locks.length > 0 ? 1 : 0;
    sums.pending += service.pending_requests;
    sums.queued += service.queued_bytes;
  }
  const gauge = (name: string, help: string, key: keyof ServiceGauges) =>
    text.gauge(
      prefix + name,
      help,
      Array.from(gauges, ([service, sums]): Sample => [sums[key], { service }]),
    );
  gauge("connected", "1 if the Service is connected, 0 if it was and is gone.", "connected");
  gauge("links", "Clients that are linked with the Service.", "links");
  gauge("locked", "1 if a Client has locked the Service.", "locked");
  gauge("pending_requests", "Requests to the Service that are not answered yet.", "pending");
  gauge("queued_bytes", "Bytes that wait until the Service reads them.", "queued");
  const counters = (value: (series: typeof all[number]) => number) =>
    all.map((series): Sample => [value(series), { service: series.label }]);
  text.counter(
    `${prefix}received_bytes_total`,
    "Bytes from the Service.",
    counters(({ traffic }) => traffic.bytesIn),
  );
  text.counter(
    `${prefix}sent_bytes_total`,
    "Bytes to the Service.",
    counters(({ traffic }) => traffic.bytesOut),
  );
  text.counter(
    `${prefix}calls_total`,
    "Calls of the Service that have ended.",
    counters(({ ended }) => ended),
  );
  text.counter(
    `${prefix}call_errors_total`,
    "Calls of the Service that ended with an error.",
    counters(({ errors }) => errors),
  );
  text.histogram(
    `${prefix}call_duration_seconds`,
    "The time from a request to its reply, without streams.",
    DURATION_BOUNDS,
    all.map(({ label, buckets, seconds }) => ({
      labels: { service: label },
      buckets,
      sum: seconds,
    })),
  );
}

/** The metrics of the process. Their names are those of every program. */
function addProcess(text: Exposition, status: ManagerStatus): void {
  const { user, system } = process.cpuUsage();
  text.counter("process_cpu_seconds_total", "CPU time of the process.", [
    [(user + system) / 1e6],
  ]);
  text.gauge("process_resident_memory_bytes", "Memory of the process.", [[status.memory_bytes]]);
  text.gauge("process_start_time_seconds", "When the process was started, since 1970.", [
    [performance.timeOrigin / 1_000],
  ]);
  if (status.open_descriptors !== null) {
    text.gauge("process_open_fds", "Open files and sockets.", [[status.open_descriptors]]);
  }
}

function byName(
  counts: Readonly<Record<string, number>>,
  label: string,
  always: readonly string[] = [],
): Sample[] {
  const all = { ...Object.fromEntries(always.map((name) => [name, 0])), ...counts };
  return Object.entries(all).map(([name, count]) => [count, { [label]: name }]);
}

function sum(
  devices: readonly DeviceStatus[],
  key: "pending_requests" | "queued_bytes",
): number {
  return devices.reduce((total, device) => total + device[key], 0);
}
