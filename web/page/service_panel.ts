/**
 * The panel of a service: what it is, its properties and methods, its lock and its notifications.
 *
 * @module
 */

import { useLayoutEffect } from "preact/hooks";
import { RECORDER_ROLE } from "../../wire/history.ts";
import { isMethod } from "../../wire/python_signature.ts";
import { MethodRow, PropertyRow } from "./attribute_rows.ts";
import type { DirectoryEntry } from "./directory.ts";
import { HistoryView } from "./history_view.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { LockControl } from "./lock_control.ts";
import { NotificationsView } from "./notifications_view.ts";
import type { ServiceSession } from "./service_session.ts";
import { timeText } from "./texts.ts";

/** The methods that every service of this package has: they are listed last. */
const OF_EVERY_SERVICE: ReadonlySet<string> = new Set(["set_logging_level"]);

/** The panel of the service with that name. */
export function ServicePanel(
  { laboratory, name }: { laboratory: Laboratory; name: string },
): Element {
  const service = laboratory.service(name);
  const entry = laboratory.directory.find(name);
  const isHere = entry?.isHere ?? false;
  const limit = entry?.entry.max_clients ?? 0;
  const isHidden = entry !== undefined && hasNamesOnly(entry);
  const hasNone = service.linkState.value.state === "none";
  // It is linked before the person can press a key in what is shown.
  useLayoutEffect(() => {
    if (isHere && !isHidden) service.open(limit <= 0);
  }, [service, isHere, isHidden, limit, hasNone]);
  useLayoutEffect(() => () => service.close(), [service]);
  if (entry === undefined) {
    return html`
      <section class="panel">
        <h1 tabindex="-1">${name}</h1>
        <p class="empty" role="status">${laboratory.client && laboratory.directory.status.value
          ? "No service of this name is connected. It appears here when it is."
          : ""}</p>
      </section>
    `;
  }
  return html`
    <section class="panel" data-here=${String(isHere)} aria-labelledby="service-name">
      <${Heading} laboratory=${laboratory} service=${service} entry=${entry} isHidden=${isHidden} />
      ${entry.about.implements.includes(RECORDER_ROLE) &&
        html`<${HistoryView} laboratory=${laboratory} service=${service} />`}
      ${isHidden
        ? html`<${Names} entry=${entry} />`
        : html`<${Attributes} laboratory=${laboratory} service=${service} entry=${entry} />`}
    </section>
  `;
}

interface PartProps {
  laboratory: Laboratory;
  service: ServiceSession;
  entry: DirectoryEntry;
}

function Attributes({ laboratory: { pins }, service, entry }: PartProps): Element {
  const attributes = Object.entries(entry.entry.attributes);
  const methods = (attributes.filter(([_, shown]) => isMethod(shown)) as [string, string][])
    .sort(([one], [other]) =>
      Number(OF_EVERY_SERVICE.has(one)) - Number(OF_EVERY_SERVICE.has(other))
    );
  const properties = attributes.filter(([_, shown]) => !isMethod(shown));
  return html`
    ${properties.length > 0 && html`
      <section class="attributes" aria-labelledby="properties">
        <h2 id="properties">Properties</h2>
        ${properties.map(([name]) =>
          html`
            <${PropertyRow} key=${name} service=${service} entry=${entry} name=${name}
              pins=${pins} />
          `
        )}
      </section>
    `}
    <section class="attributes" aria-labelledby="methods">
      <h2 id="methods">Methods</h2>
      ${methods.map(([name, signature]) =>
        html`
          <${MethodRow} key=${name} service=${service} entry=${entry} name=${name}
            signature=${signature} pins=${pins} />
        `
      )}
    </section>
    <${NotificationsView} service=${service} />
  `;
}

/** Whether the Manager lists the names of the attributes alone, as the user may not use the service. */
function hasNamesOnly({ entry: { attributes } }: DirectoryEntry): boolean {
  const shown = Object.values(attributes);
  return shown.length > 0 && shown.every((one) => one === null);
}

function Names({ entry }: { entry: DirectoryEntry }): Element {
  const names = Object.keys(entry.entry.attributes);
  return html`
    <p class="callout">You may not use this service. It has
      ${" "}<code>${names.join(", ")}</code>.</p>
  `;
}

function Heading(
  { laboratory, service, entry, isHidden }: PartProps & { isHidden: boolean },
): Element {
  const { isHere, lastSeen, address, about, links, entry: { language, os } } = entry;
  const own = laboratory.client?.networkName;
  return html`
    <header class="panel-head">
      <div class="panel-title">
        <h1 id="service-name" tabindex="-1">${entry.name}</h1>
        <p class="presence" role="status"><span class="dot" aria-hidden="true"></span>${isHere
          ? "Connected"
          : `Gone, last seen ${timeText(lastSeen)}`}</p>
      </div>
      ${about.description && html`<p class="description">${about.description}</p>`}
      <p class="origin">${address} · ${language} · ${os}</p>
      ${isHere && !isHidden && html`
        <div class="panel-tools">
          <${LinkControl} service=${service} limit=${entry.entry.max_clients} />
          <${LockControl} laboratory=${laboratory} service=${service} entry=${entry} />
          <details class="links">
            <summary>${links.length} ${links.length === 1
              ? "client is"
              : "clients are"} linked</summary>
            <ul>${links.map((link) =>
              html`<li key=${link}>${link}${link === own ? ", this page" : ""}</li>`
            )}</ul>
          </details>
        </div>
      `}
    </header>
  `;
}

function LinkControl(
  { service, limit }: { service: ServiceSession; limit: number },
): Element | null {
  const state = service.linkState.value;
  switch (state.state) {
    case "none":
      return limit > 0
        ? html`
          <p class="callout">${limit === 1
            ? "One client"
            : `${limit} clients`} at a time can use this
            service. <button type="button" class="primary small"
            onClick=${() => service.link()}>Use it</button></p>
        `
        : null;
    case "linking":
      return null;
    case "away":
      return html`<p class="link-state" role="status">The link is being restored</p>`;
    case "refused":
      return html`
        <p class="callout" role="alert"><span class="problem">${state.reason}</span>
          ${" "}<button type="button" class="small" onClick=${() =>
            service.link()}>Try again</button></p>
      `;
    case "linked":
      return limit > 0
        ? html`
          <button type="button" class="small"
            onClick=${() => service.unlink()}>Let others use it</button>
        `
        : null;
  }
}
