/**
 * Slows down whoever guesses passwords: a computer that has failed to log in a few times waits a bit
 * longer for each further attempt.
 *
 * A computer is its numeric address. Its attempts are judged one after the other: many at once would
 * be as many guesses before the first of them has failed.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ConnectionAbortedError, PermissionError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { formatDuration } from "../base/units.ts";

/** Judges one attempt to log in: what `check` says about it, when it is its turn. */
export type Judge = (check: () => boolean | Promise<boolean>) => Promise<boolean>;

/** What is known of a computer. */
interface Suspect {
  failures: number;
  /** When it failed last, by the clock. */
  lastFailure: number;
  /** How many of its attempts are being judged or wait for it. */
  attempts: number;
  /** Settles when the latest of them has been judged. */
  judged: Promise<unknown>;
}

/** What an attempt takes its time from; a test has one of its own. */
export interface Clock {
  /** A time that only goes on, in milliseconds. */
  now(): number;
  /** Waits, in milliseconds. Rejects when it is aborted. */
  delay(milliseconds: number, options: { signal: AbortSignal }): Promise<void>;
}

/** How many computers are remembered. Those that failed first are forgotten first. */
const MOST_SUSPECTS = 10_000;

/** The attempts to log in of all computers. */
export class Attempts implements Disposable {
  readonly #limits: Pick<Limits, "freeLogins" | "loginPenalty" | "loginMemory" | "loginTimeout">;
  readonly #clock: Clock;
  readonly #suspects = new Map<string, Suspect>();
  readonly #end = new AbortController();

  constructor(
    limits: Pick<Limits, "freeLogins" | "loginPenalty" | "loginMemory" | "loginTimeout">,
    clock: Clock = { now: () => performance.now(), delay },
  ) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** How many computers are remembered. */
  get size(): number {
    return this.#suspects.size;
  }

  /**
   * Judges an attempt of a computer, when it is its turn and it has waited for its failures.
   *
   * @throws {PermissionError} If it would have to wait longer than `loginTimeout`. The attempt is not
   * judged then.
   * @throws {ConnectionAbortedError} If the Manager shuts down before it is its turn.
   */
  async judge(address: string, check: () => boolean | Promise<boolean>): Promise<boolean> {
    const suspect = this.#suspectAt(address);
    suspect.attempts++;
    const judged = this.#judgeAfter(suspect.judged, suspect, address, check);
    suspect.judged = judged.catch(() => {});
    try {
      return await judged;
    } finally {
      suspect.attempts--;
      if (suspect.attempts === 0 && suspect.failures === 0) this.#suspects.delete(address);
    }
  }

  /** Whoever waits is told that the Manager is shutting down. */
  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #judgeAfter(
    previous: Promise<unknown>,
    suspect: Suspect,
    address: string,
    check: () => boolean | Promise<boolean>,
  ): Promise<boolean> {
    const { freeLogins, loginPenalty, loginMemory, loginTimeout } = this.#limits;
    const asked = this.#clock.now();
    await previous;
    if (this.#isForgotten(suspect)) suspect.failures = 0;
    const penalty = Math.max(0, suspect.failures + 1 - freeLogins) * loginPenalty;
    if (suspect.failures > 0 && this.#clock.now() - asked + penalty > loginTimeout) {
      const rest = suspect.lastFailure + loginMemory - this.#clock.now();
      throw new PermissionError(
        `Too many failed logins from ${address}: try again in ` +
          `${formatDuration(Math.ceil(rest / 1_000) * 1_000)} ` +
          `(--free-logins, --login-penalty, --login-memory)`,
      );
    }
    await this.#wait(penalty);
    const isRight = await check();
    if (!isRight) {
      suspect.failures++;
      suspect.lastFailure = this.#clock.now();
    }
    return isRight;
  }

  async #wait(milliseconds: number): Promise<void> {
    try {
      this.#end.signal.throwIfAborted();
      if (milliseconds > 0) await this.#clock.delay(milliseconds, { signal: this.#end.signal });
    } catch {
      throw new ConnectionAbortedError("the Manager is shutting down");
    }
  }

  #suspectAt(address: string): Suspect {
    const known = this.#suspects.get(address);
    if (known !== undefined) return known;
    if (this.#suspects.size >= MOST_SUSPECTS) this.#forget();
    const suspect = { failures: 0, lastFailure: 0, attempts: 0, judged: Promise.resolve() };
    this.#suspects.set(address, suspect);
    return suspect;
  }

  /** Makes room: those that are not remembered any longer go, or else the one that came first. */
  #forget(): void {
    const idle = [...this.#suspects].filter(([_, { attempts }]) => attempts === 0);
    const forgotten = idle.filter(([_, suspect]) => this.#isForgotten(suspect));
    for (const [address] of forgotten.length > 0 ? forgotten : idle.slice(0, 1)) {
      this.#suspects.delete(address);
    }
  }

  #isForgotten({ lastFailure }: Suspect): boolean {
    return this.#clock.now() - lastFailure >= this.#limits.loginMemory;
  }
}
