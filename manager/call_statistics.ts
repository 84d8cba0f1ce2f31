/**
 * The calls of each device and of each service since the Manager was started: how many have ended, how
 * many of them with an error, and how long they took.
 *
 * They are counted always, not only while somebody asks for metrics. So the time is not read for each
 * message, which takes 40 to 80 ns, but once for each read of a connection, which may have hundreds of
 * messages ({@linkcode CallStatistics.tick}).
 *
 * A connection has counters of its own, which the status shows. What metrics show belongs to the name
 * of a service and outlives its connections, so that it never falls. Peers choose these names: only the
 * first ones are kept apart, and all others are counted as one, `other`. No name ever makes room for
 * another: a monitoring system keeps every name that it has seen, and a peer could show it millions.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { LONGEST_LABEL } from "../limits.ts";
import type { Traffic } from "../net/connection.ts";

/** The upper bounds of the buckets of durations, in seconds. What is longer is in one more bucket. */
export const DURATION_BOUNDS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
];

/** The label of all services that have no counters of their own. */
export const OTHER = "other";

/** Counts the calls of one connection. */
export class Calls {
  /** Calls that were answered, or failed because their service had gone. */
  ended = 0;
  /** Those of them that ended with an error. */
  errors = 0;
  /** Those whose duration is known: not those of streams, nor those that the Manager answered itself. */
  timed = 0;
  /** How long these took together, in seconds. */
  seconds = 0;
  /** Where the calls of a service are counted too, by its name. */
  series: CallSeries | undefined = undefined;

  /** @param milliseconds How long the call took; `NaN` if that is not known. */
  end(milliseconds: number, isError: boolean): void {
    this.ended++;
    if (isError) this.errors++;
    if (milliseconds >= 0) {
      this.timed++;
      this.seconds += milliseconds / 1_000;
    }
    this.series?.end(milliseconds, isError);
  }
}

/** A connection, as far as it is counted. */
interface Counted {
  readonly traffic: Readonly<Traffic>;
}

/** Counts the calls and the bytes of the services with one label, since the start. They never fall. */
export class CallSeries {
  /** The name of the service, printable and not long; or {@linkcode OTHER}. */
  readonly label: string;
  ended = 0;
  errors = 0;
  seconds = 0;
  /** How many durations were in each bucket: up to its bound, and above that of the one before. */
  readonly buckets: number[] = new Array(DURATION_BOUNDS.length + 1).fill(0);
  readonly #open = new Set<Counted>();
  /** The bytes of the connections that have ended. */
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(label: string) {
    this.label = label;
  }

  /** The bytes from the services and to them. */
  get traffic(): Pick<Traffic, "bytesIn" | "bytesOut"> {
    const sum = { bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
    for (const { traffic } of this.#open) {
      sum.bytesIn += traffic.bytesIn;
      sum.bytesOut += traffic.bytesOut;
    }
    return sum;
  }

  /** Counts a call. */
  end(milliseconds: number, isError: boolean): void {
    this.ended++;
    if (isError) this.errors++;
    if (!(milliseconds >= 0)) return;
    const seconds = milliseconds / 1_000;
    this.seconds += seconds;
    let bucket = 0;
    while (seconds > DURATION_BOUNDS[bucket]) bucket++; // the end is past the array: false
    this.buckets[bucket]++;
  }

  /** Counts the bytes of a connection, until `leave`. */
  enter(connection: Counted): void {
    this.#open.add(connection);
  }

  /** The connection has ended: its bytes stay counted. */
  leave(connection: Counted): void {
    if (!this.#open.delete(connection)) return;
    this.#bytesIn += connection.traffic.bytesIn;
    this.#bytesOut += connection.traffic.bytesOut;
  }
}

/** Counts the calls of services by their names. */
export class CallStatistics {
  readonly #limit: number;
  readonly #read: () => number;
  readonly #series = new Map<string, CallSeries>();
  #other: CallSeries | undefined;
  #now: number;

  /**
   * @param limit How many services have counters of their own.
   * @param read A monotonic time in milliseconds.
   */
  constructor(limit: number, read: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#read = read;
    this.#now = read();
  }

  /** When a connection was read last, by the clock, in milliseconds. It is not the time now. */
  get now(): number {
    return this.#now;
  }

  /** Reads the clock. Call it when messages have come, before they are routed. */
  tick(): void {
    this.#now = this.#read();
  }

  /** Whether services are, or were, counted under {@linkcode OTHER}. */
  get hasOther(): boolean {
    return this.#other !== undefined;
  }

  /** The series of the services that have counters of their own, and the one of all others. */
  get series(): CallSeries[] {
    return [...this.#series.values(), ...this.#other ? [this.#other] : []];
  }

  /** The series of a service that has connected. It is the same one when it connects again. */
  enter(name: string, connection: Counted): CallSeries {
    const series = this.#seriesOf(labelFor(name));
    series.enter(connection);
    return series;
  }

  /** The label of a service that is connected. */
  labelOf(name: string): string {
    const label = labelFor(name);
    return this.#series.has(label) ? label : OTHER;
  }

  #seriesOf(label: string): CallSeries {
    const known = this.#series.get(label);
    if (known !== undefined) return known;
    if (label === OTHER || this.#series.size >= this.#limit) {
      return this.#other ??= new CallSeries(OTHER);
    }
    const series = new CallSeries(label);
    this.#series.set(label, series);
    return series;
  }
}

/**
 * The label of a name: on one line, and not longer than the limit, since it stands in each of the 28 lines
 * that a service has. Names that only differ after that are counted together.
 */
function labelFor(name: string): string {
  const label = printable(name);
  if (label.length <= LONGEST_LABEL) return label;
  return `${[...label.slice(0, LONGEST_LABEL)].slice(0, -1).join("")}…`;
}
