/**
 * Numbers, sizes and times as a person reads them: rounded, in a unit that fits. Those that a command
 * line reads again are in `units.ts`.
 *
 * @module
 */

import { formatDuration } from "./units.ts";

/** A number with a comma between thousands, and one decimal at most. */
export function readableNumber(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 1 });
}

/** A number of bytes, e.g. `1.5 MiB`. */
export function readableSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${readableNumber(bytes / 1024 ** power)} ${units[power]}`;
}

/** How long something short takes, from seconds, e.g. `350 µs`, `12.5 ms` or `1.2 s`. */
export function readableLatency(seconds: number): string {
  if (seconds >= 1) return `${readableNumber(seconds)} s`;
  const microseconds = Math.round(seconds * 1e6);
  return microseconds < 1_000
    ? `${microseconds} µs`
    : microseconds < 999_950
    ? `${readableNumber(microseconds / 1_000)} ms`
    : "1 s";
}

/** A time since something began, in seconds, rounded down to seconds, minutes, hours or days. */
export function readableTime(seconds: number): string {
  const unit = seconds < 120 ? 1 : seconds < 7_200 ? 60 : seconds < 172_800 ? 3_600 : 86_400;
  const whole = Math.floor(seconds / unit) * unit;
  return whole === 0 ? "0s" : formatDuration(whole * 1_000);
}
