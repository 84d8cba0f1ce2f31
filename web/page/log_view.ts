/// <reference lib="dom" />
/**
 * The log of the Manager: follows it, filters it by level and text, and pauses.
 *
 * The newest record is at the end, and stays in view unless the person has scrolled away from it.
 *
 * @module
 */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isoTime } from "../../base/time_text.ts";
import { LOG_LEVELS } from "../../wire/log_entries.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import type { LogFilter, LogLine, ManagerLog } from "./manager_log.ts";
import { timeText } from "./texts.ts";

/** The log. The person is an administrator. */
export function LogView({ laboratory }: { laboratory: Laboratory }): Element {
  const { log } = laboratory;
  useEffect(() => laboratory.followLog(), [laboratory.client]);
  return html`
    <section class="log-view" aria-labelledby="log-title">
      <h2 id="log-title">Log</h2>
      <${Tools} log=${log} />
      <${Lines} log=${log} />
    </section>
  `;
}

function Tools({ log }: { log: ManagerLog }): Element {
  const { filter } = log;
  const change = (changed: Partial<LogFilter>) => filter.value = { ...filter.value, ...changed };
  const waiting = log.waiting.value;
  const [shown, all] = [log.shown.value.length, log.count.value];
  return html`
    <div class="log-tools">
      <label>Level <select value=${filter.value.level}
          onChange=${({ currentTarget }: { currentTarget: HTMLSelectElement }) =>
            change({ level: currentTarget.value as LogFilter["level"] })}>${LOG_LEVELS.map((
              level,
            ) =>
              html`<option key=${level} value=${level}>${
                level === "debug" ? "all" : level === "critical" ? level : `${level} and above`
              }</option>`
            )}</select></label>
      <label class="search"><span class="hidden">Search the log</span>
        <input type="search" placeholder="Search" value=${filter.value.text}
          onInput=${({ currentTarget }: { currentTarget: HTMLInputElement }) =>
            change({ text: currentTarget.value })} /></label>
      <button type="button" aria-pressed=${String(waiting !== undefined)}
        onClick=${() => log.pause(waiting === undefined)}>Pause</button>
      <p class="log-count" role="status">${waiting === undefined
        ? (shown === all ? `${all} records` : `${shown} of ${all} records`)
        : `Paused, ${waiting} new`}</p>
    </div>
  `;
}

/** How far from its end a list still counts as scrolled to it, in pixels. */
const NEAR = 8;

function Lines({ log }: { log: ManagerLog }): Element {
  const list = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const lines = log.shown.value;
  const toEnd = () => {
    const { current } = list;
    if (current) current.scrollTop = current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (isAtEnd) toEnd();
  }, [lines, isAtEnd]);
  const scrolled = ({ currentTarget }: { currentTarget: HTMLDivElement }) => {
    const { scrollHeight, scrollTop, clientHeight } = currentTarget;
    setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR);
  };
  return html`
    <div class="log-frame">
      <div class="log-lines" ref=${list} tabindex="0" role="log" aria-live="off"
        aria-labelledby="log-title" onScroll=${scrolled}>
        <ol>${lines.map((line) => html`<${Line} key=${line.key} line=${line} />`)}</ol>
      </div>
      ${lines.length === 0 && log.count.value > 0 &&
        html`<p class="empty">No record fits.</p>`}
      ${!isAtEnd &&
        html`<button type="button" class="to-end" onClick=${toEnd}>To the newest</button>`}
    </div>
  `;
}

function Line({ line }: { line: LogLine }): Element {
  if (!("entry" in line)) return html`<li class="log-note">${line.note}</li>`;
  const { time, level, logger, message } = line.entry;
  return html`
    <li data-level=${level}>
      <time datetime=${isoTime(time)}>${timeText(time)}</time>
      <span class="level">${level}</span>
      <span class="logger">${logger.replace(/^msl\.network\./, "")}</span>
      <span class="message">${message}</span>
    </li>
  `;
}
