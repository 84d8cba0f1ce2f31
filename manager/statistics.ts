/**
 * The counters of a Manager since it was started. They only grow.
 *
 * There is no timer and no sampling. A forwarded message costs one increment; each connection counts
 * its bytes and lines itself, and they are added up when the status is requested.
 *
 * @module
 */

import type { Traffic } from "../net/connection.ts";
import { LIMITS } from "../limits.ts";
import type { End } from "../net/connection_end.ts";
import { CallStatistics } from "./call_statistics.ts";

/** Counts events by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  /** Counts one event. */
  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** The number of each event that has occurred. */
  toObject(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** The name under which a reason is counted. */
export function nameOfReason(reason: string): string {
  return reason.toLowerCase().replaceAll(" ", "_");
}

/** The counters. Their names are those of the status, which go on the wire. */
export class Statistics {
  /** Connections that were accepted. */
  connections = 0;
  /** Requests that were forwarded to a service. */
  requests = 0;
  /** Replies and errors that were forwarded to a client. */
  answers = 0;
  /**
   * Notifications of the services of this Manager. Each counts once, to however many clients and nodes
   * it was forwarded: so those of joined Managers add up.
   */
  notifications = 0;
  /** Replies to no pending request: the client has disconnected, or never sent the request. */
  unowedAnswers = 0;
  /** Notifications that name another service than their sender. */
  misnamedNotifications = 0;
  /** Connections that were rejected, by the reason. */
  readonly refusedConnections = new Counts();
  /** Connections that have ended, by how they ended. */
  readonly endedConnections = new Counts();
  /** Errors that the Manager sent, by their class. */
  readonly errors = new Counts();
  /** The calls of the services, by name. */
  readonly calls: CallStatistics;
  readonly #now: () => number;
  readonly #start: number;
  /** The traffic of the connections that have ended. */
  readonly #ended: Traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };

  /**
   * @param now A monotonic time in milliseconds.
   * @param maxCountedServices The limit of that name.
   */
  constructor(
    now: () => number = () => performance.now(),
    maxCountedServices: number = LIMITS.maxCountedServices,
  ) {
    this.#now = now;
    this.#start = now();
    this.calls = new CallStatistics(maxCountedServices, now);
  }

  /** The time since the start, in milliseconds. */
  get uptime(): number {
    return this.#now() - this.#start;
  }

  /** Counts a rejected connection. The reason is one of a few texts, without a name or a number. */
  addRefusal(reason: string): void {
    this.refusedConnections.add(nameOfReason(reason));
  }

  /** Counts an error that the Manager sends. */
  addError(error: unknown): void {
    this.errors.add(error instanceof Error ? error.name : "Error");
  }

  /** Counts a connection that has ended, and adds its traffic. */
  addEnd({ state }: End, traffic: Readonly<Traffic>): void {
    this.endedConnections.add(state);
    addTraffic(this.#ended, traffic);
  }

  /** The traffic of all connections: those that have ended, and the open ones. */
  traffic(open: Iterable<{ readonly traffic: Readonly<Traffic> }>): Traffic {
    const sum = { ...this.#ended };
    for (const { traffic } of open) addTraffic(sum, traffic);
    return sum;
  }
}

function addTraffic(sum: Traffic, more: Readonly<Traffic>): void {
  sum.bytesIn += more.bytesIn;
  sum.bytesOut += more.bytesOut;
  sum.linesIn += more.linesIn;
  sum.linesOut += more.linesOut;
}
