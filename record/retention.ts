/**
 * Deletes the readings and gaps of a recording that are older than the time for which it is kept, a few
 * in each transaction of the writer, so that the event loop is not blocked.
 *
 * A clock that jumps must not delete a recording. So its age is counted from the last reading that the
 * file had when it was opened, and with a clock that cannot jump: a file that was not written for a
 * week is kept for a week longer. Nor must a source whose clock is wrong, e.g. one that counts from its
 * start: its oldest reading must have been received that long ago, too.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { SYSTEM_CLOCK, type Times } from "./clock.ts";
import type { RollupWriter } from "./rollup_writer.ts";

/** How long a part of the kept time is that is deleted at once, as that part: 1.6 %. */
const SLACK = 1 / 64;
/** The time from one step to the next at least, in milliseconds. */
const INTERVAL = 50;
/** How many readings a step deletes, or twice as many as were written since the one before. */
const STEP = 500;
/** How many sources a step looks at. */
const SOURCES = 100;

/** Deletes what is older than a time. */
export class Retention {
  readonly #keep: number;
  readonly #clock: Times;
  readonly #rollups: RollupWriter;
  /** What the time was at 0 of the clock that does not jump. */
  readonly #epoch: number;
  readonly #nextSource: StatementSync;
  readonly #oldest: StatementSync;
  readonly #lastOfStep: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteGaps: StatementSync;
  #written = 0;
  #last = -Infinity;
  /** The source that the last step has looked at. */
  #source = 0;

  /**
   * @param database A database with the tables of `schema.ts`.
   * @param rollups Is told what was deleted.
   * @param keep How old a reading becomes, in milliseconds.
   */
  constructor(
    database: DatabaseSync,
    rollups: RollupWriter,
    keep: number,
    clock: Times = SYSTEM_CLOCK,
  ) {
    this.#keep = keep;
    this.#clock = clock;
    this.#rollups = rollups;
    const newest = database.prepare("SELECT received FROM reading ORDER BY id DESC LIMIT 1").get();
    const now = clock.now();
    const opened = newest === undefined ? now : Math.min(now, Number(newest.received));
    this.#epoch = opened - clock.monotonic();
    this.#nextSource = database.prepare(
      "SELECT COALESCE(MIN(id), (SELECT MIN(id) FROM source)) AS id FROM source WHERE id > ?",
    );
    this.#oldest = database.prepare(
      "SELECT time, received FROM reading WHERE source = ? ORDER BY time LIMIT 1",
    );
    const old = "FROM reading WHERE source = ? AND time < ? ORDER BY time LIMIT";
    this.#lastOfStep = database.prepare(`SELECT time ${old} 1 OFFSET ?`);
    this.#delete = database.prepare(`DELETE FROM reading WHERE id IN (SELECT id ${old} ?)`);
    this.#deleteGaps = database.prepare('DELETE FROM gap WHERE source = ? AND "end" < ?');
  }

  /**
   * Deletes some of what is too old, if it is time for that. It is called in a transaction.
   *
   * @param written How many readings the transaction writes.
   */
  advance(written: number): void {
    this.#written += written;
    const now = this.#clock.monotonic();
    if (now - this.#last < INTERVAL) return;
    this.#last = now;
    const cutoff = Math.min(this.#epoch + now, this.#clock.now()) - this.#keep;
    let left = Math.max(STEP, 2 * this.#written);
    this.#written = 0;
    const began = this.#source;
    for (let looked = 0; looked < SOURCES && left > 0; looked++) {
      this.#source = Number(this.#nextSource.get(this.#source)!.id);
      left -= this.#deleteBefore(cutoff, left);
      if (this.#source === began) return;
    }
  }

  /** Deletes some of the readings of the source, and returns how many. */
  #deleteBefore(cutoff: number, most: number): number {
    const source = this.#source;
    const oldest = this.#oldest.get(source);
    const isOld = oldest !== undefined && Number(oldest.received) < cutoff &&
      Number(oldest.time) < cutoff - SLACK * this.#keep;
    if (!isOld) return 0;
    const last = this.#lastOfStep.get(source, cutoff, most - 1);
    const deleted = Number(this.#delete.run(source, cutoff, most).changes);
    const before = last === undefined ? cutoff : Number(last.time);
    this.#rollups.forget(source, before);
    this.#deleteGaps.run(source, before);
    return deleted;
  }
}
