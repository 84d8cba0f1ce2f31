/**
 * Times and durations as texts for a person; sizes are in `base/readable.ts`.
 *
 * @module
 */

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** A time of day, e.g. `14:05:09`; with the date if it is not today. */
export function timeText(time: number, now: number = Date.now()): string {
  const clock = CLOCK.format(time);
  const day = DAY.format(time);
  return day === DAY.format(now) ? clock : `${day}, ${clock}`;
}

/** A duration in milliseconds, e.g. `3 ms`, `1.2 s`, `2 min 5 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
