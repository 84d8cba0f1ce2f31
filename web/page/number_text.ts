/**
 * Numbers and times as a reader wants to see them.
 *
 * @module
 */

/** So many digits a reading is shown with: more than any instrument has, and none of `0.1 + 0.2`. */
const DIGITS = 12;

/** So many digits are read at a glance, and fit where there is little room. */
const FEW_DIGITS = 7;

/** A reading as text, e.g. `"5.25"` or `"1.6e-19"`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(DIGITS)));
}

/** A reading to seven digits, e.g. `"166.8294"`, where there is little room. */
export function roundedText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(FEW_DIGITS))) : String(value);
}

/** A reading with its unit, e.g. `"5.25 V"`. */
export function withUnit(text: string, unit: string | undefined): string {
  return unit ? `${text} ${unit}` : text;
}

/**
 * How far the labels of an axis are apart: 1, 2 or 5 times a power of ten, so that one digit tells them
 * apart.
 *
 * @param most How many of them there is room for.
 */
export function incrementOf(low: number, high: number, most: number): number {
  const least = (high - low) / Math.max(1, most);
  if (!(least > 0 && Number.isFinite(least))) return 1;
  const power = Math.floor(Math.log10(least));
  for (const step of [1, 2, 5]) {
    const increment = Number(`${step}e${power}`);
    if (increment >= least) return increment;
  }
  return Number(`1e${power + 1}`);
}

/** Where the labels of an axis are. */
export function ticksOf(low: number, high: number, increment: number): number[] {
  const first = Math.ceil(low / increment);
  const count = Math.floor(high / increment) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * increment);
}

/**
 * The labels of an axis.
 *
 * @param ticks Where they are.
 * @param increment How far two of them are apart.
 */
export function tickTexts(ticks: readonly number[], increment: number): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3)) {
    const digits = Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(increment)));
    return ticks.map((tick) =>
      tick === 0 ? "0" : tick.toExponential(Math.min(digits, 20)).replace("e+", "e")
    );
  }
  const digits = Math.max(0, Math.min(20, -Math.floor(Math.log10(increment) + 1e-9)));
  return ticks.map((tick) => (tick === 0 ? 0 : tick).toFixed(digits));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A day of the local calendar, e.g. `"2026-01-31"`. */
function dayText(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function two(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}

/** A time of the day, as exact as the axis needs. */
function clockText(date: Date, increment: number): string {
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (increment >= MINUTE) return minutes;
  const seconds = `${minutes}:${two(date.getSeconds())}`;
  return increment >= SECOND ? seconds : `${seconds}.${two(date.getMilliseconds(), 3)}`;
}

/** The labels of an axis of local time: the day where it begins, and below the first time. */
export function instantTexts(ticks: readonly number[], increment: number): string[] {
  let before: string | undefined;
  return ticks.map((tick) => {
    const date = new Date(tick);
    const day = dayText(date);
    const isNew = day !== before;
    before = day;
    if (increment >= DAY) return day;
    const clock = clockText(date, increment);
    return isNew ? `${clock}\n${day}` : clock;
  });
}

/** A time in full, e.g. `"2026-01-31 13:05:09.250"`. */
export function instantText(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "unknown time";
  return `${dayText(date)} ${clockText(date, 1)}`;
}

/** How long ago something was, e.g. `"12 s"`; `"now"` if it was in this second. */
export function ageText(age: number): string {
  if (age < SECOND) return "now";
  if (age < 2 * MINUTE) return `${Math.floor(age / SECOND)} s`;
  if (age < 2 * HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)} h`;
  return `${Math.floor(age / DAY)} days`;
}
