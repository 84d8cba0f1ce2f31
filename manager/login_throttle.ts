/**
 * Slows down the guessing of passwords. A computer that has failed to log in a few times waits
 * longer before each further attempt.
 *
 * A computer is its numeric address. Its attempts run one after the other: in parallel, many guesses
 * would be checked before the first of them has failed.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { formatDuration } from "../base/units.ts";
import { ConnectionAbortedError, PermissionError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/**
 * One attempt to log in, throttled: runs `check` when the attempts before it are finished and the
 * delay is over. True if the password is right.
 */
export type LoginAttempt = (check: () => boolean | Promise<boolean>) => Promise<boolean>;

/** The failed logins of one address. */
interface Failures {
  count: number;
  /** The clock's time of the last failure. */
  last: number;
  /** How many attempts run or wait. */
  pending: number;
  /** Settles when the latest attempt is finished. */
  finished: Promise<unknown>;
}

/** The clock of a throttle; tests pass their own. */
export interface Clock {
  /** A monotonic time in milliseconds. */
  now(): number;
  /** Waits, in milliseconds. Rejects when the signal is aborted. */
  delay(milliseconds: number, options: { signal: AbortSignal }): Promise<void>;
}

/** How many addresses are remembered. The oldest entry is evicted first. */
const MAX_ADDRESSES = 10_000;

/** The limits that the throttle reads. */
type ThrottleLimits = Pick<Limits, "freeLogins" | "loginPenalty" | "loginMemory" | "loginTimeout">;

/** Throttles the attempts to log in, by address. */
export class LoginThrottle implements Disposable {
  readonly #limits: ThrottleLimits;
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Failures>();
  readonly #end = new AbortController();

  constructor(
    limits: ThrottleLimits,
    clock: Clock = { now: () => performance.now(), delay },
  ) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#byAddress.size;
  }

  /**
   * Runs an attempt from an address, after the attempts before it and the delay for its failures.
   *
   * @param check Whether the password is right. Not called if the attempt is rejected.
   * @throws {PermissionError} If the attempt would wait longer than `loginTimeout`.
   * @throws {ConnectionAbortedError} If the Manager shuts down before the check.
   */
  async attempt(address: string, check: () => boolean | Promise<boolean>): Promise<boolean> {
    const failures = this.#failuresOf(address);
    failures.pending++;
    const attempt = this.#attemptAfter(failures.finished, failures, address, check);
    failures.finished = attempt.catch(() => {});
    try {
      return await attempt;
    } finally {
      failures.pending--;
      if (failures.pending === 0 && failures.count === 0) this.#byAddress.delete(address);
    }
  }

  /** Rejects the attempts that wait, and all later ones, with a `ConnectionAbortedError`. */
  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #attemptAfter(
    previous: Promise<unknown>,
    failures: Failures,
    address: string,
    check: () => boolean | Promise<boolean>,
  ): Promise<boolean> {
    const { freeLogins, loginPenalty, loginMemory, loginTimeout } = this.#limits;
    const start = this.#clock.now();
    await previous;
    if (this.#isExpired(failures)) failures.count = 0;
    const penalty = Math.max(0, failures.count + 1 - freeLogins) * loginPenalty;
    if (failures.count > 0 && this.#clock.now() - start + penalty > loginTimeout) {
      const rest = failures.last + loginMemory - this.#clock.now();
      throw new PermissionError(
        `Too many failed logins from ${address}: try again in ` +
          `${formatDuration(Math.ceil(rest / 1_000) * 1_000)} ` +
          `(--free-logins, --login-penalty, --login-memory)`,
      );
    }
    await this.#wait(penalty);
    const isRight = await check();
    if (!isRight) {
      failures.count++;
      failures.last = this.#clock.now();
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

  #failuresOf(address: string): Failures {
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    if (this.#byAddress.size >= MAX_ADDRESSES) this.#evict();
    const failures = { count: 0, last: 0, pending: 0, finished: Promise.resolve() };
    this.#byAddress.set(address, failures);
    return failures;
  }

  /** Evicts the expired entries, or else the oldest one. An entry with an attempt under way stays. */
  #evict(): void {
    const idle = [...this.#byAddress].filter(([_, { pending }]) => pending === 0);
    const expired = idle.filter(([_, failures]) => this.#isExpired(failures));
    for (const [address] of expired.length > 0 ? expired : idle.slice(0, 1)) {
      this.#byAddress.delete(address);
    }
  }

  #isExpired({ last }: Failures): boolean {
    return this.#clock.now() - last >= this.#limits.loginMemory;
  }
}
