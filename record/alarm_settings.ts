/**
 * The limits of a source, and when crossing them is an alarm. They come from the description of its
 * service, and from the configuration of the recorder, which goes before it.
 *
 * @module
 */

import { parseDuration } from "../base/units.ts";
import { ConfigurationError, ValueError } from "../errors.ts";
import type { ValueAbout } from "../wire/about.ts";
import { isObject } from "../wire/message.ts";

/** The lowest and the highest value inside of a limit; `-Infinity` or `Infinity` for none. */
export type Range = readonly [low: number, high: number];

/** When a source raises an alarm. */
export interface AlarmSettings {
  /** The values without a warning. Default: all. */
  readonly warning?: Range;
  /** The values without an alarm. Default: all. */
  readonly alarm?: Range;
  /**
   * How far inside of a limit a value must be before the alarm ends, in the unit of the values.
   * Default: a hundredth of the distance between the two limits, 0 if there is one.
   */
  readonly hysteresis?: number;
  /**
   * How long a value must be beyond a limit before there is an alarm, and inside before it ends, in
   * milliseconds. Default: {@linkcode DEFAULT_DELAY}.
   */
  readonly delay?: number;
  /**
   * A source without a reading for so long has stopped, in milliseconds; `Infinity`: it may be silent.
   * Default: `Infinity`; a gap that the recorder reports is an alarm without it.
   */
  readonly silence?: number;
}

/** The delay of an alarm, if none is given, in milliseconds. */
export const DEFAULT_DELAY = 5_000;

/** The part of the distance between two limits that is the hysteresis, if none is given. */
const DEFAULT_HYSTERESIS = 0.01;

/** The settings of a source: those of its configuration, and of its service for what that leaves out. */
export function alarmSettingsOf(
  configured: AlarmSettings | undefined,
  about: ValueAbout | undefined,
): AlarmSettings {
  return { warning: about?.warning, alarm: about?.alarm, ...configured };
}

/** How far inside of a limit a value must be before the alarm ends. */
export function hysteresisOf([low, high]: Range, { hysteresis }: AlarmSettings): number {
  const distance = high - low;
  if (!Number.isFinite(distance)) return hysteresis ?? 0;
  const least = hysteresis ?? distance * DEFAULT_HYSTERESIS;
  // A service may give limits that are too near each other for what was configured.
  return least * 2 < distance ? least : distance / 4;
}

const KEYS = ["warning", "alarm", "hysteresis", "delay", "silence"];

/**
 * The settings in a configuration: `warning` and `alarm` as `[low, high]` with `null` for no limit,
 * `hysteresis` as a number, `delay` and `silence` as durations.
 *
 * @param where What they belong to, for the error, e.g. `sources[2].limits`.
 * @throws {ConfigurationError} If they are of another form.
 */
export function readAlarmSettings(value: unknown, where: string): AlarmSettings {
  if (!isObject(value)) throw wrong(where, "an object", value);
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `Cannot use ${where}.${unknown}: there is no such key. Those are ${KEYS.join(", ")}`,
    );
  }
  const settings = {
    warning: rangeOf(value.warning, `${where}.warning`),
    alarm: rangeOf(value.alarm, `${where}.alarm`),
    hysteresis: hysteresisIn(value.hysteresis, `${where}.hysteresis`),
    delay: durationOf(value.delay, `${where}.delay`),
    silence: durationOf(value.silence, `${where}.silence`),
  };
  for (const range of [settings.warning, settings.alarm]) {
    if (range === undefined || settings.hysteresis === undefined) continue;
    if (settings.hysteresis * 2 < range[1] - range[0]) continue;
    throw new ConfigurationError(
      `Cannot use ${where}.hysteresis: ${settings.hysteresis} leaves no room between ${range[0]} ` +
        `and ${range[1]}, so that an alarm would never end`,
    );
  }
  // A key that is absent must not replace what the service says.
  return Object.fromEntries(Object.entries(settings).filter(([_, one]) => one !== undefined));
}

function rangeOf(value: unknown, where: string): Range | undefined {
  if (value === undefined) return undefined;
  const [low, high] = Array.isArray(value) && value.length === 2
    ? [value[0] ?? -Infinity, value[1] ?? Infinity]
    : [];
  if (typeof low === "number" && typeof high === "number" && low < high) return [low, high];
  throw wrong(where, "[low, high], two numbers in that order, or null for no limit", value);
}

function hysteresisIn(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw wrong(where, "a number of at least 0", value);
}

/** A duration, e.g. `"10s"`. A number is not accepted: it could be seconds or milliseconds. */
function durationOf(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") {
    try {
      return parseDuration(value);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
    }
  }
  throw wrong(where, `a duration such as "10s" or "5min"`, value);
}

function wrong(where: string, expected: string, value: unknown): ConfigurationError {
  return new ConfigurationError(
    `Cannot use ${where}: it must be ${expected}, not ${JSON.stringify(value)}`,
  );
}
