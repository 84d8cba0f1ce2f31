/**
 * What the page does with a recorder: it requests the histories of the chosen sources in the shown span,
 * again when that changes or new readings come, and the alarms. An answer that is late counts for
 * nothing.
 *
 * @module
 */

import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { HistorySource } from "../../wire/history.ts";
import {
  type ReceivedHistory,
  type RecorderAlarm,
  toAlarms,
  toHistory,
  toSources,
} from "./history_data.ts";
import type { Shown } from "./plot_view.ts";

/** The most sources in the plots. */
export const MAX_CHOSEN = 8;
/** The buckets that are requested, about one in a pixel. */
const POINTS = 1_000;
const DAY = 24 * 3_600_000;
/** What is shown first: yesterday and now, in milliseconds. */
const FIRST_SPAN = 2 * DAY;

/** What a recorder is asked. */
export type AskRecorder = (
  attribute: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

/** A chosen source with its history. */
export interface ShownHistory {
  readonly source: HistorySource;
  readonly history: ReceivedHistory;
}

/** What is shown of a recorder. */
export class RecorderSession {
  readonly #ask: AskRecorder;
  readonly #now: () => number;
  readonly #sources = signal<readonly HistorySource[]>([]);
  readonly #chosen = signal<readonly number[]>([]);
  readonly #shown: ReturnType<typeof signal<Shown>>;
  readonly #histories = signal<readonly ShownHistory[]>([]);
  readonly #alarms = signal<readonly RecorderAlarm[]>([]);
  readonly #problem = signal("");
  readonly #explain: (error: unknown) => string;
  /** The length of the span that follows the time; `undefined` if another one was chosen. */
  readonly #following = signal<number | undefined>(FIRST_SPAN);
  #generation = 0;

  constructor(
    { ask, explain, now = Date.now }: {
      ask: AskRecorder;
      /** An error in words. */
      explain: (error: unknown) => string;
      /** The time in milliseconds since 1970. */
      now?: () => number;
    },
  ) {
    this.#ask = ask;
    this.#explain = explain;
    this.#now = now;
    this.#shown = signal<Shown>([now() - FIRST_SPAN, now()]);
  }

  /** What is recorded. */
  get sources(): ReadonlySignal<readonly HistorySource[]> {
    return this.#sources;
  }

  /** The numbers of the sources that are shown. */
  get chosen(): ReadonlySignal<readonly number[]> {
    return this.#chosen;
  }

  /** The span that is shown. */
  get shown(): Shown {
    return this.#shown.value!;
  }

  /** The length of the span that follows the time, in milliseconds; `undefined` if it does not. */
  get following(): ReadonlySignal<number | undefined> {
    return this.#following;
  }

  /** What has come of the sources that are shown. */
  get histories(): ReadonlySignal<readonly ShownHistory[]> {
    return this.#histories;
  }

  /** What is not normal. */
  get alarms(): ReadonlySignal<readonly RecorderAlarm[]> {
    return this.#alarms;
  }

  /** Why the last request has failed; empty if it has not. */
  get problem(): ReadonlySignal<string> {
    return this.#problem;
  }

  /** Requests what there is, and the newest readings if they are shown. Never rejects. */
  async update(): Promise<void> {
    await this.#guard(async () => {
      const [sources, alarms] = await Promise.all([
        this.#ask("sources", [], {}),
        this.#ask("alarms", [], {}),
      ]);
      const isFirst = this.#sources.value.length === 0;
      batch(() => {
        this.#sources.value = toSources(sources);
        this.#alarms.value = toAlarms(alarms);
        const [first] = this.#sources.value;
        if (isFirst && first !== undefined && this.#chosen.value.length === 0) {
          this.#chosen.value = [first.id];
        }
      });
      if (this.#following.value !== undefined) this.#follow(this.#following.value);
    });
    // A span that was chosen stays as it is.
    if (this.#following.value !== undefined) await this.#request();
  }

  /** Shows a source, or does not show it any more. */
  async choose(id: number): Promise<void> {
    const before = this.#chosen.value;
    if (before.includes(id)) this.#chosen.value = before.filter((one) => one !== id);
    else if (before.length < MAX_CHOSEN) this.#chosen.value = [...before, id];
    await this.#request();
  }

  /** Shows a span, which does not follow the time. */
  async show([start, end]: Shown): Promise<void> {
    if (!(end - start >= 1)) return;
    this.#following.value = undefined;
    this.#shown.value = [Math.round(start), Math.round(end)];
    await this.#request();
  }

  /** Shows the last so many milliseconds, from now on; `Infinity` for all that there is. */
  async follow(span: number): Promise<void> {
    this.#follow(span);
    await this.#request();
  }

  /** Acknowledges the alarm of a source. */
  async acknowledge(source: string): Promise<void> {
    await this.#guard(async () => {
      await this.#ask("acknowledge", [source], {});
      this.#alarms.value = toAlarms(await this.#ask("alarms", [], {}));
    });
  }

  #follow(span: number): void {
    const now = this.#now();
    const starts = this.#sources.value.map(({ start }) => start).filter((start) => start !== null);
    const first = Math.min(now - 1, ...starts);
    this.#following.value = span;
    this.#shown.value = [span < Infinity ? now - span : first, now];
  }

  async #request(): Promise<void> {
    const generation = ++this.#generation;
    const [start, end] = this.shown;
    const chosen = this.#sources.value.filter(({ id }) => this.#chosen.value.includes(id));
    await this.#guard(async () => {
      const histories = await Promise.all(
        chosen.map(async (source) => ({
          source,
          history: toHistory(
            await this.#ask("history", [source.id], { start, end, points: POINTS }),
          ),
        })),
      );
      if (generation === this.#generation) this.#histories.value = histories;
    });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#problem.value = "";
    } catch (error) {
      this.#problem.value = this.#explain(error);
    }
  }
}
