/**
 * What a monitoring system is answered from: the metrics, whether somebody can log in, and the login
 * of the one who asks. `web/monitoring.ts` answers.
 *
 * @module
 */

import { retryWhileLocked } from "../base/database_lock.ts";
import type { ManagerStatus } from "../wire/status.ts";
import type { UsersTable } from "./database/users_table.ts";
import { logIn, type LoginAttempt } from "./login_throttle.ts";
import { metricsText } from "./metrics.ts";
import { REFUSED_LOGIN } from "./refused_logins.ts";
import type { Statistics } from "./statistics.ts";

/** What is answered from. */
export interface MonitoringSource {
  /** The text of the metrics. */
  metrics(): string;
  /** Rejects with the reason if nobody could log in. */
  checkReady(): Promise<void>;
  /**
   * Logs a user in, throttled. False if the name or the password is wrong.
   *
   * @throws {PermissionError} If too many logins have failed.
   * @throws {ConnectionAbortedError} If the Manager shuts down.
   */
  logIn(address: string, username: string, password: string): Promise<boolean>;
}

/** The parts of a Manager that is monitored. */
export interface MonitoredParts {
  readonly users: Pick<UsersTable, "isUserRegistered" | "logIn">;
  readonly statistics: Pick<Statistics, "addRefusal" | "calls">;
  readonly maxNameLength: number;
  status(): ManagerStatus;
  /** Checks a password from an address, throttled. */
  attemptLogin(address: string): LoginAttempt;
}

/** A running Manager, as a monitoring system sees it. */
export class MonitoredManager implements MonitoringSource {
  readonly #parts: MonitoredParts;
  /** The check that is under way. */
  #check: Promise<void> | undefined;

  constructor(parts: MonitoredParts) {
    this.#parts = parts;
  }

  metrics(): string {
    return metricsText(this.#parts.status(), this.#parts.statistics.calls);
  }

  checkReady(): Promise<void> {
    const { users } = this.#parts;
    // One for all that ask: anybody may, and while it is locked the database is tried 50 times a second.
    this.#check ??= retryWhileLocked(() => void users.isUserRegistered(""))
      .finally(() => this.#check = undefined);
    return this.#check;
  }

  async logIn(address: string, username: string, password: string): Promise<boolean> {
    const { users, statistics, maxNameLength, attemptLogin } = this.#parts;
    if (username.length > maxNameLength) return false;
    const user = await logIn(users, attemptLogin(address), username, password);
    if (user === undefined) statistics.addRefusal(REFUSED_LOGIN.metricsLogin);
    return user !== undefined;
  }
}
