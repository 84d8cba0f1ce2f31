/**
 * What the log says of the connection with NATS. A link that flaps for days, or problems that alternate,
 * would fill the log with two sentences that everybody knows by then: after some changes only a state
 * that lasts is logged, and a problem only if it was not for a while.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import type { BusState } from "./bus.ts";
import type { Clock } from "./clock.ts";

/** How many changes are logged at once, and how long it takes until one more may be, in milliseconds. */
const CHANGES = { atOnce: 6, each: 600_000 };
/** A state that has lasted so long is logged in any case, in milliseconds. */
const LASTING = 60_000;
/** A problem is logged again after so long, in milliseconds. */
const QUIET = 600_000;
/** The number of different problems that are remembered. */
const MOST_PROBLEMS = 100;

const log = logger("cluster");

/** A problem that was logged. */
interface Known {
  loggedAt: number;
  /** How many times it has come since then. */
  times: number;
}

/** Logs the states of a bus, and its problems. */
export class NatsLog {
  readonly #clock: Clock;
  /** How many changes may be logged now, as counted at a time. */
  #credit = CHANGES.atOnce;
  #countedAt: number;
  #logged: BusState["state"] | undefined;
  /** How many changes were not logged. */
  #left = 0;
  #cancel = () => {};
  readonly #problems = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAt = clock.now();
  }

  /** The state has changed. */
  state(state: BusState): void {
    this.#cancel();
    if (state.state === "closed") return;
    const now = this.#clock.now();
    const earned = (now - this.#countedAt) / CHANGES.each;
    this.#credit = Math.min(this.#credit + earned, CHANGES.atOnce);
    this.#countedAt = now;
    if (this.#credit >= 1) {
      this.#credit--;
      return this.#log(state);
    }
    this.#left++;
    this.#cancel = this.#clock.later(() => this.#log(state), LASTING);
  }

  /** There is a problem, which may come again with each attempt to connect. */
  problem(problem: string, isConnected: boolean): void {
    const times = this.#timesOf(problem);
    if (times === undefined) return;
    const more = times === 0 ? "" : ` (${times} times more since it was logged)`;
    if (isConnected) log.warn("NATS: {problem}{more}", { problem, more });
    else {
      log.warn(
        "The other Managers cannot be joined: {problem}{more}. This one serves its own clients " +
          "meanwhile, and tries again",
        { problem, more },
      );
    }
  }

  /** NATS does not let this node reach another one, or be listed by its tools, if `node` is `undefined`. */
  refusal(node: string | undefined, problem: string): void {
    if (this.#timesOf(`refusal of ${node}`) === undefined) return;
    if (node === undefined) {
      log.info("The tools of NATS cannot list the services here: {problem}", { problem });
    } else {
      log.warn("NATS does not let this node reach the node {node}: {problem}", { node, problem });
    }
  }

  /** How many times something has come since it was logged; `undefined` if it is not logged again yet. */
  #timesOf(problem: string): number | undefined {
    const now = this.#clock.now();
    const known = this.#problems.get(problem);
    if (known !== undefined && now - known.loggedAt < QUIET) return void known.times++;
    this.#problems.delete(problem);
    this.#problems.set(problem, { loggedAt: now, times: 0 });
    for (const oldest of this.#problems.keys()) {
      if (this.#problems.size <= MOST_PROBLEMS) break;
      this.#problems.delete(oldest);
    }
    return known?.times ?? 0;
  }

  #log(state: BusState): void {
    const left = this.#left;
    this.#left = 0;
    if (left > 0) {
      log.warn("The connection with NATS comes and goes: it has changed {count} times more", {
        count: left,
      });
    }
    if (this.#logged === state.state) return;
    this.#logged = state.state;
    if (state.state === "connected") {
      log.info("Connected with NATS at {server}", { server: state.server });
    } else {
      log.warn("NATS is not connected. Services of other Managers cannot be used until it is");
    }
  }
}
