/**
 * Shows a call: its progress while it runs, and its result or error.
 *
 * @module
 */

import { readableSize } from "../../base/readable.ts";
import type { ValueAbout } from "../client.ts";
import type { Call, CallFailure, Progress } from "./call.ts";
import { type Element, html } from "./html.ts";
import { LiveValues } from "./live_values.ts";
import { durationText, timeText } from "./texts.ts";
import { ValueView } from "./value_view.ts";

/** A call, with what the service says of its result. */
export function CallResult(
  { call, about }: { call: Call; about: ValueAbout | undefined },
): Element {
  const state = call.state.value;
  const { result } = call;
  return html`
    <div class="result" data-state=${state.state}>
      <${CallLine} call=${call} />
      ${call.count.value !== undefined &&
        html`
          <${LiveValues} values=${call.values} about=${about} ended=${state.state !== "running"} />
        `}
      ${result && call.count.value === undefined &&
        html`
          <div class="value">
            <${ValueView} value=${result.value} about=${about} />
          </div>
        `}
      ${state.state === "failed" && html`<${Failure} failure=${state.failure} />`}
    </div>
  `;
}

/** Where a call is, in a line: its progress while it runs, with a button that cancels it. */
export function CallLine({ call }: { call: Call }): Element {
  const isRunning = call.state.value.state === "running";
  const progress = call.progress.value;
  return html`
    <div class="call-line">
      <span class="result-state">${describe(call)}${countText(call)}</span>
      ${isRunning && progress && html`<${ProgressBar} progress=${progress} />`}
      ${isRunning &&
        html`<button type="button" class="quiet small" onClick=${() =>
          call.cancel()}>Cancel</button>`}
    </div>
  `;
}

function describe(call: Call): string {
  switch (call.state.value.state) {
    case "running":
      return "Running";
    case "done":
      return `${timeText(call.time ?? call.startedAt + call.duration!)}, in ${
        durationText(call.duration!)
      }`;
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

function ProgressBar({ progress }: { progress: Progress }): Element {
  const { done, total, direction } = progress;
  return html`
    <progress max=${total} value=${done} aria-label=${`Bytes ${direction}`}></progress>
    <span class="figures">${readableSize(done)} of ${readableSize(total)} ${direction}</span>
  `;
}

/** Tells a screen reader how a call has ended. It is there before the call, so that it is heard. */
export function Announcement(
  { call, about }: { call: Call | undefined; about: ValueAbout | undefined },
): Element {
  return html`<p class="hidden" role="status">${call && announcement(call, about)}</p>`;
}

function announcement(call: Call, about: ValueAbout | undefined): string {
  const state = call.state.value;
  switch (state.state) {
    case "running":
      return "Running";
    case "cancelled":
      return "Cancelled";
    case "failed":
      return ""; // the error is an alert
    case "done": {
      const { value } = state;
      const isShort = typeof value === "number" || typeof value === "string" && value.length < 100;
      return isShort && call.count.value === undefined
        ? `${value}${about?.unit ? ` ${about.unit}` : ""}`
        : "Done";
    }
  }
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
