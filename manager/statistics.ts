/**
 * What a Manager has done since it was started, as numbers that only grow.
 *
 * Nothing is measured by a timer, and a message that is passed on costs no more than one increment:
 * bytes and lines are counted by each connection, and added up when somebody asks.
 *
 * @module
 */

import type { End, Traffic } from "../net/connection.ts";

/** How often each of several things has happened, by their names. */
export class Counts {
  readonly #counts = new Map<string, number>();

  /** It has happened once more. */
  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Those that have happened at all. */
  toObject(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** What is counted. */
export class Statistics {
  /** Connections that were accepted. */
  connections = 0;
  /** Requests that were passed on to a service. */
  requests = 0;
  /** Answers that were passed on to a client. */
  answers = 0;
  /** Notifications, each of them once, however many clients it goes to. */
  notifications = 0;
  /** Answers that nobody is owed: the client has left, or they are made up. */
  unowedAnswers = 0;
  /** Notifications in the name of another service. */
  misnamedNotifications = 0;
  /** Connections that were turned away, by the reason. */
  readonly refusedConnections = new Counts();
  /** Connections that are no more, by how they ended. */
  readonly endedConnections = new Counts();
  /** Requests that the Manager answered with an error, by its class. */
  readonly errors = new Counts();
  readonly #now: () => number;
  readonly #start: number;
  /** What has gone over connections that are no more. */
  readonly #gone: Traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };

  /** @param now A time that only goes on, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#start = now();
  }

  /** The time since the start, in milliseconds. */
  get uptime(): number {
    return this.#now() - this.#start;
  }

  /** A connection was turned away. The reason is one of few: no name and no number is part of it. */
  addRefusal(reason: string): void {
    this.refusedConnections.add(reason.toLowerCase().replaceAll(" ", "_"));
  }

  /** A request was answered with an error. */
  addError(error: unknown): void {
    this.errors.add(error instanceof Error ? error.name : "Error");
  }

  /** A connection has ended, over which so much has gone. */
  addEnd({ state }: End, traffic: Readonly<Traffic>): void {
    this.endedConnections.add(state);
    addTraffic(this.#gone, traffic);
  }

  /** What has gone over all connections: those that are no more, and these. */
  traffic(open: Iterable<{ readonly traffic: Readonly<Traffic> }>): Traffic {
    const sum = { ...this.#gone };
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
