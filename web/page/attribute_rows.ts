/**
 * The rows of a panel: a property with its value, a method with its form and its result. What needs no
 * arguments is read or called in the row itself.
 *
 * @module
 */

import { useMemo, useRef } from "preact/hooks";
import { useEffect } from "preact/hooks";
import type { AttributeAbout, ValueAbout } from "../client.ts";
import { hashOf, place } from "./address.ts";
import type { Call } from "./call.ts";
import { Announcement, CallLine, CallResult } from "./call_result.ts";
import type { DirectoryEntry } from "./directory.ts";
import { type Element, html } from "./html.ts";
import { inputsOf } from "./inputs.ts";
import { MethodForm } from "./method_form.ts";
import { PinButton } from "./pin_button.ts";
import type { Pins } from "./pins.ts";
import type { ServiceSession } from "./service_session.ts";
import { NumberView } from "./value_view.ts";

/** What a row shows. */
interface RowProps {
  service: ServiceSession;
  entry: DirectoryEntry;
  name: string;
  pins: Pins;
}

/** A property. */
export function PropertyRow({ service, entry, name, pins }: RowProps): Element {
  const about = aboutOf(entry, name);
  const call = service.calls.value.get(name);
  return html`
    <${Row} name=${name} about=${about} isOpen=${place.value.attribute === name}
      title=${html`<code>${name}</code>`}
      value=${call && html`<${InlineValue} call=${call} about=${about?.result} />`}
      actions=${html`
        <${PinButton} pins=${pins} name=${name} isSafe=${about?.safe !== false}
          target=${() => ({ service: service.name, attribute: name, args: [], kwargs: {} })} />
        <${CallButton} service=${service} name=${name} verb="Read" />
      `}>
      <${Announcement} call=${call} about=${about?.result} />
      ${call && !isInline(call) &&
        html`<${CallResult} call=${call} about=${about?.result} />`}
    <//>
  `;
}

/** A method. */
export function MethodRow(
  { service, entry, name, pins, signature }: RowProps & { signature: string },
): Element {
  const about = aboutOf(entry, name);
  const inputs = useMemo(() => inputsOf(signature, about), [signature, about]);
  const call = service.calls.value.get(name);
  const hasForm = inputs.length > 0;
  const isOpen = hasForm && service.opened.value.has(name);
  const isRequired = inputs.some((input) => input.isRequired);
  const isCalled = place.value.attribute === name;
  useEffect(() => {
    if (isCalled) service.toggle(name, true);
  }, [isCalled, service, name]);
  const toggle = (event: Event) => {
    if (!isOpen) return; // the link leads to its address, which opens it
    event.preventDefault();
    service.toggle(name, false);
    if (isCalled) location.replace(hashOf({ service: service.name }));
  };
  const title = html`
    <a href=${hashOf({ service: service.name, attribute: name })} onClick=${toggle}
      aria-expanded=${hasForm ? String(isOpen) : undefined}><code>${name}</code><code
      class="signature">${signature}</code></a>
  `;
  return html`
    <${Row} name=${name} about=${about} isOpen=${isCalled} hasForm=${hasForm}
      title=${title}
      value=${!hasForm && call && html`<${InlineValue} call=${call} about=${about?.result} />`}
      actions=${!hasForm
        ? html`
          <${PinButton} pins=${pins} name=${name} isSafe=${about?.safe === true}
            target=${() => ({ service: service.name, attribute: name, args: [], kwargs: {} })} />
          <${CallButton} service=${service} name=${name} verb="Call" />
        `
        : !isOpen && !isRequired &&
          html`<${CallButton} service=${service} name=${name} verb="Call" />`}>
      ${isOpen &&
        html`
          <${MethodForm} service=${service} name=${name} inputs=${inputs} about=${about}
            pins=${pins} />
        `}
      <${Announcement} call=${call} about=${about?.result} />
      ${call && (hasForm || !isInline(call)) &&
        html`<${CallResult} call=${call} about=${about?.result} />`}
    <//>
  `;
}

function Row(
  { name, about, title, value, actions, isOpen, hasForm = false, children }: {
    name: string;
    about: AttributeAbout | undefined;
    title: Element;
    value: Element | undefined;
    actions: Element | undefined;
    /** Whether the address of the page is that of the row. */
    isOpen: boolean;
    hasForm?: boolean;
    children: unknown;
  },
): Element {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  return html`
    <div class="attribute" ref=${row} data-open=${String(isOpen)} data-form=${String(hasForm)}>
      <h3 title=${name}>${title}</h3>
      <div class="reading">${value}</div>
      <div class="actions">${actions}</div>
      ${about?.description && html`<p class="about">${about.description}</p>`}
      ${children}
    </div>
  `;
}

function CallButton(
  { service, name, verb }: { service: ServiceSession; name: string; verb: string },
): Element {
  const isRunning = service.calls.value.get(name)?.state.value.state === "running";
  const isReady = service.canCall.value && !isRunning;
  return html`
    <button type="button" aria-disabled=${!isReady}
      onClick=${() =>
        isReady && service.call(name)}>${verb}<span class="hidden"> ${name}</span></button>
  `;
}

/** The longest text that is shown in a row, in characters. */
const LONGEST = 60;

/** Whether the row itself has room for the result. */
function isInline(call: Call): boolean {
  const { state } = call.state.value;
  if (state === "failed" || state === "cancelled" || call.count.value !== undefined) return false;
  const { result } = call;
  return result === undefined
    ? state === "running" && call.progress.value === undefined
    : isShort(result.value);
}

function isShort(value: unknown): boolean {
  if (typeof value === "string") return value.length <= LONGEST && !value.includes("\n");
  return value === null || typeof value === "number" || typeof value === "boolean";
}

function InlineValue(
  { call, about }: { call: Call; about: ValueAbout | undefined },
): Element | null {
  if (!isInline(call)) return null;
  const { result } = call;
  return html`
    <div class="inline-value" data-state=${call.state.value.state}>
      ${result &&
        (typeof result.value === "number"
          ? html`<${NumberView} value=${result.value} about=${about} />`
          : html`<output>${
            typeof result.value === "string" ? result.value : String(result.value)
          }</output>`)}
      <${CallLine} call=${call} />
    </div>
  `;
}

function aboutOf(entry: DirectoryEntry, name: string): AttributeAbout | undefined {
  const { attributes } = entry.about;
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}
