/**
 * Writes the records of connections: a queue that is written in batches, so that no peer waits for
 * the database, however long another program keeps it locked. It also deletes old records.
 *
 * `database/connections_table.ts` has the statements.
 *
 * @module
 */

import type {
  ConnectionsTable,
  NewRecord,
  Origin,
  Retention,
} from "./database/connections_table.ts";
import { retryWhileLocked } from "../base/database_lock.ts";
import { logger } from "../base/log.ts";
import { MAX_QUEUED_RECORDS } from "../limits.ts";

/** The time in which records are collected for a batch, in milliseconds. */
const COLLECT_TIME = 100;
/** The time between two batches while more are waiting, in milliseconds. Messages are served in it. */
const BATCH_INTERVAL = 5;
/** The time after a failure until the next attempt, in milliseconds. */
const RETRY_DELAY = 1_000;
/** The time between two searches for old records while no connection is recorded, in milliseconds. */
const PRUNE_INTERVAL = 60_000;
/** How many records are written, or deleted, at once. It takes about 2 ms. */
const BATCH = 500;
/** How long a shutdown waits for the database, in milliseconds. */
const CLOSE_PATIENCE = 1_000;

const log = logger("database");

/** The queue of records of a running Manager. */
export class ConnectionRecords {
  readonly #table: ConnectionsTable;
  readonly #retention: Retention;
  readonly #queue: NewRecord[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off, in milliseconds of `performance.now()`. */
  #due = Infinity;
  /** How many records were dropped since the last batch was written. */
  #dropped = 0;
  /** Whether the last attempt has failed. */
  #isFailing = false;
  #isClosed = false;

  /** @param retention Which records are kept. */
  constructor(table: ConnectionsTable, retention: Retention) {
    this.#table = table;
    this.#retention = retention;
    this.#schedule(COLLECT_TIME); // the table may have more records than it shall keep
  }

  /** Queues a record. Returns at once, and never throws. */
  add({ address, domain, port }: Origin, message: string): void {
    if (this.#isClosed || this.#retention.rows === 0) return;
    if (this.#queue.length >= MAX_QUEUED_RECORDS) {
      if (this.#dropped++ === 0) log.error("Records of connections are dropped from now on");
      return;
    }
    this.#queue.push({ address, domain, port, message, time: Date.now() });
    if (!this.#isFailing) this.#schedule(COLLECT_TIME);
  }

  /**
   * Writes what is queued at once. Waits while another program has locked the database.
   *
   * @param patience How long to wait, in milliseconds. Default: 5000.
   * @throws {ConfigurationError} If the database cannot be written. The records stay in the queue.
   */
  async flush(patience?: number): Promise<void> {
    while (this.#queue.length > 0) await retryWhileLocked(() => this.#writeBatch(), patience);
  }

  /** Writes what is queued, for a second at most, and stops. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    try {
      await this.flush(CLOSE_PATIENCE);
    } catch (error) {
      this.#dropped += this.#queue.length;
      log.error("Cannot write the records of {count} connection events: {error}", {
        count: this.#dropped,
        error: (error as Error).message,
      });
    }
  }

  /** Makes sure that the next step comes within a time, in milliseconds. */
  #schedule(wait: number): void {
    const due = performance.now() + wait;
    if (this.#isClosed || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#step(), wait);
  }

  /** One batch: of new records, and of old ones. */
  #step(): void {
    this.#due = Infinity;
    try {
      this.#writeBatch();
      const pruned = this.#table.prune(this.#retention, BATCH, Date.now());
      const isBusy = this.#queue.length > 0 || pruned > 0;
      this.#schedule(isBusy ? BATCH_INTERVAL : PRUNE_INTERVAL);
    } catch (error) {
      if (!this.#isFailing) {
        log.error("Cannot write the records of connections, they wait: {error}", {
          error: (error as Error).message,
        });
      }
      this.#isFailing = true;
      this.#schedule(RETRY_DELAY);
    }
  }

  #writeBatch(): void {
    const batch = this.#queue.slice(0, BATCH);
    if (batch.length > 0) {
      this.#table.insert(batch);
      this.#queue.splice(0, batch.length);
    }
    this.#isFailing = false;
    if (this.#dropped === 0) return;
    log.error("{count} records of connections were dropped, since they could not be written", {
      count: this.#dropped,
    });
    this.#dropped = 0;
  }
}
