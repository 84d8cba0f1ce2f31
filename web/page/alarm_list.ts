/**
 * The alarms of a recorder, which a person acknowledges.
 *
 * @module
 */

import { type Element, html } from "./html.ts";
import { instantText } from "./number_text.ts";
import type { RecorderSession } from "./recorder_session.ts";

/** What a state is called. */
const STATES: Readonly<Record<string, string>> = {
  normal: "Normal again",
  warning: "Warning",
  alarm: "Alarm",
  stopped: "Stopped",
};

/** The sources that are not normal, or were not and nobody has acknowledged it. */
export function AlarmList(
  { recorder, canAcknowledge }: { recorder: RecorderSession; canAcknowledge: boolean },
): Element | null {
  const alarms = recorder.alarms.value;
  if (alarms.length === 0) return null;
  return html`
    <section class="alarms" aria-label="Alarms" aria-live="polite">
      <h2>Alarms</h2>
      <ul>
        ${alarms.map(({ source, state, time, message, acknowledged, acknowledgedBy }) =>
          html`
            <li key=${source} class="alarm-item" data-limit=${state}
              data-acknowledged=${String(acknowledged)}>
              <strong class="state">${Object.hasOwn(STATES, state) ? STATES[state] : state}</strong>
              <span>${message}</span>
              <time>${instantText(time).slice(0, 19)}</time>
              ${acknowledged
                ? html`<span class="note">Acknowledged by ${acknowledgedBy}</span>`
                : html`
                  <button type="button" disabled=${!canAcknowledge}
                    onClick=${() => recorder.acknowledge(source)}>Acknowledge<span
                    class="hidden"> ${source}</span></button>
                `}
            </li>
          `
        )}
      </ul>
    </section>
  `;
}
