/**
 * The table of the command `top`: services and clients with their calls, bytes, latency and errors, as
 * lines that fit a terminal. It knows no terminal itself.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { readableLatency, readableNumber, readableSize, readableTime } from "../base/readable.ts";
import type { DeviceStatus, ManagerStatus } from "../wire/status.ts";
import type { DeviceRates, RatesAt } from "../wire/status_history.ts";

/** What the devices are sorted by; the first one is the default. None begins with `q`. */
export const SORT_KEYS = ["calls", "bytes", "latency", "errors", "pending", "name"] as const;

/** One of them. */
export type SortKey = typeof SORT_KEYS[number];

/** How much room there is, in characters. */
export interface Room {
  columns: number;
  rows: number;
}

/** No limit, for a file or a pipe. */
export const ENDLESS: Room = { columns: Infinity, rows: Infinity };

interface Device {
  name: string;
  kind: "service" | "client";
  status: DeviceStatus;
  /** `undefined` for a device that has just connected. */
  rates: DeviceRates | undefined;
  /** Whether it is a service of another node, which counts its calls. */
  isElsewhere: boolean;
}

/** A column after the name. */
interface Column {
  heading: string;
  show: (device: Device) => string;
}

/** A rate that is not known yet, a latency without a call, or what another node counts. */
const NONE = "-";
/** The least room that a name gets before columns are left out. */
const LEAST_NAME = 16;
/** Where there is less room than this, half of it is for the name, and there is no kind. */
const NARROW = 2 * LEAST_NAME;
const GAP = "  ";

const rate =
  (show: (value: number) => string, key: "calls" | "errors" | "bytes" | "messages") =>
  ({ rates }: Device) => rates === undefined ? NONE : show(rates[key]);

/** The columns. Where there is not enough room, the last ones are left out. */
const COLUMNS: readonly Column[] = [
  { heading: "calls/s", show: rate(readableNumber, "calls") },
  {
    heading: "latency",
    show: ({ rates }) => rates?.latency === undefined ? NONE : readableLatency(rates.latency),
  },
  { heading: "errors/s", show: rate(readableNumber, "errors") },
  { heading: "bytes/s", show: rate(readableSize, "bytes") },
  { heading: "queued", show: ({ status }) => readableSize(status.queued_bytes) },
  { heading: "pending", show: ({ status }) => readableNumber(status.pending_requests) },
  { heading: "messages/s", show: rate(readableNumber, "messages") },
  { heading: "calls", show: ({ status }) => readableNumber(status.calls) },
  { heading: "errors", show: ({ status }) => readableNumber(status.call_errors) },
];

/** The lines: what the Manager does in all, and a row for each device, without the one that asks. */
export function topLines(
  status: ManagerStatus,
  rates: RatesAt,
  sort: SortKey,
  room: Room,
): string[] {
  const head = headOf(status, rates).map((line) => cut(line, room.columns));
  const devices = devicesOf(status, rates).sort(comparing(sort));
  const rest = Math.max(room.rows - head.length - 2, 0); // an empty line, and the headings
  const shown = devices.length > rest ? devices.slice(0, Math.max(rest - 1, 0)) : devices;
  const lines = [...head, "", ...tableOf(shown, room.columns)];
  const hidden = devices.length - shown.length;
  if (hidden > 0) lines.push(cut(`... and ${readableNumber(hidden)} more`, room.columns));
  return lines.slice(0, room.rows);
}

function headOf(status: ManagerStatus, { all }: RatesAt): string[] {
  const { manager, totals, uptime_s: uptime, memory_bytes: memory } = status;
  const clients = devicesOf(status, undefined).filter(({ kind }) => kind === "client").length;
  const services = Object.keys(status.services).length;
  const perSecond = all === null ? "" : `${readableNumber(all.requests_per_s)} requests/s, ` +
    `${readableNumber(all.notifications_per_s)} notifications/s, ` +
    `${readableSize(all.bytes_in_per_s)}/s in, ${readableSize(all.bytes_out_per_s)}/s out`;
  const sum = (counts: Readonly<Record<string, number>>) =>
    readableNumber(Object.values(counts).reduce((total, count) => total + count, 0));
  return [
    `${printable(manager)}  up ${readableTime(uptime)}, ${readableSize(memory)}, ` +
    `services: ${services}, clients: ${clients}`,
    ...perSecond === "" ? [] : [perSecond],
    `since the start: ${readableNumber(totals.requests)} requests, ` +
    `${sum(totals.errors)} refused; refused connections: ${sum(totals.refused_connections)}`,
  ];
}

function devicesOf(status: ManagerStatus, rates: RatesAt | undefined): Device[] {
  const of = (kind: Device["kind"], all: Record<string, DeviceStatus>, of?: RatesAt["clients"]) =>
    Object.entries(all).map(([name, status]): Device => ({
      name,
      kind,
      status,
      rates: of?.get(name),
      isElsewhere: "node" in status && status.node !== undefined,
    }));
  return [
    ...of("service", status.services, rates?.services),
    ...of("client", status.clients, rates?.clients).filter(({ name }) => name !== status.requester),
  ];
}

/** The largest first; of equal ones, by the name. */
function comparing(sort: SortKey): (a: Device, b: Device) => number {
  const value = ({ rates, status, isElsewhere }: Device): number => {
    if (sort === "name") return 0;
    if (isElsewhere) return -1;
    if (sort === "pending") return status.pending_requests;
    return rates?.[sort] ?? -1;
  };
  return (a, b) => value(b) - value(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** The headings, and a row for each device. Names are cut before a column is left out. */
function tableOf(devices: readonly Device[], width: number): string[] {
  const names = ["name", ...devices.map(({ name }) => printable(name))];
  const isNarrow = width < NARROW;
  const columns = [
    ...isNarrow ? [] : [aligned(["kind", ...devices.map(({ kind }) => kind)], "left")],
    ...COLUMNS.map(({ heading, show }) => {
      const cells = devices.map((device) => device.isElsewhere ? NONE : show(device));
      return aligned([heading, ...cells], "right");
    }),
  ];
  const longest = Math.max(...names.map(lengthOf));
  let rest = width - Math.min(longest, isNarrow ? Math.floor(width / 2) : LEAST_NAME);
  const missing = columns.findIndex(([heading]) => (rest -= GAP.length + heading.length) < 0);
  const shown = missing === -1 ? columns : columns.slice(0, missing);
  const others = shown.reduce((sum, [heading]) => sum + GAP.length + heading.length, 0);
  const room = Math.min(longest, width - others);
  return names.map((text, row) => {
    const name = cut(text, room);
    const padded = name + " ".repeat(Math.max(room - lengthOf(name), 0));
    return [padded, ...shown.map((column) => column[row])].join(GAP).trimEnd();
  });
}

/** The cells of a column, all as long as the longest. */
function aligned(cells: readonly string[], side: "left" | "right"): string[] {
  const longest = Math.max(...cells.map(lengthOf));
  return cells.map((cell) => side === "left" ? cell.padEnd(longest) : cell.padStart(longest));
}

/** A text that is not longer than so many characters. */
function cut(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width < 1 ? "" : `${characters.slice(0, width - 1).join("")}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
