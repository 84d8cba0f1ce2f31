/**
 * Shows a call: its progress while it runs, and its result or error.
 *
 * @module
 */

import type { ValueAbout } from "../client.ts";
import type { Call, CallFailure } from "./call.ts";
import { type Element, html } from "./html.ts";
import { bytesText, durationText } from "./texts.ts";

/** A call, with what the service says of its result. */
export function CallResult(
  { call, about }: { call: Call; about: ValueAbout | undefined },
): Element {
  const state = call.state.value;
  return html`
    <div class="result" data-state=${state.state}>
      <p class="result-line" role="status">
        <span class="result-state">${describe(call)}</span>
        ${state.state === "running" &&
          html`<button type="button" class="quiet" onClick=${() => call.cancel()}>Cancel</button>`}
      </p>
      <${ProgressBar} call=${call} />
      ${call.streamed.value !== undefined &&
        html`<${StreamedValues} call=${call} about=${about} />`}
      ${state.state === "done" && call.streamed.value === undefined &&
        html`<${Value} value=${state.value} about=${about} />`}
      ${state.state === "failed" && html`<${Failure} failure=${state.failure} />`}
    </div>
  `;
}

function describe(call: Call): string {
  const count = call.streamed.value?.count;
  const values = count === undefined ? "" : `, ${count} ${count === 1 ? "value" : "values"}`;
  switch (call.state.value.state) {
    case "running":
      return `Running${values}`;
    case "done":
      return `Done in ${durationText(call.duration!)}${values}`;
    case "failed":
      return `Failed after ${durationText(call.duration!)}${values}`;
    case "cancelled":
      return `Cancelled${values}`;
  }
}

function ProgressBar({ call }: { call: Call }): Element | null {
  const progress = call.progress.value;
  if (call.state.value.state !== "running") return null;
  if (progress === undefined) return html`<progress class="bar" aria-label="Running"></progress>`;
  const { done, total, direction } = progress;
  return html`
    <p class="progress">
      <progress class="bar" max=${total} value=${done} aria-label=${`Bytes ${direction}`}></progress>
      <span class="number">${bytesText(done)} of ${bytesText(total)} ${direction}</span>
    </p>
  `;
}

function StreamedValues({ call, about }: { call: Call; about: ValueAbout | undefined }): Element {
  const { latest } = call.streamed.value!;
  const last = latest.at(-1);
  return html`<div>${last && html`<${Value} value=${last.value} about=${about} />`}</div>`;
}

function Value({ value, about }: { value: unknown; about: ValueAbout | undefined }): Element {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "null";
  return html`<pre class="value" tabindex="0">${text}${about?.unit && ` ${about.unit}`}</pre>`;
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
