/**
 * The pinned readings: each with its value, its age and its last minutes, and all of them in one plot.
 * A value that is not the current one any more is grey at once.
 *
 * @module
 */

import { useComputed, useSignal } from "@preact/signals";
import type { ValueAbout } from "../client.ts";
import { hashOf } from "./address.ts";
import { type Listen, useChanges } from "./changes.ts";
import { type Element, html } from "./html.ts";
import { limitState } from "./limit_state.ts";
import { LivePlot } from "./live_plot.ts";
import { ageText, roundedText, withUnit } from "./number_text.ts";
import { nameOf, type PinnedReading, type Pins } from "./pins.ts";
import type { ReadingState } from "./reading_poller.ts";
import { timeText } from "./texts.ts";
import { Sparkline } from "./sparkline.ts";
import { ValueView } from "./value_view.ts";

/** How often a reading may be requested, in milliseconds, and what the choice is called. */
const INTERVALS: readonly (readonly [every: number, text: string])[] = [
  [200, "0.2 s"],
  [500, "0.5 s"],
  [1_000, "1 s"],
  [2_000, "2 s"],
  [5_000, "5 s"],
  [10_000, "10 s"],
  [60_000, "1 min"],
  [600_000, "10 min"],
];
/** How much time the small line shows, in milliseconds. */
const SPARK_SPAN = 300_000;
/** Ages are counted in this step, in milliseconds. */
const TICK = 1_000;

/** The dashboard of pinned readings. */
export function Pinned({ pins }: { pins: Pins }): Element | null {
  const isTogether = useSignal(false);
  const list = pins.list.value;
  if (list.length === 0) return null;
  return html`<section class="pinned" aria-labelledby="pinned-title">
    <div class="pinned-head">
      <h2 id="pinned-title">Pinned readings</h2>
      <button type="button" class="small" aria-pressed=${isTogether.value}
        onClick=${() => isTogether.value = !isTogether.value}>Plot all</button>
    </div>
    ${isTogether.value && html`<${Together} list=${list} />`}
    <ul class="pins">${
    list.map((reading) =>
      html`<${Card} key=${nameOf(reading.pin)} pins=${pins} reading=${reading} />`
    )
  }</ul>
  </section>`;
}

/** All readings that are numbers, in one plot for each unit. */
function Together({ list }: { list: readonly PinnedReading[] }): Element {
  const listen = useComputed((): Listen => (changed) => {
    const all = list.map(({ poller }) => poller.values.listen(changed));
    return () => all.forEach((forget) => forget());
  });
  const changes = useChanges(listen.value);
  const series = useComputed(() => {
    void changes.value;
    return list.flatMap(({ poller }) => poller.values.series);
  });
  const before = useSignal(series.peek());
  const isSame = before.value.length === series.value.length &&
    before.value.every((one, index) => one === series.value[index]);
  if (!isSame) before.value = series.value;
  return html`<${LivePlot} series=${before.value} />`;
}

/** Changes with each reading, with its state, and once a second for its age. */
function listenTo({ poller }: PinnedReading): Listen {
  return (changed) => {
    const forget = poller.values.listen(changed);
    const forgetState = poller.state.subscribe(changed);
    const timer = setInterval(changed, TICK);
    return () => {
      forget();
      forgetState();
      clearInterval(timer);
    };
  };
}

/** One reading. */
function Card({ pins, reading }: { pins: Pins; reading: PinnedReading }): Element {
  const isPlotted = useSignal(false);
  const { pin, poller } = reading;
  const listen = useSignal({ poller, listen: listenTo(reading) });
  const changes = useChanges(listen.value.listen);
  void changes.value;
  const state = poller.state.value;
  const { latest, series } = poller.values;
  const [first] = series;
  const isStale = poller.isStale();
  const isAlone = series.length === 1 && typeof latest?.value === "number";
  const judged = isAlone ? limitState(latest.value, first) : "normal";
  const name = nameOf(pin);
  const isStopped = state.state === "stopped";
  return html`<li class="pin" data-stale=${String(isStale)} data-limit=${judged}>
    <h3><a href=${
    hashOf(pin)
  }><span class="pin-service">${pin.service}.</span><span class="pin-attribute">${
    name.slice(pin.service.length + 1)
  }</span></a></h3>
    <${Value} reading=${reading} />
    <p class="pin-state" role=${judged === "normal" ? undefined : "alert"}>
      ${
    judged !== "normal" &&
    html`<strong class="state">${judged === "alarm" ? "Alarm" : "Warning"}</strong>`
  } ${stateText(state, poller.age())}</p>
    ${isAlone && html`<${Sparkline} series=${first} span=${SPARK_SPAN} />`}
    <div class="pin-tools">
      <label><span class="hidden">Read ${name} every</span><select
        onChange=${(event: Event) =>
    pins.setEvery(reading, INTERVALS[(event.target as HTMLSelectElement).selectedIndex][0])}>
        ${
    INTERVALS.map(([every, text]) =>
      html`<option selected=${every === pin.every}>every ${text}</option>`
    )
  }</select></label>
      <button type="button" class="small" onClick=${() =>
    isStopped ? poller.start() : poller.stop()}>${isStopped ? "Start" : "Stop"}
        <span class="hidden"> ${name}</span></button>
      ${
    series.length > 0 &&
    html`
      <button type="button" class="small" aria-expanded=${isPlotted.value}
        onClick=${() =>
          isPlotted.value = !isPlotted.value}>Plot<span class="hidden"> ${name}</span></button>
    `
  }
      <button type="button" class="small" onClick=${() => pins.unpin(reading)}>Unpin
        <span class="hidden"> ${name}</span></button>
    </div>
    ${isPlotted.value && html`<${LivePlot} series=${series} />`}
  </li>`;
}

function Value({ reading: { pin, poller } }: { reading: PinnedReading }): Element {
  const { latest, series } = poller.values;
  if (latest === undefined) return html`<p class="pin-value">–</p>`;
  const { value } = latest;
  if (typeof value === "number" || typeof value === "boolean") {
    const text = typeof value === "number" ? roundedText(value) : String(value);
    return html`<p class="pin-value" title=${
      withUnit(String(value), series[0]?.unit)
    }><output>${text}</output>
      ${" "}<span class="unit">${series[0]?.unit}</span></p>`;
  }
  if (poller.values.isPlotted) {
    return html`<ul class="pin-values">${
      series.map((one) =>
        html`<li key=${one.label} title=${one.latest?.value}><span>${
          partOf(one.label, nameOf(pin))
        }</span> <output>${
          one.latest === undefined ? "–" : withUnit(roundedText(one.latest.value), one.unit)
        }</output></li>`
      )
    }</ul>`;
  }
  const about: ValueAbout = {};
  return html`<${ValueView} value=${value} about=${about} />`;
}

/** What a part of a value is called below the name of the whole. */
function partOf(label: string, whole: string): string {
  return label.startsWith(whole) ? label.slice(whole.length).replace(/^\./, "") : label;
}

/** What there is to say of a reading. */
function stateText(state: ReadingState, age: number | undefined): string {
  const ago = age === undefined ? "" : ageText(age) === "now" ? "now" : `${ageText(age)} ago`;
  switch (state.state) {
    case "waiting":
      return ago === "" ? "Waiting" : `Waiting, last read ${ago}`;
    case "read":
      return ago;
    case "failed":
      return `${state.reason}${ago === "" ? "" : `, last read ${ago}`}`;
    case "gone":
      return `Gone since ${timeText(state.since)}${ago === "" ? "" : `, last read ${ago}`}`;
    case "stopped":
      return ago === "" ? "Stopped" : `Stopped, last read ${ago}`;
  }
}
