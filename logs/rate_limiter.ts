/**
 * Keeps one thing that is said again and again from filling the log: whoever can connect could
 * otherwise have all else rotated away within minutes.
 *
 * Of each message 300 may come at once, and one a second after that. How many more there were is
 * said. What is asked for with the level debug is never left out.
 *
 * @module
 */

import type { LogRecord } from "@logtape/logtape";

/** How many records of one message may come at once. */
const BURST = 300;
/** After how many milliseconds there may be one more. */
const INTERVAL = 1_000;

/** What is known of one message, whatever is filled in to it. */
interface Source {
  /** How many of its records may come. */
  credit: number;
  /** When the credit was counted, in milliseconds since 1970. */
  counted: number;
  /** How many were left out since the last one that was not. */
  leftOut: number;
  /** The last of those. */
  latest: LogRecord;
}

/** Says of each record whether it is one too many. */
export class LogRateLimiter {
  /** By the message. There are as many as the program has statements that log. */
  readonly #sources = new Map<string, Source>();

  /** How many records like this one were left out before it; `undefined` if it is left out too. */
  admit(record: LogRecord): number | undefined {
    if (record.level === "debug" || record.level === "trace") return 0;
    const source = this.#sourceOf(record);
    source.counted = Math.min(source.counted, record.timestamp); // the clock was set back
    const earned = Math.floor((record.timestamp - source.counted) / INTERVAL);
    source.credit = Math.min(source.credit + earned, BURST);
    source.counted = source.credit === BURST
      ? record.timestamp
      : source.counted + earned * INTERVAL;
    source.latest = record;
    if (source.credit === 0) {
      source.leftOut++;
      return undefined;
    }
    source.credit--;
    const { leftOut } = source;
    source.leftOut = 0;
    return leftOut;
  }

  /** What was left out and not told of yet: how many, and the last of them. Once. */
  rest(): { leftOut: number; latest: LogRecord }[] {
    const rest = [...this.#sources.values()].filter(({ leftOut }) => leftOut > 0);
    this.#sources.clear();
    return rest;
  }

  #sourceOf(record: LogRecord): Source {
    const { category, rawMessage, timestamp } = record;
    const text = typeof rawMessage === "string" ? rawMessage : rawMessage.join("{}");
    const key = JSON.stringify([category, text]);
    const source = this.#sources.get(key) ??
      { credit: BURST, counted: timestamp, leftOut: 0, latest: record };
    this.#sources.set(key, source);
    return source;
  }
}
