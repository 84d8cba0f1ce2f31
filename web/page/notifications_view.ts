/**
 * The notifications of a service, the newest first.
 *
 * @module
 */

import { useChanges } from "./changes.ts";
import { type Element, html } from "./html.ts";
import { jsonText } from "./json_text.ts";
import { LivePlot } from "./live_plot.ts";
import type { NotificationEntry, ServiceSession } from "./service_session.ts";
import { timeText } from "./texts.ts";

/** The most characters of a value. */
const MAX_VALUE = 200;
/** How many are shown. */
const SHOWN = 20;

/** The last notifications of a service. */
export function NotificationsView({ service }: { service: ServiceSession }): Element {
  const entries = service.notifications.value.slice(0, SHOWN);
  const { readings } = service;
  const changes = useChanges(readings.listen);
  void changes.value; // another line
  return html`
    <section class="notifications" aria-labelledby="notifications">
      <h2 id="notifications">Notifications</h2>
      <ol class="log" tabindex="0" aria-labelledby="notifications">
        ${entries.length === 0 &&
          html`<li class="empty">${emptyText(service)}</li>`}
        ${entries.map((entry) =>
          html`
            <li key=${entry.number}>
              <time>${timeText(entry.time)}</time> <code>${contentText(entry)}</code>
            </li>
          `
        )}
      </ol>
      ${readings.series.length > 0 && html`<${LivePlot} series=${readings.series} />`}
    </section>
  `;
}

/** The text without notifications. A page that is not linked gets none, so it cannot say that none came. */
function emptyText({ linkState }: ServiceSession): string {
  return "link" in linkState.value
    ? "None has come since the page is linked."
    : "They are shown while the page is linked.";
}

function contentText({ args, kwargs }: NotificationEntry): string {
  const named = Object.entries(kwargs).map(([name, value]) => `${name}=${shortText(value)}`);
  return [...args.map(shortText), ...named].join(", ");
}

function shortText(value: unknown): string {
  const { text, isCut } = jsonText(value, MAX_VALUE);
  return isCut ? `${text}…` : text;
}
