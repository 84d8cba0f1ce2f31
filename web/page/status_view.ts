/**
 * The connected devices, as the Manager counts them: links, locks, calls, queues, traffic.
 * An administrator can disconnect each of them, after a question.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { readableLatency, readableNumber, readableSize } from "../../base/readable.ts";
import type { DeviceStatus, ManagerStatus } from "../../wire/status.ts";
import { hashOf } from "./address.ts";
import { ConfirmDialog } from "./confirm_dialog.ts";
import { type Children, type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import type { DeviceRates, RatesAt } from "../../wire/status_history.ts";

/** The tables of services and clients. */
export function StatusView(
  { laboratory, status, rates }: {
    laboratory: Laboratory;
    status: ManagerStatus;
    rates: RatesAt;
  },
): Element {
  const { administrator, client, clientDetails } = laboratory;
  const [asked, setAsked] = useState<string | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const isAdministrator = administrator.state.value.state === "granted";
  const names = Object.keys(status.clients);
  useEffect(() => {
    clientDetails.want(client, names);
  }, [client, status]); // again and again: a client that came while it was busy is not forgotten
  const disconnect = async (networkName: string) => {
    setAsked(undefined);
    setProblem(undefined);
    try {
      await administrator.request("disconnect_peer", networkName);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const ask = isAdministrator
    ? (networkName: string) => {
      setProblem(undefined);
      setAsked(networkName);
    }
    : undefined;
  return html`
    <${Services} laboratory=${laboratory} status=${status} rates=${rates.services} ask=${ask} />
    <${Clients} laboratory=${laboratory} status=${status} rates=${rates.clients} ask=${ask} />
    <p class="problem" role="alert">${problem}</p>
    ${asked !== undefined && html`
      <${ConfirmDialog} title="Disconnect the device?"
        action="Disconnect" onConfirm=${() => disconnect(asked)}
        onCancel=${() => setAsked(undefined)}>
        <p><code>${asked}</code></p>
        <p>Its pending requests fail. It may connect again.</p>
        </${ConfirmDialog}>
    `}
  `;
}

/** Asks whether to disconnect a device; `undefined` for a person who may not. */
type Ask = ((networkName: string) => void) | undefined;

interface TableProps {
  laboratory: Laboratory;
  status: ManagerStatus;
  rates: ReadonlyMap<string, DeviceRates>;
  ask: Ask;
}

function Services({ laboratory, status, rates, ask }: TableProps): Element {
  const services = Object.entries(status.services);
  return html`
    <section aria-labelledby="services-title">
      <h2 id="services-title">Services <span class="count">${services.length}</span></h2>
      ${services.length === 0
        ? html`<p class="empty">No service is connected.</p>`
        : html`<${DeviceTable} label="Services" columns=${["Clients", "Locked by"]}>${
          services.map(([name, service]) => {
            const entry = laboratory.directory.find(name)?.entry;
            const most = service.max_clients > 0 ? ` of ${service.max_clients}` : "";
            return html`
              <${DeviceRow} key=${name} device=${service} rates=${rates.get(name)}
                ask=${service.node === undefined ? ask : undefined}
                isKnown=${service.node === undefined}
                networkName=${`${name}[${service.address}]`}
                title=${html`<a href=${hashOf({ service: name })}>${name}</a>`}
                note=${[service.address, entry?.language, entry?.os]}
                cells=${[
                  ["Clients", `${service.links.length}${most}`],
                  ["Locked by", service.locks.join(", ") || "–"],
                ]} />
            `;
          })
        }</${DeviceTable}>`}
    </section>
  `;
}

function Clients({ laboratory, status, rates, ask }: TableProps): Element {
  const clients = Object.entries(status.clients);
  const details = laboratory.clientDetails.known.value;
  return html`
    <section aria-labelledby="clients-title">
      <h2 id="clients-title">Clients <span class="count">${clients.length}</span></h2>
      <${DeviceTable} label="Clients" columns=${["Linked with"]}>${clients.map(
        ([networkName, client]) => {
          const entry = details.get(networkName);
          const isOwn = networkName === status.requester;
          return html`
            <${DeviceRow} key=${networkName} device=${client} rates=${rates.get(networkName)}
              ask=${isOwn ? undefined : ask} networkName=${networkName}
              title=${html`${nameOf(networkName)}${
                isOwn && html`
                  <span class="tag">this page</span>
                `
              }`}
              note=${[addressOf(networkName), entry?.language, entry?.os]}
              cells=${[["Linked with", client.links.join(", ") || "–"]]} />
          `;
        },
      )}</${DeviceTable}>
      ${status.unidentified > 0 &&
        html`<p class="empty">${readableNumber(status.unidentified)}
        ${status.unidentified === 1 ? "connection has" : "connections have"} not said yet what
        ${status.unidentified === 1 ? "it is" : "they are"}.</p>`}
    </section>
  `;
}

const COUNTS = [
  "Calls",
  "Latency",
  "Errors",
  "Pending",
  "Queued",
  "Traffic",
] as const;

/** What is not known yet: a device has just connected, or no call has ended. */
const UNKNOWN = "–";

function DeviceTable(
  { label, columns, children }: {
    label: string;
    columns: readonly string[];
    children: Children;
  },
): Element {
  // The roles say again what the elements are: on a narrow screen they are no table to the eye.
  return html`
    <table class="devices" role="table" aria-label=${label}>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader" class="device">Name</th>
          ${columns.map((name) =>
            html`<th key=${name} scope="col" role="columnheader">${name}</th>`
          )}
          ${COUNTS.map((name) =>
            html`<th key=${name} scope="col" role="columnheader" class="number">${name}</th>`
          )}
          <th scope="col" role="columnheader" class="action">
            <span class="hidden">Action</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">${children}</tbody>
    </table>
  `;
}

function DeviceRow(
  { device, rates, title, note, cells, networkName, ask, isKnown = true }: {
    device: DeviceStatus;
    /** Whether its counts are known: those of a service of another node are not. */
    isKnown?: boolean;
    rates: DeviceRates | undefined;
    title: Children;
    note: readonly (string | undefined)[];
    cells: readonly (readonly [name: string, text: string])[];
    networkName: string;
    ask: Ask;
  },
): Element {
  const perSecond = (key: "calls" | "errors" | "bytes", show = readableNumber) =>
    rates === undefined ? UNKNOWN : `${show(rates[key])}/s`;
  const counts = !isKnown ? COUNTS.map(() => UNKNOWN) : [
    perSecond("calls"),
    rates?.latency === undefined ? UNKNOWN : readableLatency(rates.latency),
    perSecond("errors"),
    readableNumber(device.pending_requests),
    readableSize(device.queued_bytes),
    perSecond("bytes", readableSize),
  ];
  return html`
    <tr role="row">
      <th scope="row" role="rowheader" class="device">
        <span class="name">${title}</span>
        <span class="note">${note.filter((part) => part !== undefined).join(" · ")}</span>
      </th>
      ${cells.map(([name, text]) =>
        html`<td key=${name} role="cell" data-name=${name}>${text}</td>`
      )}
      ${COUNTS.map((name, index) =>
        html`<td key=${name} role="cell" data-name=${name} class="number">${counts[index]}</td>`
      )}
      <td role="cell" class="action">${ask &&
        html`<button type="button" class="quiet small" onClick=${() => ask(networkName)}>
          Disconnect<span class="hidden"> ${networkName}</span></button>`}</td>
    </tr>
  `;
}

/** The name in `name[host:port]`. */
function nameOf(networkName: string): string {
  return networkName.slice(0, networkName.lastIndexOf("["));
}

function addressOf(networkName: string): string {
  const end = networkName.lastIndexOf("]");
  const node = networkName.slice(end + 1); // of a client of another node, "@b"
  return `${networkName.slice(networkName.lastIndexOf("[", end) + 1, end)}${node}`;
}
