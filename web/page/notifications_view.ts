/**
 * The notifications of a service, the newest first.
 *
 * @module
 */

import { type Element, html } from "./html.ts";
import type { NotificationEntry, ServiceSession } from "./service_session.ts";
import { timeText } from "./texts.ts";

/** How many are shown. */
const SHOWN = 20;

/** The last notifications of a service. */
export function NotificationsView({ service }: { service: ServiceSession }): Element {
  const entries = service.notifications.value.slice(0, SHOWN);
  return html`
    <section class="notifications" aria-label="Notifications">
      <h2>Notifications</h2>
      ${entries.length === 0
        ? html`<p class="empty">None has come since the page is linked.</p>`
        : html`<ol class="log" tabindex="0">${
          entries.map((entry) =>
            html`<li key=${entry.number}>
            <time>${timeText(entry.time)}</time> <code>${contentText(entry)}</code>
          </li>`
          )
        }</ol>`}
    </section>
  `;
}

function contentText({ args, kwargs }: NotificationEntry): string {
  const named = Object.entries(kwargs).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [...args.map((value) => JSON.stringify(value)), ...named].join(", ");
}
