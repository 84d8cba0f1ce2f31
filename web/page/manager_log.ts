/**
 * The log of the Manager, as the page follows it: the last records, with notes where some are missing
 * and where the Manager was started again.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import {
  isAtLeast,
  isLogEntries,
  type LOG_LEVELS,
  LogCursor,
  type LogEntry,
} from "../../wire/log_entries.ts";

/** A record, or a note between two of them. Its key is unique. */
export type LogLine =
  | { readonly key: number; readonly entry: LogEntry }
  | { readonly key: number; readonly note: string };

/** How many lines the page keeps. */
export const KEPT_LINES = 2_000;

/** The time between two requests, in milliseconds. */
const INTERVAL = 1_000;

/** What is shown of a log. */
export interface LogFilter {
  /** The lowest level. */
  level: typeof LOG_LEVELS[number];
  /** What a record has in its message or its logger, in any case. */
  text: string;
}

/** The log of the Manager. */
export class ManagerLog {
  readonly #lines = signal<readonly LogLine[]>([]);
  /** The lines when the person has paused. */
  readonly #paused = signal<readonly LogLine[] | undefined>(undefined);
  #cursor = new LogCursor();
  #keys = 0;

  /** Which records are shown. */
  readonly filter = signal<LogFilter>({ level: "debug", text: "" });

  /** The lines that are shown: the last ones, or those from before the pause. */
  readonly shown: ReadonlySignal<readonly LogLine[]> = computed(() => {
    const { level, text } = this.filter.value;
    const wanted = text.trim().toLowerCase();
    return (this.#paused.value ?? this.#lines.value).filter((line) => {
      if (!("entry" in line)) return wanted === "";
      const { entry } = line;
      return isAtLeast(entry.level, level) &&
        `${entry.logger} ${entry.message}`.toLowerCase().includes(wanted);
    });
  });

  /** How many lines there are, shown or not. */
  readonly count: ReadonlySignal<number> = computed(() =>
    (this.#paused.value ?? this.#lines.value).length
  );

  /** How many lines have come since the pause; `undefined` without one. */
  readonly waiting: ReadonlySignal<number | undefined> = computed(() => {
    if (this.#paused.value === undefined) return undefined;
    return (this.#lines.value.at(-1)?.key ?? 0) - (this.#paused.value.at(-1)?.key ?? 0);
  });

  /** Shows no new lines, or shows them again. */
  pause(isPaused: boolean): void {
    this.#paused.value = isPaused ? this.#lines.value : undefined;
  }

  /** Forgets every line: the person has logged out. */
  clear(): void {
    this.#cursor = new LogCursor();
    this.#lines.value = [];
    this.pause(false);
  }

  /**
   * Requests the new records, again and again until the signal is aborted.
   *
   * @param request Requests the records after a number. The log waits longer after it rejects.
   * @param isVisible Resolves when the page can be seen.
   */
  async follow(
    request: (after: number) => Promise<unknown>,
    signal: AbortSignal,
    isVisible: () => Promise<void>,
  ): Promise<void> {
    while (!signal.aborted) {
      await isVisible();
      const isAll = await this.update(request).catch(() => true); // the connection has ended
      if (isAll) await pause(INTERVAL, signal);
    }
  }

  /**
   * Requests the new records, once.
   *
   * @returns Whether there are no more at the moment.
   */
  async update(request: (after: number) => Promise<unknown>): Promise<boolean> {
    const cursor = this.#cursor;
    const reply = await request(cursor.after);
    if (cursor !== this.#cursor || !isLogEntries(reply)) return true;
    const fresh = cursor.take(reply);
    if (fresh === undefined) return false;
    const { records, missed, isRestarted } = fresh;
    const lines: LogLine[] = [];
    if (isRestarted) lines.push(this.#note("The Manager was started again"));
    if (missed > 0) {
      lines.push(this.#note(`${missed} ${missed === 1 ? "record was" : "records were"} missed`));
    }
    for (const entry of records) lines.push({ key: ++this.#keys, entry });
    if (lines.length > 0) this.#lines.value = [...this.#lines.value, ...lines].slice(-KEPT_LINES);
    return true;
  }

  #note(note: string): LogLine {
    return { key: ++this.#keys, note };
  }
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
