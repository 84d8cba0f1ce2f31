/**
 * The panel of a service: what it is, its properties and methods, its lock and its notifications.
 *
 * @module
 */

import { useEffect } from "preact/hooks";
import { isMethod } from "../../wire/python_signature.ts";
import { hashOf, place } from "./address.ts";
import { CallResult } from "./call_result.ts";
import type { DirectoryEntry } from "./directory.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { LockControl } from "./lock_control.ts";
import { MethodForm } from "./method_form.ts";
import { PinButton } from "./pin_button.ts";
import type { Pins } from "./pins.ts";
import { NotificationsView } from "./notifications_view.ts";
import type { ServiceSession } from "./service_session.ts";
import { timeText } from "./texts.ts";

/** The panel of the service with that name. */
export function ServicePanel(
  { laboratory, name }: { laboratory: Laboratory; name: string },
): Element {
  const service = laboratory.service(name);
  const entry = laboratory.directory.find(name);
  const isHere = entry?.isHere ?? false;
  const limit = entry?.entry.max_clients ?? 0;
  useEffect(() => {
    if (isHere) service.open(limit <= 0);
  }, [service, isHere, limit]);
  useEffect(() => () => service.close(), [service]);
  if (entry === undefined) {
    return html`
      <section class="panel">
        <h1>${name}</h1>
        <p class="empty" role="status">No service of this name is connected.</p>
      </section>
    `;
  }
  const attributes = Object.entries(entry.entry.attributes);
  const methods = attributes.filter(([_, shown]) => isMethod(shown)) as [string, string][];
  const properties = attributes.filter(([_, shown]) => !isMethod(shown));
  return html`
    <section class="panel" data-here=${String(isHere)} aria-labelledby="service-name">
      <${Heading} laboratory=${laboratory} service=${service} entry=${entry} />
      ${properties.length > 0 && html`
        <section class="attributes" aria-label="Properties">
          <h2>Properties</h2>
          ${properties.map(([property]) =>
            html`
              <${Property} key=${property} service=${service} entry=${entry} name=${property}
                pins=${laboratory.pins} />
            `
          )}
        </section>
      `}
      <section class="attributes" aria-label="Methods">
        <h2>Methods</h2>
        ${methods.map(([method, signature]) =>
          html`
            <${Method} key=${method} service=${service} entry=${entry} name=${method}
              signature=${signature} pins=${laboratory.pins} />
          `
        )}
      </section>
      <${NotificationsView} service=${service} />
    </section>
  `;
}

function Heading(
  { laboratory, service, entry }: {
    laboratory: Laboratory;
    service: ServiceSession;
    entry: DirectoryEntry;
  },
): Element {
  const { isHere, lastSeen, address, about, entry: { language, os } } = entry;
  return html`
    <header class="panel-head">
      <h1 id="service-name">${entry.name}</h1>
      <p class="presence" role="status"><span class="dot" aria-hidden="true"></span>${isHere
        ? "Connected"
        : `Gone, last seen ${timeText(lastSeen)}`}</p>
      <p class="origin">${address} · ${language} · ${os}</p>
      ${about.description && html`<p class="description">${about.description}</p>`}
      ${isHere && html`
        <div class="panel-tools">
          <${LinkControl} service=${service} limit=${entry.entry.max_clients} />
          <${LockControl} service=${service} entry=${entry}
            own=${laboratory.client?.networkName} />
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
      return html`<p class="link-state">
        ${limit > 0 ? `It takes ${limit} ${limit === 1 ? "client" : "clients"} at a time. ` : ""}
        <button type="button" class="primary" onClick=${() => service.link()}>Use it</button></p>`;
    case "linking":
      return html`<p class="link-state" role="status">Linking</p>`;
    case "away":
      return html`<p class="link-state" role="status">The link is being restored</p>`;
    case "refused":
      return html`<p class="link-state problem" role="alert">${state.reason}
        <button type="button" onClick=${() => service.link()}>Try again</button></p>`;
    case "linked":
      return limit > 0
        ? html`<button type="button" onClick=${() => service.unlink()}>Let others use it</button>`
        : null;
  }
}

function Property(
  { service, entry, name, pins }: {
    service: ServiceSession;
    entry: DirectoryEntry;
    name: string;
    pins: Pins;
  },
): Element {
  const about = entry.about.attributes[name];
  const call = service.calls.value.get(name);
  const isReady = service.isLinked.value && call?.state.value.state !== "running";
  return html`
    <div class="attribute" id=${`attribute-${name}`}>
      <h3><code>${name}</code></h3>
      <div class="actions">
        <${PinButton} pins=${pins} name=${name} isSafe=${about?.safe !== false}
          target=${() => ({ service: service.name, attribute: name, args: [], kwargs: {} })} />
        <button type="button" aria-disabled=${!isReady}
          onClick=${() =>
            isReady && service.call(name)}>Read<span class="hidden"> ${name}</span></button>
      </div>
      ${about?.description && html`<p class="about">${about.description}</p>`}
      ${call && html`<${CallResult} call=${call} about=${about?.result} />`}
    </div>
  `;
}

function Method(
  { service, entry, name, signature, pins }: {
    service: ServiceSession;
    entry: DirectoryEntry;
    name: string;
    signature: string;
    pins: Pins;
  },
): Element {
  const about = entry.about.attributes[name];
  const isOpen = place.value.attribute === name;
  const address = hashOf({ service: service.name, attribute: isOpen ? undefined : name });
  return html`
    <div class="attribute" data-open=${String(isOpen)}>
      <h3><a href=${address} aria-expanded=${String(isOpen)}><code>${name}</code>
        <code class="signature">${signature}</code></a></h3>
      ${about?.description && html`<p class="about">${about.description}</p>`}
      ${isOpen &&
        html`
          <${MethodForm} service=${service} name=${name} signature=${signature} about=${about}
            pins=${pins} />
        `}
    </div>
  `;
}
