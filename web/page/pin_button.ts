/**
 * Pins a reading. A method may move something: one of which its service does not say that it is safe is
 * pinned when a person has been asked.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import { type Element, html } from "./html.ts";
import type { Pin, Pins } from "./pins.ts";

/** What is pinned, but how often. */
export type PinTarget = Omit<Pin, "every">;

/**
 * A button that pins a reading, or takes it off.
 *
 * @param target The reading; asked for when the button is pressed, `undefined` if it cannot be made.
 */
export function PinButton(
  { pins, name, target, isSafe }: {
    pins: Pins;
    name: string;
    target: () => PinTarget | undefined;
    isSafe: boolean;
  },
): Element {
  const asked = useSignal<PinTarget | undefined>(undefined);
  const pin = (one: PinTarget) => {
    asked.value = undefined;
    pins.pin(one);
  };
  const press = () => {
    const one = target();
    if (one === undefined) return;
    if (isSafe || pins.isPinned(one)) pin(one);
    else asked.value = one;
  };
  const chosen = asked.value;
  if (chosen !== undefined) {
    return html`
      <span class="pin-question" role="group" aria-label=${`Pin ${name}`}>
        <span>The service does not say that <code>${name}</code> is only read. It is called once a
          second.</span>
        <button type="button" onClick=${() => pin(chosen)}>Pin it</button>
        <button type="button" class="quiet" onClick=${() => asked.value = undefined}>Cancel</button>
      </span>
    `;
  }
  return html`
    <button type="button" disabled=${!pins.hasRoom} onClick=${press}
      title="Read it again and again, on the start page">Pin<span class="hidden"> ${name}</span></button>
  `;
}
