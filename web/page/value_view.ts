/**
 * Any value as a reader wants to see it: a number large, an array as a plot, a list of objects as a
 * table, a picture as a picture. Its JSON is always at hand. All that it contains is shown as text.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ValueAbout } from "../../wire/about.ts";
import { encodeValue } from "../../wire/json.ts";
import { NdArray, type NumberArray } from "../../wire/nd_array.ts";
import { isNumbers } from "../../wire/serializable.ts";
import { ArrayPlot } from "./array_plot.ts";
import { CopyButton } from "./copy_button.ts";
import { type Element, html } from "./html.ts";
import { jsonText } from "./json_text.ts";
import { limitState } from "./limit_state.ts";
import { numberText } from "./number_text.ts";
import { ObjectTable } from "./object_table.ts";
import { Picture } from "./picture.ts";
import { kindOf, type ValueKind } from "./value_kind.ts";

/** A text or JSON is folded after so many characters, and so many lines. */
const FOLD_AT = 1_000;
const FOLD_LINES = 20;
/** The most characters that are shown; to copy gives all. */
const MAX_SHOWN = 500_000;

/** Any value, and what its service says of it. */
export function ValueView({ value, about }: { value: unknown; about?: ValueAbout }): Element {
  const kind = useMemo(() => kindOf(value), [value]);
  return html`<div class="value-view">
    ${bestView(kind, value, about)}
    ${isNumbers(value) && html`<p class="note">${formOf(value)}</p>`}
    ${
    kind.kind === "json"
      ? html`<${JsonCopy} value=${value} />`
      : html`<${JsonFold} value=${value} />`
  }
  </div>`;
}

/** The type and the shape of an array of numbers. */
function formOf(array: NumberArray | NdArray): string {
  const { dtype, shape } = array instanceof NdArray ? array : new NdArray(array);
  return `Array of ${dtype}, ${shape.length === 0 ? "a single one" : shape.join(" × ")}`;
}

function bestView(kind: ValueKind, value: unknown, about: ValueAbout | undefined): Element {
  const unit = about?.unit ?? "";
  switch (kind.kind) {
    case "number":
      return html`<${NumberView} value=${kind.value} about=${about} />`;
    case "text":
      return html`<${FoldedText} text=${kind.text} className="text" />`;
    case "picture":
      return html`<${Picture} picture=${kind.picture} />`;
    case "lines":
      return html`<${ArrayPlot} lines=${kind.lines} axis=${kind.axis} unit=${unit} limits=${about} />`;
    case "table":
      return html`<${ObjectTable} table=${kind.table} />`;
    case "json":
      return html`<${JsonView} value=${value} />`;
  }
}

/** A number with its unit, and in words if it is beyond a limit. */
export function NumberView({ value, about }: { value: number; about?: ValueAbout }): Element {
  const state = limitState(value, about);
  return html`<p class=${`number ${state}`}>
    <output>${numberText(value)}</output>${
    about?.unit
      ? html`
        ${" "}<span class="unit">${about.unit}</span>
      `
      : ""
  }${
    state === "normal" ? "" : html`
      <strong class="state">${state === "alarm" ? "Alarm" : "Warning"}</strong>
    `
  }</p>`;
}

/** The JSON of a value that is shown in another way. It is made when it is opened. */
function JsonFold({ value }: { value: unknown }): Element {
  const isOpen = useSignal(false);
  const toggle = (event: Event) => isOpen.value = (event.target as HTMLDetailsElement).open;
  return html`<details class="json-fold" onToggle=${toggle}>
    <summary>JSON</summary>
    ${
    isOpen.value && html`
      <${JsonView} value=${value} />
      <${JsonCopy} value=${value} />
    `
  }
  </details>`;
}

function JsonView({ value }: { value: unknown }): Element {
  const { text, isCut } = useMemo(() => jsonText(value, MAX_SHOWN), [value]);
  return html`<${FoldedText} text=${text} isCut=${isCut} className="json" />`;
}

function JsonCopy({ value }: { value: unknown }): Element {
  return html`
    <p class="note">
      <${CopyButton} label="Copy JSON" text=${() => encodeValue(value)} />
    </p>
  `;
}

/** A text of which a long one shows its beginning. */
function FoldedText(
  { text, isCut = false, className }: { text: string; isCut?: boolean; className: string },
): Element {
  const isOpen = useSignal(false);
  const beginning = beginningOf(text);
  const isLong = beginning.length < text.length;
  const most = text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
  const shown = isOpen.value ? most : beginning;
  const isPart = isCut || most.length < text.length;
  return html`<div class="folded">
    <pre class=${className} tabindex=${isLong ? 0 : undefined}>${shown}${
    isLong && !isOpen.value ? "…" : ""
  }</pre>
    ${
    isLong &&
    html`
      <button type="button" class="small" aria-expanded=${isOpen.value}
        onClick=${() => isOpen.value = !isOpen.value}>${isOpen.value
          ? "Show less"
          : "Show more"}</button>
    `
  }
    ${
    isPart && isOpen.value &&
    html`<p class="note">This is the beginning: the first ${shown.length} characters.</p>`
  }
  </div>`;
}

/** The first lines of a text. */
function beginningOf(text: string): string {
  const part = text.slice(0, FOLD_AT);
  let end = -1;
  for (let line = 0; line < FOLD_LINES; line++) {
    end = part.indexOf("\n", end + 1);
    if (end === -1) return part;
  }
  return part.slice(0, end);
}
