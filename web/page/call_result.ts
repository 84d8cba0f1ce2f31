/**
 * Shows a call: its progress while it runs, and its result or error.
 *
 * @module
 */

import type { ValueAbout } from "../client.ts";
import type { Call, CallFailure } from "./call.ts";
import { type Element, html } from "./html.ts";
import { LiveValues } from "./live_values.ts";
import { bytesText, durationText } from "./texts.ts";
import { ValueView } from "./value_view.ts";

/** A call, with what the service says of its result. */
export function CallResult(
  { call, about }: { call: Call; about: ValueAbout | undefined },
): Element {
  const state = call.state.value;
  return html`
    <div class="result" data-state=${state.state}>
      <p class="result-line">
        <span class="result-state"><span role="status">${describe(call)}</span>${countText(
          call,
        )}</span>
        ${state.state === "running" &&
          html`<button type="button" class="quiet" onClick=${() => call.cancel()}>Cancel</button>`}
      </p>
      <${ProgressBar} call=${call} />
      ${call.count.value !== undefined &&
        html`<${LiveValues} values=${call.values} about=${about} />`}
      ${state.state === "done" && call.count.value === undefined &&
        html`<${ValueView} value=${state.value} about=${about} />`}
      ${state.state === "failed" && html`<${Failure} failure=${state.failure} />`}
    </div>
  `;
}

function describe(call: Call): string {
  switch (call.state.value.state) {
    case "running":
      return "Running";
    case "done":
      return `Done in ${durationText(call.duration!)}`;
    case "failed":
      return `Failed after ${durationText(call.duration!)}`;
    case "cancelled":
      return "Cancelled";
  }
}

/** How many values of a stream have come. */
function countText(call: Call): string {
  const count = call.count.value;
  return count === undefined ? "" : `, ${count} ${count === 1 ? "value" : "values"}`;
}

function ProgressBar({ call }: { call: Call }): Element | null {
  const progress = call.progress.value;
  if (call.state.value.state !== "running" || call.count.value !== undefined) return null;
  if (progress === undefined) {
    return html`<progress class="progress-bar" aria-label="Running"></progress>`;
  }
  const { done, total, direction } = progress;
  return html`
    <p class="progress">
      <progress class="progress-bar" max=${total} value=${done}
        aria-label=${`Bytes ${direction}`}></progress>
      <span class="number">${bytesText(done)} of ${bytesText(total)} ${direction}</span>
    </p>
  `;
}

/** An error, with its traceback folded. */
export function Failure({ failure }: { failure: CallFailure }): Element {
  const { name, text, hint, traceback } = failure;
  return html`
    <div class="failure" role="alert">
      <p><strong>${name}</strong> ${text}</p>
      ${hint !== "" && html`<p class="hint">${hint}</p>`}
      ${traceback.length > 0 && html`
        <details>
          <summary>Traceback of the service</summary>
          <pre tabindex="0">${traceback.join("\n")}</pre>
        </details>
      `}
    </div>
  `;
}
