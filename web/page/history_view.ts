/// <reference lib="dom" />
/**
 * The history of a recorder: the chosen sources in one plot for each unit, from yesterday to now or in a
 * span that is chosen by dragging, and its alarms.
 *
 * @module
 */

import { useEffect, useMemo } from "preact/hooks";
import { AlarmList } from "./alarm_list.ts";
import { CopyButton, SaveButton } from "./copy_button.ts";
import { csvOf } from "./csv.ts";
import type { Directory } from "./directory.ts";
import { historyRows, HistorySamples } from "./history_data.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import type { Limits } from "./limit_state.ts";
import { instantText, roundedText, withUnit } from "./number_text.ts";
import { lineColor } from "./plot_colors.ts";
import { PlotPane } from "./plot_pane.ts";
import type { Shown } from "./plot_view.ts";
import { MAX_CHOSEN, RecorderSession, type ShownHistory } from "./recorder_session.ts";
import type { ServiceSession } from "./service_session.ts";
import { reasonOf } from "./session.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How much time is shown, in milliseconds, and what the choice is called. */
const SPANS: readonly (readonly [number, string])[] = [
  [HOUR, "hour"],
  [6 * HOUR, "6 hours"],
  [DAY, "day"],
  [2 * DAY, "2 days"],
  [7 * DAY, "week"],
  [30 * DAY, "30 days"],
  [Infinity, "everything"],
];
/** How often what is shown is requested again, in milliseconds. */
const INTERVAL = 5_000;
const HEIGHT = 260;

/** The history of a recorder, while the page is linked with it. */
export function HistoryView(
  { laboratory, service }: { laboratory: Laboratory; service: ServiceSession },
): Element | null {
  const state = service.linkState.value;
  const link = state.state === "linked" ? state.link : undefined;
  const recorder = useMemo(() =>
    new RecorderSession({
      ask: (attribute, args, kwargs) => {
        const { value } = service.linkState;
        if (value.state !== "linked") throw new Error("The recorder is away");
        return value.link.request(attribute, { args, kwargs });
      },
      explain: reasonOf,
    }), [service]);
  useEffect(() => {
    if (link === undefined) return;
    recorder.update();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") recorder.update();
    }, INTERVAL);
    return () => clearInterval(timer);
  }, [link, recorder]);
  // A notification of a recorder is a change of an alarm.
  const [latest] = service.notifications.value;
  useEffect(() => {
    if (link !== undefined && latest !== undefined) recorder.update();
  }, [latest?.number]);
  if (link === undefined && recorder.histories.value.length === 0) return null;
  return html`
    <section class="history" aria-label="History">
      <${AlarmList} recorder=${recorder} canAcknowledge=${link !== undefined} />
      <h2>History</h2>
      <${Chooser} recorder=${recorder} />
      <${Tools} recorder=${recorder} />
      ${recorder.problem.value !== "" &&
        html`<p class="problem" role="alert">${recorder.problem.value}</p>`}
      <${Plots} recorder=${recorder} directory=${laboratory.directory} />
    </section>
  `;
}

function Chooser({ recorder }: { recorder: RecorderSession }): Element {
  const chosen = recorder.chosen.value;
  return html`
    <fieldset class="chooser">
      <legend class="hidden">Sources</legend>
      ${recorder.sources.value.map(({ id, source, unit }) => {
        const isChosen = chosen.includes(id);
        return html`
          <label key=${id}>
            <input type="checkbox" checked=${isChosen}
              disabled=${!isChosen && chosen.length >= MAX_CHOSEN}
              onChange=${() => recorder.choose(id)} />
            ${unit === "" ? source : `${source} (${unit})`}
          </label>
        `;
      })}
    </fieldset>
  `;
}

function Tools({ recorder }: { recorder: RecorderSession }): Element {
  const following = recorder.following.value;
  const [start, end] = recorder.shown;
  const middle = (start + end) / 2;
  const part = (low: number, high: number) => (): Promise<void> =>
    recorder.show([middle + (end - start) * low, middle + (end - start) * high]);
  const csv = () =>
    csvOf(historyRows(recorder.histories.value.map(({ source: { source, unit }, history }) => ({
      source,
      unit,
      history,
    }))));
  const button = (label: string, text: string, press: () => void) =>
    html`
      <button type="button" class="small" aria-label=${label} title=${label}
        onClick=${press}>${text}</button>
    `;
  return html`
    <div class="plot-tools" role="group" aria-label="Span">
      <label>Last <select onChange=${(event: Event) => {
        const { selectedIndex } = event.target as HTMLSelectElement;
        if (SPANS[selectedIndex] !== undefined) recorder.follow(SPANS[selectedIndex][0]);
      }}>
        ${SPANS.map(([span, text]) =>
          html`<option selected=${span === following}>${text}</option>`
        )}
        ${following === undefined && html`<option selected>a part</option>`}
      </select></label>
      ${button("Zoom in", "+", part(-0.25, 0.25))}
      ${button("Zoom out", "−", part(-1, 1))}
      ${button("Earlier", "←", part(-1, 0))}
      ${button("Later", "→", part(0, 1))}
      <${SaveButton} label="Save CSV" name="history.csv" type="text/csv" content=${csv} />
      <${CopyButton} label="Copy CSV" text=${csv} />
      <span class="notice">${instantText(start).slice(0, 16)} to
        ${" "}${following === undefined ? instantText(end).slice(0, 16) : "now"}</span>
    </div>
  `;
}

function Plots(
  { recorder, directory }: { recorder: RecorderSession; directory: Directory },
): Element {
  const histories = recorder.histories.value;
  const { shown } = recorder;
  const samples = useMemo(
    () => new Map(histories.map((one) => [one, new HistorySamples(one.history)])),
    [histories],
  );
  const units = Map.groupBy(histories, ({ source: { unit } }) => unit);
  return html`
    ${[...units].map(([unit, all]) => {
      const content = () => ({
        shown,
        lines: all.map((one) => ({
          label: one.source.source,
          samples: samples.get(one)!,
          color: histories.indexOf(one),
          ...limitsOf(directory, one.source.source),
        })),
      });
      return html`
        <div key=${unit} class="plot-of-unit">
          <${PlotPane} isTime=${true} unit=${unit} height=${HEIGHT} cursor="history"
            content=${content} onZoom=${(part: Shown) => recorder.show(part)}
            description=${`Plot of ${all.map(describe).join("; ")}`} />
          <ul class="plot-texts">
            ${all.map((one) =>
              html`
                <li key=${one.source.id}>
                  <span class="plot-swatch" ref=${colored(histories.indexOf(one))}></span>
                  ${describe(one)}
                </li>
              `
            )}
          </ul>
        </div>
      `;
    })}
  `;
}

function colored(index: number): (element: HTMLElement | null) => void {
  return (element) => element?.style.setProperty("background", lineColor(index));
}

/** The limits that the service of a source tells, if it is connected. */
export function limitsOf(directory: Pick<Directory, "services">, source: string): Limits {
  for (const { name, about } of directory.services.value) {
    for (const start of [name, JSON.stringify(name)]) {
      const rest = source.startsWith(start) ? source.slice(start.length) : "";
      const kinds = rest.startsWith(".") ? [about.attributes, about.notifications] : [];
      if (rest.startsWith(":")) kinds.push(about.notifications);
      const key = rest.slice(1).replace(/\(.*$/s, "");
      for (const kind of kinds) {
        if (!Object.hasOwn(kind, key)) continue;
        const found = kind[key];
        return "result" in found ? found.result ?? {} : found as Limits;
      }
    }
  }
  return {};
}

/** A line in words. */
function describe({ source: { source, unit }, history: { buckets, gaps } }: ShownHistory): string {
  if (buckets.length === 0) return `${source}: no numbers in this span`;
  let [lowest, highest, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const bucket of buckets) {
    lowest = Math.min(lowest, bucket.minimum);
    highest = Math.max(highest, bucket.maximum);
    sum += bucket.mean * bucket.count;
    count += bucket.count;
  }
  const ended = gaps.find(({ end }) => end === null);
  return `${source}: ${count.toLocaleString("en")} readings from ${roundedText(lowest)} to ` +
    `${withUnit(roundedText(highest), unit)}, mean ${roundedText(sum / count)}` +
    (gaps.length === 0 ? "" : `, ${gaps.length} ${gaps.length === 1 ? "gap" : "gaps"}`) +
    (ended === undefined
      ? ""
      : `, none since ${instantText(ended.start).slice(0, 19)}: ${ended.reason}`);
}
