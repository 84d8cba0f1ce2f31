/**
 * The ticks of an axis: round values or times, and their labels. `plot.ts` draws them.
 *
 * @module
 */

/** A tick of an axis. */
export interface AxisTick {
  /** The value, or the time in milliseconds since 1970. */
  readonly at: number;
  readonly label: string;
  /** The day of a time, or the year of a day, where it changes. The first one of a day has a year. */
  readonly context?: string;
}

/** A number whose label would be longer is written with an exponent. */
const LONGEST_NUMBER = 11;
/** The digits that a `number` has. */
const DIGITS = 15;

/** About `count` round values between two values. */
export function valueTicks(low: number, high: number, count: number): AxisTick[] {
  const [factor, exponent] = roundStep(high / count - low / count);
  // A power of ten below 1 has no exact number, its inverse has one.
  const multiple = (n: number) =>
    exponent < 0 && exponent > -300 ? n * factor / 10 ** -exponent : n * factor * 10 ** exponent;
  const first = Math.ceil(low / multiple(1) - 1e-6);
  // Where the range is smaller than the distance of two numbers, several of them are the same.
  const values = Array.from({ length: count * 2 }, (_, index) => multiple(first + index))
    .filter((value, index, all) => value >= low && value <= high && value !== all[index - 1]);
  const write = numberWriter(Math.max(Math.abs(low), Math.abs(high)), multiple(1));
  return values.map((at) => ({ at, label: write(at === 0 ? 0 : at) }));
}

/** The step that is nearest to `wanted`: 1, 2, 5 or 10 times a power of ten, and its exponent. */
function roundStep(wanted: number): [factor: number, exponent: number] {
  const exponent = Math.floor(Math.log10(Math.max(wanted, Number.MIN_VALUE)));
  const ratio = wanted / 10 ** exponent;
  const factor = ratio < Math.SQRT2
    ? 1
    : ratio < Math.sqrt(10)
    ? 2
    : ratio < Math.sqrt(50)
    ? 5
    : 10;
  return [factor, exponent];
}

/** Writes the values of an axis with as many digits as tell one step from the next. */
function numberWriter(largest: number, step: number): (value: number) => string {
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  if (largest < 10 ** LONGEST_NUMBER && decimals < LONGEST_NUMBER) {
    return (value) => value.toFixed(decimals);
  }
  const digits = Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step));
  return (value) => value.toExponential(Math.min(Math.max(digits, 0), DIGITS));
}

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

/** The steps of times, in milliseconds: those with which people divide hours and days. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 4, 7, 14].map((days) => days * DAY),
];
const LONGEST_STEP = 14 * DAY;
/** The steps of more than {@linkcode LONGEST_STEP}, in months. */
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 6_000, 12_000, 60_000, 600_000];
const MONTH = 30.4 * DAY;

/** At most about `count` round times between two times, in milliseconds since 1970, in UTC. */
export function timeTicks(start: number, end: number, count: number): AxisTick[] {
  const least = (end - start) / count;
  if (least > LONGEST_STEP) return monthTicks(start, end, least / MONTH);
  const step = TIME_STEPS.find((step) => step >= least) ?? LONGEST_STEP;
  const first = Math.ceil(start / step);
  const times = Array.from(
    { length: Math.max(Math.floor(end / step) - first + 1, 0) },
    (_, index) => (first + index) * step,
  );
  // 2026-11-30T17:45:46.547Z
  const [from, to] = step >= DAY ? [5, 10] : step >= MINUTE ? [11, 16] : [11, 19];
  const contextLength = step >= DAY ? 4 : 10;
  return labelled(times, contextLength, (text) => text.slice(from, step < SECOND ? 23 : to));
}

function monthTicks(start: number, end: number, months: number): AxisTick[] {
  const step = MONTH_STEPS.find((step) => step >= months) ?? MONTH_STEPS.at(-1)!;
  const date = new Date(start);
  const firstMonth = date.getUTCFullYear() * 12 + date.getUTCMonth();
  const times: number[] = [];
  for (let month = Math.ceil(firstMonth / step) * step;; month += step) {
    const time = new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    if (!(time <= end)) break;
    if (time >= start) times.push(time);
  }
  return step < 12
    ? labelled(times, 4, (text) => text.slice(5, 10))
    : times.map((at) => ({ at, label: String(new Date(at).getUTCFullYear()) }));
}

/** Ticks whose context, the first characters of a time, is written where it changes. */
function labelled(
  times: readonly number[],
  contextLength: number,
  write: (text: string) => string,
): AxisTick[] {
  let last: string | undefined;
  return times.map((at) => {
    const text = new Date(at).toISOString();
    const context = text.slice(0, contextLength);
    const shown = last === undefined || contextLength === 4 ? context : context.slice(5);
    const isNew = context !== last;
    last = context;
    return { at, label: write(text), context: isNew ? shown : undefined };
  });
}
