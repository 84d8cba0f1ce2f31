/**
 * The list of services: those that are connected, and those that were.
 *
 * @module
 */

import { hashOf, isManager, MANAGER, place } from "./address.ts";
import type { DirectoryEntry } from "./directory.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { timeText } from "./texts.ts";

/** What is connected. */
export function ServiceList({ laboratory }: { laboratory: Laboratory }): Element {
  const services = laboratory.directory.services.value;
  const { service } = place.value;
  return html`
    <nav class="services" aria-label="Services">
      <h2>Services <span class="count">${services.filter(({ isHere }) => isHere).length}</span></h2>
      <ul>${services.map((entry) =>
        html`<${Item} key=${entry.name} entry=${entry} isOpen=${entry.name === service} />`
      )}</ul>
      <ul class="places">
        <li>
          <a href=${hashOf(MANAGER)} class="service"
            aria-current=${isManager(place.value) ? "page" : undefined}>
            <span class="name">Manager</span>
            <span class="note">status and log</span>
          </a>
        </li>
      </ul>
    </nav>
  `;
}

function Item({ entry, isOpen }: { entry: DirectoryEntry; isOpen: boolean }): Element {
  const { name, isHere, lastSeen, locks, about, address } = entry;
  return html`
    <li>
      <a href=${hashOf({ service: name })} class="service" data-here=${String(isHere)}
        aria-current=${isOpen ? "page" : undefined}>
        <span class="dot" aria-hidden="true"></span>
        <span class="name">${name}</span>
        ${locks.length > 0 && html`<span class="tag">locked</span>`}
        <span class="note">${isHere
          ? firstLine(about.description) || address
          : `gone, last seen ${timeText(lastSeen)}`}</span>
      </a>
    </li>
  `;
}

function firstLine(text: string): string {
  return text.split("\n")[0];
}
