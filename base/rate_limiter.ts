/**
 * Limits how often one message is logged. Otherwise a peer that can connect could log one message
 * so often that all other records are rotated away within minutes.
 *
 * 64 KiB of records of a message may come at once, and 256 bytes a second after that. The number of
 * suppressed records is logged. Records of the level debug are never suppressed: a person has asked for them.
 *
 * @module
 */

import type { LogRecord } from "@logtape/logtape";
import { LOG_BURST, LOG_RATE } from "../limits.ts";

/** The state of one message, whatever values are filled in. */
interface Bucket {
  /** How many more bytes may come now. Less than 0 after a record that was longer than the rest. */
  credit: number;
  /** The time up to which the credit is counted, in milliseconds since 1970. */
  counted: number;
  /** How many records were suppressed since the last one that was not. */
  suppressed: number;
  /** The last record. */
  latest: LogRecord;
}

/** Decides for each record whether it is logged or suppressed. */
export class LogRateLimiter {
  /** By the message. There are as many as the program has statements that log. */
  readonly #buckets = new Map<string, Bucket>();

  /**
   * How many records of this message were suppressed before; `undefined` if this one is too. If it is
   * not, {@linkcode LogRateLimiter.charge} has to follow.
   */
  admit(record: LogRecord): number | undefined {
    if (record.level === "debug" || record.level === "trace") return 0;
    const bucket = this.#bucketOf(record);
    bucket.counted = Math.min(bucket.counted, record.timestamp); // the clock was set back
    const earned = (record.timestamp - bucket.counted) * LOG_RATE / 1_000;
    bucket.credit = Math.min(bucket.credit + earned, LOG_BURST);
    bucket.counted = record.timestamp;
    bucket.latest = record;
    if (bucket.credit <= 0) {
      bucket.suppressed++;
      return undefined;
    }
    const { suppressed } = bucket;
    bucket.suppressed = 0;
    return suppressed;
  }

  /** Counts the bytes of a record that was admitted. */
  charge(record: LogRecord, bytes: number): void {
    if (record.level !== "debug" && record.level !== "trace") {
      this.#bucketOf(record).credit -= bytes;
    }
  }

  /** The suppressed records that no result of `admit` has counted, and resets the limiter. */
  takeSuppressed(): { suppressed: number; latest: LogRecord }[] {
    const uncounted = [...this.#buckets.values()].filter(({ suppressed }) => suppressed > 0);
    this.#buckets.clear();
    return uncounted;
  }

  #bucketOf(record: LogRecord): Bucket {
    const { category, rawMessage, timestamp } = record;
    const text = typeof rawMessage === "string" ? rawMessage : rawMessage.join("{}");
    const key = JSON.stringify([category, text]);
    const bucket = this.#buckets.get(key) ??
      { credit: LOG_BURST, counted: timestamp, suppressed: 0, latest: record };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
