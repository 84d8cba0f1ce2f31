/**
 * The alarms of a recorder: what each source is, what is reported when that changes, and what a person
 * has acknowledged. `alarm_state.ts` has the rules; who is told is decided by the one that makes it.
 *
 * @module
 */

import { startTimer, type Timer } from "../base/timer.ts";
import { LONGEST_TIME } from "../limits.ts";
import type { AlarmSettings } from "./alarm_settings.ts";
import { type AlarmState, SourceState } from "./alarm_state.ts";
import { SYSTEM_CLOCK, type Times } from "./clock.ts";

/** That a source is in another state now. */
export interface AlarmEvent {
  /** The source, as it is written, e.g. `DMM.voltage`. */
  readonly source: string;
  readonly state: AlarmState;
  /** What it was before. */
  readonly previous: AlarmState;
  /** When it was noticed, in milliseconds since 1970. */
  readonly time: number;
  /** The last number of the source; `null` if it has sent none. */
  readonly value: number | null;
  /** The unit of the value; empty for none. */
  readonly unit: string;
  /** The limit that the value is beyond; `null` for none. */
  readonly limit: number | null;
  /** All of it as a sentence for a person. */
  readonly message: string;
}

/** A source that is not normal, or was not and nobody has acknowledged it. */
export interface CurrentAlarm extends AlarmEvent {
  /** Whether a person has seen it. A change for the worse is to be acknowledged again. */
  readonly acknowledged: boolean;
  /** Who has, as network name; empty if nobody. */
  readonly acknowledgedBy: string;
}

/** The clock of the alarms. */
export interface AlarmClock extends Times {
  startTimer(callback: () => void, time: number): Timer;
}

const REAL_CLOCK: AlarmClock = { ...SYSTEM_CLOCK, startTimer };

const SEVERITY: readonly AlarmState[] = ["normal", "warning", "alarm", "stopped"];

interface Watched {
  readonly state: SourceState;
  unit: string;
  /** What was reported last. */
  reported: AlarmState;
  /** Why there are no readings; `undefined` if there are. */
  reason: string | undefined;
  event?: AlarmEvent;
  acknowledged: boolean;
  acknowledgedBy: string;
}

/** The alarms of all sources of a recorder. */
export class Alarms implements Disposable {
  readonly #report: (event: AlarmEvent) => void;
  readonly #clock: AlarmClock;
  readonly #sources = new Map<string, Watched>();
  #timer: Timer;
  /** When the timer goes off. */
  #due = Infinity;

  /** `report` is called when the state of a source has changed. It must not throw. */
  constructor(report: (event: AlarmEvent) => void, clock: AlarmClock = REAL_CLOCK) {
    this.#report = report;
    this.#clock = clock;
  }

  /** Watches a source, or changes its limits. It is normal at first, and is expected from now on. */
  watch(source: string, settings: AlarmSettings, unit = ""): void {
    const now = this.#clock.monotonic();
    let watched = this.#sources.get(source);
    if (watched === undefined) {
      watched = {
        state: new SourceState(settings, now),
        unit,
        reported: "normal",
        reason: undefined,
        acknowledged: true,
        acknowledgedBy: "",
      };
      this.#sources.set(source, watched);
    } else {
      watched.unit = unit;
      watched.state.configure(settings, now);
    }
    this.#settle(source, watched);
  }

  /** Takes a value of a source. One that is not watched is ignored. */
  read(source: string, value: unknown): void {
    const watched = this.#sources.get(source);
    if (watched === undefined) return;
    watched.reason = undefined;
    watched.state.read(value, this.#clock.monotonic());
    this.#settle(source, watched);
  }

  /** Takes that a source is there, and its next reading is expected. */
  expect(source: string): void {
    const watched = this.#sources.get(source);
    if (watched === undefined) return;
    watched.reason = undefined;
    watched.state.expect(this.#clock.monotonic());
    this.#settle(source, watched);
  }

  /** Takes that a source has no readings for now, and why. */
  gap(source: string, reason: string): void {
    const watched = this.#sources.get(source);
    if (watched === undefined) return;
    watched.reason = reason;
    watched.state.gap(this.#clock.monotonic());
    this.#settle(source, watched);
  }

  /** What is not normal, or has not been acknowledged, the latest first. */
  current(): CurrentAlarm[] {
    return [...this.#sources.values()].flatMap(({ event, acknowledged, acknowledgedBy }) =>
      event === undefined || (event.state === "normal" && acknowledged)
        ? []
        : [{ ...event, acknowledged, acknowledgedBy }]
    ).sort((a, b) => b.time - a.time);
  }

  /**
   * Takes that a person has seen the alarm of a source.
   *
   * @param by Who, as network name.
   * @returns What was acknowledged; `undefined` if there was nothing to acknowledge.
   */
  acknowledge(source: string, by: string): CurrentAlarm | undefined {
    const watched = this.#sources.get(source);
    if (watched?.event === undefined || watched.acknowledged) return undefined;
    watched.acknowledged = true;
    watched.acknowledgedBy = by;
    return { ...watched.event, acknowledged: true, acknowledgedBy: by };
  }

  /** Stops to watch. Nothing is reported any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#sources.clear();
  }

  /** Reports what has changed, and waits for the next change that comes with time alone. */
  #settle(source: string, watched: Watched): void {
    const { state, previous } = { state: watched.state.state, previous: watched.reported };
    if (state !== previous) {
      watched.reported = state;
      watched.event = this.#eventOf(source, watched, previous);
      if (SEVERITY.indexOf(state) > SEVERITY.indexOf(previous)) {
        watched.acknowledged = false;
        watched.acknowledgedBy = "";
      }
      this.#report(watched.event);
    }
    if (watched.state.due < this.#due) this.#wait(watched.state.due);
  }

  #wait(due: number): void {
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = due === Infinity ? undefined : this.#clock.startTimer(
      () => this.#passTime(),
      Math.min(due - this.#clock.monotonic(), LONGEST_TIME),
    );
  }

  #passTime(): void {
    this.#due = Infinity;
    const now = this.#clock.monotonic();
    for (const [source, watched] of this.#sources) {
      watched.state.advance(now);
      this.#settle(source, watched);
    }
    // A reading moves the end of a silence without a new timer: so the earliest one is looked for here.
    const due = Math.min(Infinity, ...this.#sources.values().map(({ state }) => state.due));
    if (due !== this.#due) this.#wait(due);
  }

  #eventOf(source: string, watched: Watched, previous: AlarmState): AlarmEvent {
    const { state, value } = watched.state;
    const { unit } = watched;
    const crossed = crossingOf(watched.state.rangeOf(state), value);
    return {
      source,
      state,
      previous,
      time: this.#clock.now(),
      value: value ?? null,
      unit,
      limit: crossed?.limit ?? null,
      message: describe(source, watched, previous, crossed),
    };
  }
}

/** Where a value is to a limit. */
interface Crossing {
  readonly limit: number;
  /** `"near"`: inside, but not by the hysteresis. */
  readonly side: "above" | "below" | "near";
}

/** The limit that a value is beyond, or near. */
function crossingOf(
  range: readonly [low: number, high: number] | undefined,
  value: number | undefined,
): Crossing | undefined {
  if (range === undefined || value === undefined) return undefined;
  const [low, high] = range;
  if (value > high) return { limit: high, side: "above" };
  if (value < low) return { limit: low, side: "below" };
  return { limit: high - value <= value - low ? high : low, side: "near" };
}

function describe(
  source: string,
  { state: { state, value }, unit, reason }: Watched,
  previous: AlarmState,
  crossing: Crossing | undefined,
): string {
  const quantity = (number: number) => `${number}${unit && ` ${unit}`}`;
  if (state === "stopped") {
    const why = reason ?? "it sends no readings";
    return `${source} has stopped: ${why}`;
  }
  const is = value === undefined ? `${source} is there` : `${source} is ${quantity(value)}`;
  if (crossing !== undefined) {
    return `${is}: ${crossing.side} the ${state} limit ${quantity(crossing.limit)}`;
  }
  return previous === "stopped" ? `${source} is there again` : `${is}: within its limits again`;
}
