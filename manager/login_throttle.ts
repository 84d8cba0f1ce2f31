/**
 * Slows down the guessing of passwords. After a few failed logins from one computer, or of one user
 * from anywhere, each further attempt waits longer.
 *
 * A computer is its numeric address, or its IPv6 network ({@linkcode blockOf}). Its attempts run one
 * after the other, and so do those of a user: in parallel, many guesses would be checked before the
 * first of them has failed. So that nobody can keep a user out by guessing, a user who has logged in
 * from an address before is counted there alone, and comes first when passwords wait to be checked.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { formatDuration } from "../base/units.ts";
import { retryWhileLocked } from "../base/database_lock.ts";
import { ConnectionAbortedError, PermissionError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import { type Limits, MAX_FAILURES } from "../limits.ts";
import { blockOf, KnownOrigins } from "./known_origins.ts";
import type { SessionUser, UsersTable } from "./database/users_table.ts";
import { PriorityGate } from "./priority_gate.ts";

/**
 * One attempt to log in, throttled: runs `check` when the attempts before it are finished and the
 * delay is over. True if the password is right.
 *
 * @param username The user whose password it is, if there is such a user.
 */
export type LoginAttempt = (
  check: () => boolean | Promise<boolean>,
  username?: string,
) => Promise<boolean>;

/**
 * Logs a user in, throttled. A name that is nobody's counts as a failure of the address alone.
 *
 * @returns The user; `undefined` if the name or the password is wrong.
 * @throws {PermissionError} If the attempt would wait longer than `loginTimeout`.
 * @throws {ConnectionAbortedError} If the Manager shuts down before the check.
 * @throws {ConfigurationError} If the database cannot be read.
 */
export async function logIn(
  users: Pick<UsersTable, "isUserRegistered" | "logIn">,
  attemptLogin: LoginAttempt,
  username: string,
  password: string,
): Promise<SessionUser | undefined> {
  const isUser = await retryWhileLocked(() => users.isUserRegistered(username));
  let user: SessionUser | undefined;
  await attemptLogin(async () => {
    user = await users.logIn(username, password);
    return user !== undefined;
  }, isUser ? username : undefined);
  return user;
}

/** The failed logins from one address, or of one user. */
interface Failures {
  /** Whose they are, for an error. */
  readonly whose: string;
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

/** The limits that the throttle reads. */
type ThrottleLimits = Pick<
  Limits,
  "freeLogins" | "loginPenalty" | "loginMemory" | "loginTimeout" | "maxHashes"
>;

type FailureMap = Map<string, Failures>;

/** Throttles the attempts to log in, by address and by user. */
export class LoginThrottle implements Disposable {
  readonly #limits: ThrottleLimits;
  readonly #clock: Clock;
  readonly #known: KnownOrigins;
  /** By the address, or the IPv6 network. */
  readonly #byAddress: FailureMap = new Map();
  /** By the user, from addresses from which that user has not logged in before. */
  readonly #byUser: FailureMap = new Map();
  /** By an address and a user who has logged in from there before. */
  readonly #byKnown: FailureMap = new Map();
  readonly #gate: PriorityGate;
  readonly #end = new AbortController();

  /** @param known From where users have logged in. It gets those who do. */
  constructor(
    limits: ThrottleLimits,
    known: KnownOrigins = new KnownOrigins(),
    clock: Clock = { now: () => performance.now(), delay },
  ) {
    this.#limits = limits;
    this.#known = known;
    this.#clock = clock;
    this.#gate = new PriorityGate(limits.maxHashes);
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#byAddress.size;
  }

  /**
   * Runs an attempt from an address, after the attempts before it and the delay for the failures from
   * there and of the user.
   *
   * @param check Whether the password is right. Not called if the attempt is rejected.
   * @param username The user whose password it is, if there is such a user.
   * @throws {PermissionError} If the attempt would wait longer than `loginTimeout`.
   * @throws {ConnectionAbortedError} If the Manager shuts down before the check.
   */
  async attempt(
    address: string,
    check: () => boolean | Promise<boolean>,
    username?: string,
  ): Promise<boolean> {
    const isKnown = this.#known.has(address, username);
    const counted: [FailureMap, key: string, Failures][] = [];
    const count = (map: FailureMap, key: string, whose: string) =>
      counted.push([map, key, this.#failuresOf(map, key, whose)]);
    if (isKnown && username !== undefined) {
      count(this.#byKnown, `${address} ${username}`, `from ${address}`);
    } else {
      count(this.#byAddress, blockOf(address), `from ${address}`);
      if (username !== undefined) count(this.#byUser, username, `of ${repr(username)}`);
    }
    const failures = counted.map(([_map, _key, one]) => one);
    const attempt = this.#attemptAfter(
      Promise.all(failures.map(({ finished }) => finished)),
      failures,
      () => this.#gate.run(isKnown, check),
    );
    const finished = attempt.catch(() => {});
    for (const one of failures) {
      one.pending++;
      one.finished = finished;
    }
    try {
      const isRight = await attempt;
      if (isRight) this.#known.add(address, username);
      return isRight;
    } finally {
      for (const [map, key, one] of counted) {
        one.pending--;
        if (one.pending === 0 && one.count === 0) map.delete(key);
      }
    }
  }

  /** Rejects the attempts that wait, and all later ones, with a `ConnectionAbortedError`. */
  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #attemptAfter(
    previous: Promise<unknown>,
    all: readonly Failures[],
    check: () => Promise<boolean>,
  ): Promise<boolean> {
    const { freeLogins, loginPenalty, loginMemory, loginTimeout } = this.#limits;
    const start = this.#clock.now();
    await previous;
    for (const failures of all) if (this.#isExpired(failures)) failures.count = 0;
    const worst = all.reduce((worst, one) => one.count > worst.count ? one : worst);
    const penalty = Math.max(0, worst.count + 1 - freeLogins) * loginPenalty;
    if (worst.count > 0 && this.#clock.now() - start + penalty > loginTimeout) {
      const rest = worst.last + loginMemory - this.#clock.now();
      throw new PermissionError(
        `Too many failed logins ${worst.whose}: try again in ` +
          `${formatDuration(Math.ceil(rest / 1_000) * 1_000)} ` +
          `(--free-logins, --login-penalty, --login-memory)`,
      );
    }
    await this.#wait(penalty);
    const isRight = await check();
    if (!isRight) {
      for (const failures of all) {
        failures.count++;
        failures.last = this.#clock.now();
      }
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

  #failuresOf(map: FailureMap, key: string, whose: string): Failures {
    const known = map.get(key);
    if (known !== undefined) return known;
    if (map.size >= MAX_FAILURES) this.#evict(map);
    const failures = { whose, count: 0, last: 0, pending: 0, finished: Promise.resolve() };
    map.set(key, failures);
    return failures;
  }

  /** Evicts the expired entries, or else the oldest one. An entry with an attempt under way stays. */
  #evict(map: FailureMap): void {
    const idle = [...map].filter(([_, { pending }]) => pending === 0);
    const expired = idle.filter(([_, failures]) => this.#isExpired(failures));
    for (const [key] of expired.length > 0 ? expired : idle.slice(0, 1)) map.delete(key);
  }

  #isExpired({ last }: Failures): boolean {
    return this.#clock.now() - last >= this.#limits.loginMemory;
  }
}
