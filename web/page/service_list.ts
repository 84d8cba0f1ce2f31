/**
 * The list of services: those that are connected, and those that were.
 *
 * @module
 */

import { useState } from "preact/hooks";
import { hashOf, isManager, MANAGER, place } from "./address.ts";
import type { DirectoryEntry } from "./directory.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { timeText } from "./texts.ts";

/** With more services than this, there is a field to look for one. */
const MANY = 10;

/** What is connected. */
export function ServiceList({ laboratory }: { laboratory: Laboratory }): Element {
  const services = laboratory.directory.services.value;
  const [wanted, setWanted] = useState("");
  const { service, attribute } = place.value;
  const shown = services.filter(({ name, about }) =>
    `${name}\n${about.description}`.toLowerCase().includes(wanted.trim().toLowerCase())
  );
  return html`
    <nav class="services" aria-label="Services">
      <ul>
        <${Place} href="#/" name="Overview" isOpen=${service === undefined &&
          attribute === undefined} />
        <${Place} href=${hashOf(MANAGER)} name="Manager" isOpen=${isManager(place.value)} />
      </ul>
      <h2>Services <span class="count">${services.filter(({ isHere }) => isHere).length}</span></h2>
      ${services.length > MANY && html`
        <input type="search" class="filter" aria-label="Look for a service" placeholder="Look for"
          value=${wanted}
          onInput=${(event: InputEvent) =>
            setWanted((event.currentTarget as HTMLInputElement).value)} />
      `}
      <ul>${shown.map((entry) =>
        html`<${Item} key=${entry.name} entry=${entry} isOpen=${entry.name === service} />`
      )}</ul>
      ${shown.length < services.length && shown.length === 0 &&
        html`<p class="empty">No service has that in its name or description.</p>`}
    </nav>
  `;
}

function Place({ href, name, isOpen }: { href: string; name: string; isOpen: boolean }): Element {
  return html`
    <li>
      <a href=${href} class="place" aria-current=${isOpen ? "page" : undefined}>${name}</a>
    </li>
  `;
}

function Item({ entry, isOpen }: { entry: DirectoryEntry; isOpen: boolean }): Element {
  const { name, isHere, lastSeen, locks, about, address } = entry;
  return html`
    <li>
      <a href=${hashOf({ service: name })} class="service" data-here=${String(isHere)}
        aria-current=${isOpen ? "page" : undefined}>
        <span class="dot" aria-hidden="true"></span>
        <span class="name" title=${name}>${name}</span>
        ${locks.length > 0 && html`<span class="tag">locked</span>`}
        <span class="note">${isHere
          ? firstLine(about.description) || address
          : `Gone, last seen ${timeText(lastSeen)}`}</span>
      </a>
    </li>
  `;
}

function firstLine(text: string): string {
  return text.split("\n")[0];
}
