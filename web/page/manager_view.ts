/**
 * The Manager: what it is, how much goes through it, which devices are connected, and its log.
 *
 * Anybody may see the status. The log, and the buttons that disconnect a device, are for administrators;
 * others see how to log in as one.
 *
 * @module
 */

import { useEffect, useMemo } from "preact/hooks";
import { readableNumber, readableSize, readableTime } from "../../base/readable.ts";
import { type ManagerStatus, RATE_KEYS } from "../../wire/status.ts";
import type { Rates } from "../../wire/status_rates.ts";
import { AdministratorLogin } from "./administrator_login.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { LogView } from "./log_view.ts";
import { NodesView } from "./nodes_view.ts";
import { StatusHistory } from "../../wire/status_history.ts";
import { StatusView } from "./status_view.ts";

/** The view of the Manager. */
export function ManagerView({ laboratory }: { laboratory: Laboratory }): Element {
  const { administrator, client, directory } = laboratory;
  const status = directory.status.value;
  const history = useMemo(() => new StatusHistory(), []);
  const access = administrator.state.value.state;
  useEffect(() => {
    administrator.check();
  }, [client, access]);
  if (status === undefined) {
    return html`
      <section class="panel">
        <h1>Manager</h1>
        <p class="empty" role="status">Its status is not known yet.</p>
      </section>
    `;
  }
  const rates = history.add(status);
  return html`
    <section class="panel wide" aria-labelledby="manager-name">
      <header class="panel-head">
        <h1 id="manager-name">Manager</h1>
        <p class="origin">${status.manager}</p>
      </header>
      <${Facts} status=${status} />
      <${Traffic} status=${status} rates=${rates.all} />
      <${NodesView} status=${status} />
      <${StatusView} laboratory=${laboratory} status=${status} rates=${rates} />
      ${access === "granted" ? html`<${LogView} laboratory=${laboratory} />` : html`
        <section aria-labelledby="log-title">
          <h2 id="log-title">Log</h2>
          <${AdministratorLogin} laboratory=${laboratory} />
        </section>
      `}
    </section>
  `;
}

const AUTHENTICATION = {
  none: ["open", "nobody logs in"],
  password: ["password", "one for all"],
  hostname: ["hostname", "trusted computers"],
  login: ["login", "each user"],
} as const;

function Facts({ status }: { status: ManagerStatus }): Element {
  const { totals } = status;
  const refused = sum(totals.refused_connections);
  const facts: [name: string, value: string, note?: string][] = [
    ["Up for", readableTime(status.uptime_s)],
    ["Version", status.version],
    ["Encryption", status.tls ? "TLS" : "none", status.tls ? "" : "passwords can be read"],
    ["Access", ...(AUTHENTICATION[status.authentication] ?? [status.authentication])],
    ["Memory", readableSize(status.memory_bytes)],
    ["Connections", readableNumber(totals.connections), `${readableNumber(refused)} refused`],
  ];
  if (status.web !== null) facts.push(["Web pages", readableNumber(status.web.websockets), "open"]);
  if (status.open_descriptors !== null) {
    facts.push(["Open files", readableNumber(status.open_descriptors), "and sockets"]);
  }
  return html`<dl class="facts">${
    facts.map(([name, value, note]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd>${value}${note && html`
            <span class="fact-note">${note}</span>
          `}</dd>
        </div>
      `
    )
  }</dl>`;
}

/** What is counted, and what it is called. */
const LABELS: Readonly<Record<typeof RATE_KEYS[number], string>> = {
  messages_in: "Messages in",
  messages_out: "Messages out",
  bytes_in: "Bytes in",
  bytes_out: "Bytes out",
  requests: "Requests",
  answers: "Replies",
  notifications: "Notifications",
};

function Traffic({ status, rates }: { status: ManagerStatus; rates: Rates | null }): Element {
  return html`
    <section aria-labelledby="traffic-title">
      <h2 id="traffic-title">Traffic</h2>
      <ul class="counters">${RATE_KEYS.map((key) => {
        const show = key.startsWith("bytes") ? readableSize : readableNumber;
        const rate = rates === null ? "–" : show(rates[`${key}_per_s`]);
        return html`
          <li key=${key}>
            <span class="counter-name">${LABELS[key]}</span>
            <span class="counter-rate">${rate}<span class="unit">/s</span></span>
            <span class="counter-total">${show(status.totals[key])} in all</span>
          </li>
        `;
      })}</ul>
      <${Refusals} status=${status} />
    </section>
  `;
}

/** What has gone wrong since the start; nothing if nothing has. */
function Refusals({ status: { totals, web } }: { status: ManagerStatus }): Element | null {
  const kinds: [name: string, counts: Readonly<Record<string, number>>][] = [
    ["Refused connections", totals.refused_connections],
    ["Ended connections", totals.ended_connections],
    ["Refused requests", totals.errors],
    ["Browsers without an answer", web?.refused_connections ?? {}],
  ];
  const shown = kinds.filter(([_, counts]) => sum(counts) > 0);
  if (shown.length === 0) return null;
  return html`<dl class="refusals">${
    shown.map(([name, counts]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd>${Object.entries(counts).map(([reason, count]) =>
            html`<span key=${reason} class="tag">${reason.replaceAll("_", " ")}
            <b> ${readableNumber(count)}</b></span>`
          )}</dd>
        </div>
      `
    )
  }</dl>`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
