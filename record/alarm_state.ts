/**
 * Whether one source is normal, beyond a limit, or has stopped. It knows no clock: the time comes with
 * each call. `alarms.ts` has the sources, their timers and what is reported.
 *
 * The rules:
 *
 * - A value holds until the next one arrives: a source that reports only changes is judged too.
 * - A limit that is exceeded for the delay is an alarm, and one that is kept for the delay ends it. To
 *   keep it, a value has to be inside by the hysteresis.
 * - A value that is no number (text, NaN, nothing) says nothing about a limit. The alarm stays as it
 *   is, an alarm that would begin begins, and one that would end does not: it waits for numbers.
 * - A gap is the same, and after the delay the source has stopped. So has a source that was silent, or
 *   has limits and sent no number. It comes back with a reading, or as its service is there again, when
 *   that was so for the delay.
 *
 * @module
 */

import { type AlarmSettings, DEFAULT_DELAY, hysteresisOf, type Range } from "./alarm_settings.ts";

/** What a source is. The later ones go before the earlier ones. */
export type AlarmState = "normal" | "warning" | "alarm" | "stopped";

/** The state of one source. Times are in milliseconds, of a clock that never jumps. */
export class SourceState {
  #settings!: AlarmSettings;
  #delay!: number;
  readonly #warning = new LimitState();
  readonly #alarm = new LimitState();
  /** The last number; `undefined` if there was none. */
  #value: number | undefined;
  #isStopped = false;
  /** When the last reading arrived that was good, or when the source was first expected. */
  #heard: number;
  /** Since when there is a gap. */
  #gap: number | undefined;
  /** Since when a source that has stopped sends readings again. */
  #back: number | undefined;

  /** Begins normal, and expects the first reading from now on. */
  constructor(settings: AlarmSettings, now: number) {
    this.#heard = now;
    this.configure(settings, now);
  }

  /** The state, as of the last call. */
  get state(): AlarmState {
    if (this.#isStopped) return "stopped";
    return this.#alarm.isOn ? "alarm" : this.#warning.isOn ? "warning" : "normal";
  }

  /** The last number; `undefined` if there was none. */
  get value(): number | undefined {
    return this.#value;
  }

  /** The limits of a state; `undefined` if it has none. */
  rangeOf(state: AlarmState): Range | undefined {
    return state === "alarm" || state === "warning" ? this.#settings[state] : undefined;
  }

  /** Sets other limits. What the source was stays until the new ones have been judged. */
  configure(settings: AlarmSettings, now: number): void {
    if (this.#settings !== undefined) this.advance(now);
    this.#settings = settings;
    this.#delay = settings.delay ?? DEFAULT_DELAY;
    for (const [limit, range] of this.#limits()) {
      limit.configure(range, range ? hysteresisOf(range, settings) : 0, this.#delay);
      if (this.#value !== undefined) limit.judge(this.#value, now);
    }
    this.advance(now);
  }

  /** Takes a value. */
  read(value: unknown, now: number): void {
    this.advance(now);
    const number = numberOf(value);
    if (number !== undefined) this.#value = number;
    for (const [limit] of this.#limits()) {
      if (number === undefined) limit.doubt();
      else limit.judge(number, now);
    }
    if (number !== undefined || !this.#hasLimits()) this.#hear(now);
    else this.#back = undefined;
    this.advance(now);
  }

  /** Takes that the source is there, and its next reading is expected. */
  expect(now: number): void {
    this.advance(now);
    this.#hear(now);
    this.advance(now);
  }

  /** Takes that there are no readings for now. */
  gap(now: number): void {
    this.advance(now);
    this.#gap ??= now;
    this.#back = undefined;
    for (const [limit] of this.#limits()) limit.doubt();
    this.advance(now);
  }

  /** Lets the time pass. */
  advance(now: number): void {
    this.#warning.advance(now);
    this.#alarm.advance(now);
    if (this.#isStopped && this.#back !== undefined) {
      const silent = this.#heard + this.#silence();
      const end = this.#back + this.#delay;
      if (end <= now && end <= silent) {
        this.#isStopped = false;
        this.#back = undefined;
      } else if (silent <= now) this.#back = undefined;
    }
    if (!this.#isStopped && this.#stops() <= now) {
      this.#isStopped = true;
      this.#back = undefined;
      for (const [limit] of this.#limits()) limit.doubt();
    }
  }

  /** When the state changes next if nothing arrives; `Infinity` for never. */
  get due(): number {
    const stopped = this.#isStopped
      ? Math.min(
        ...this.#back === undefined ? [Infinity] : [
          this.#back + this.#delay,
          this.#heard + this.#silence(),
        ],
      )
      : this.#stops();
    return Math.min(stopped, this.#warning.due, this.#alarm.due);
  }

  #hear(now: number): void {
    this.#heard = now;
    this.#gap = undefined;
    if (this.#isStopped) this.#back ??= now;
  }

  /** When it will have stopped. A silence is none before it has lasted for the delay. */
  #stops(): number {
    const bySilence = this.#heard + Math.max(this.#silence(), this.#delay);
    return this.#gap === undefined ? bySilence : Math.min(bySilence, this.#gap + this.#delay);
  }

  #silence(): number {
    return this.#settings.silence ?? Infinity;
  }

  #hasLimits(): boolean {
    return this.#settings.warning !== undefined || this.#settings.alarm !== undefined;
  }

  #limits(): (readonly [LimitState, Range | undefined])[] {
    return [[this.#warning, this.#settings.warning], [this.#alarm, this.#settings.alarm]];
  }
}

/** Whether one limit is exceeded, with hysteresis and delay. */
class LimitState {
  isOn = false;
  /** Since when it is the other way; `undefined` if it is as it is. */
  #since: number | undefined;
  #range: Range = [-Infinity, Infinity];
  #hysteresis = 0;
  #delay = 0;

  configure(range: Range | undefined, hysteresis: number, delay: number): void {
    this.#range = range ?? [-Infinity, Infinity];
    this.#hysteresis = hysteresis;
    this.#delay = delay;
    if (range !== undefined) return;
    this.isOn = false;
    this.#since = undefined;
  }

  judge(value: number, now: number): void {
    const margin = this.isOn ? this.#hysteresis : 0;
    const [low, high] = this.#range;
    const isBeyond = value < low + margin || value > high - margin;
    if (isBeyond === this.isOn) this.#since = undefined;
    else this.#since ??= now;
  }

  /** Nothing is known for now: an alarm does not end. */
  doubt(): void {
    if (this.isOn) this.#since = undefined;
  }

  advance(now: number): void {
    if (this.due > now) return;
    this.isOn = !this.isOn;
    this.#since = undefined;
  }

  get due(): number {
    return this.#since === undefined ? Infinity : this.#since + this.#delay;
  }
}

/** The number that a value is; `undefined` if it is none. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && !Number.isNaN(value) ? value : undefined;
}
