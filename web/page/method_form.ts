/**
 * The form of a method: an input for each parameter, and the button that calls it.
 *
 * @module
 */

import { useId, useRef, useState } from "preact/hooks";
import type { AttributeAbout } from "../client.ts";
import { type Element, html } from "./html.ts";
import { argumentsOf, type Input, textOfChoice, type Texts } from "./inputs.ts";
import { PinButton } from "./pin_button.ts";
import type { Pins } from "./pins.ts";
import type { ServiceSession } from "./service_session.ts";

/** The form of a method. */
export function MethodForm(
  { service, name, inputs, about, pins }: {
    service: ServiceSession;
    name: string;
    inputs: readonly Input[];
    about: AttributeAbout | undefined;
    pins: Pins;
  },
): Element {
  const [texts, setTexts] = useState<Texts>(service.drafts.get(name) ?? {});
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const [isTried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const call = service.calls.value.get(name);
  const isRunning = call?.state.value.state === "running";
  const isReady = service.canCall.value && !isRunning;
  const change = (input: string, text: string) => {
    const changed = { ...texts, [input]: text };
    service.drafts.set(name, changed);
    setTexts(changed);
  };
  /** What was typed; the problems are shown otherwise. */
  const read = () => {
    const entered = argumentsOf(inputs, texts);
    setProblems(entered.state === "invalid" ? entered.problems : new Map());
    if (entered.state === "ready") return entered;
    const first = inputs.findIndex((input) => entered.problems.has(input.name));
    form.current?.querySelectorAll<HTMLElement>(".entry")[first]?.focus();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(!isReady && !isRunning);
    if (!isReady) return;
    const entered = read();
    if (entered !== undefined) service.call(name, entered);
  };
  const target = () => {
    const entered = read();
    return entered && { ...entered, service: service.name, attribute: name };
  };
  return html`
    <form class="method-form" noValidate onSubmit=${submit} ref=${form}>
      ${inputs.map((input) =>
        html`
          <${Field} key=${input.name} input=${input} text=${texts[input.name] ?? ""}
            problem=${problems.get(input.name)}
            onText=${(text: string) => change(input.name, text)} />
        `
      )}
      <div class="actions">
        <button type="submit" class="primary" aria-disabled=${!isReady}>
          Call<span class="hidden"> ${name}</span>
        </button>
        <${PinButton} pins=${pins} name=${name} isSafe=${about?.safe === true} target=${target} />
      </div>
      <p class="problem" role="alert">${isTried && !isReady &&
        "It was not called: the page is not linked with the service."}</p>
    </form>
  `;
}

function Field(
  { input, text, problem, onText }: {
    input: Input;
    text: string;
    problem: string | undefined;
    onText: (text: string) => void;
  },
): Element {
  const id = useId();
  const { name, place, unit, description, isRequired } = input;
  const mark = place === "rest" ? "*" : place === "others" ? "**" : "";
  const entry = {
    id,
    class: "entry",
    value: text,
    "aria-required": isRequired,
    "aria-invalid": problem !== undefined,
    "aria-describedby": `${id}-about ${id}-problem`,
    onInput: (event: Event) => onText((event.currentTarget as HTMLInputElement).value),
  };
  return html`
    <div class="field">
      <label for=${id}>${mark}${name}${!isRequired &&
        html`<span class="optional"> optional</span>`}</label>
      <div class="entry-line">
        <${Entry} input=${input} entry=${entry} />
        ${unit && html`<span class="unit">${unit}</span>`}
      </div>
      <p class="about" id=${`${id}-about`}>${description}${rangeText(input)}</p>
      <p class="problem" id=${`${id}-problem`} role="alert">${problem}</p>
    </div>
  `;
}

function Entry(
  { input, entry }: { input: Input; entry: Record<string, unknown> },
): Element {
  const { kind, choices, isNullable, isRequired, defaultText } = input;
  const placeholder = defaultText ?? "";
  switch (kind) {
    case "boolean":
    case "choice": {
      const all = [
        ...(kind === "boolean" ? [true, false] : choices),
        ...(isNullable ? [null] : []),
      ];
      return html`
        <select ...${entry}>
          <option value="">${isRequired
            ? "Choose"
            : `Default${placeholder && `: ${placeholder}`}`}</option>
          ${all.map((one) =>
            html`<option value=${textOfChoice(one)}>${
              typeof one === "string" ? one : textOfChoice(one)
            }</option>`
          )}
        </select>
      `;
    }
    case "json":
      return html`<textarea ...${entry} rows="1" spellcheck=${false} placeholder=${
        placeholder || "JSON"
      }></textarea>`;
    default:
      return html`
        <input ...${entry} type="text" autocomplete="off" spellcheck=${false}
          inputmode=${kind === "text" ? "text" : "decimal"} placeholder=${placeholder} />
      `;
  }
}

function rangeText({ minimum, maximum }: Input): string {
  if (minimum === undefined && maximum === undefined) return "";
  if (minimum === undefined) return ` At most ${maximum}.`;
  return maximum === undefined ? ` At least ${minimum}.` : ` From ${minimum} to ${maximum}.`;
}
