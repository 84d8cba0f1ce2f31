/**
 * What of the readings is drawn: of each column of pixels the lowest and the highest reading, or all of
 * them if they are few. The picture is the same as that of all readings, and costs no more for a million.
 *
 * @module
 */

/** Numbers over an axis, in its order: readings over time, or the items of an array. */
export interface Samples {
  readonly length: number;
  /** Where on the axis a value is; for readings a time in milliseconds since 1970. */
  timeAt(index: number): number;
  /** The value; `NaN` for a gap. */
  valueAt(index: number): number;
  /** The index of the first value at this place of the axis or after it; `length` for none. */
  indexAt(time: number): number;
}

/** Places in a column of pixels: a gap before its readings, four readings, and a gap after them. */
const SLOTS = 6;
const LAST_SLOT = SLOTS - 1;
/** So many readings of a column are all drawn. */
const FEW = 4;

/** What a line has at a time: a value, a gap (`null`), or nothing of its own (`undefined`). */
export type Drawn = number | null | undefined;

/** Lines with common times, as uPlot takes them. */
export interface DrawnLines {
  /** The times, in milliseconds since 1970, increasing. */
  times: number[];
  /** What each line has at each time. */
  lines: Drawn[][];
}

/**
 * The readings to draw from `start` to `end`. The lines go on to both ends, if there are readings
 * beyond.
 *
 * @param start The time at the left, in milliseconds since 1970.
 * @param end The time at the right.
 * @param columns The width of the plot in pixels.
 */
export function decimate(
  series: readonly Samples[],
  start: number,
  end: number,
  columns: number,
): DrawnLines {
  const width = (end - start) / columns;
  const drawn = series.map((one) => drawLine(one, start, end, columns));
  const times: number[] = [];
  const lines: Drawn[][] = series.map(() => []);
  const add = (time: number, place: number) => {
    if (drawn.every((line) => line[place] === undefined)) return;
    times.push(time);
    drawn.forEach((line, index) => lines[index].push(line[place]));
  };
  add(start, 0);
  for (let place = 0; place < columns * SLOTS; place++) {
    add(start + (place + 0.5) / SLOTS * width, place + 1);
  }
  add(end, columns * SLOTS + 1);
  lines.forEach(widenGaps);
  return { times, lines };
}

/** A gap goes on to the next reading of its own line, whatever times the other lines have. */
function widenGaps(line: Drawn[]): void {
  for (let index = 1; index < line.length; index++) {
    if (line[index] === undefined && line[index - 1] === null) line[index] = null;
  }
  for (let index = line.length - 2; index >= 0; index--) {
    if (line[index] === undefined && line[index + 1] === null) line[index] = null;
  }
}

/** One line: its value at the start, all slots of all columns, and its value at the end. */
function drawLine(series: Samples, start: number, end: number, columns: number): Drawn[] {
  const line = new Array<Drawn>(columns * SLOTS + 2).fill(undefined);
  const scale = columns / (end - start);
  const after = firstAfter(series, end);
  let index = series.indexAt(start);
  line[0] = between(series, index - 1, start);
  line[line.length - 1] = between(series, after - 1, end);
  while (index < after) {
    const column = columnOf(series.timeAt(index), start, scale, columns);
    const first = index;
    let lowest = -1;
    let highest = -1;
    let low = Infinity;
    let high = -Infinity;
    for (; index < after; index++) {
      if (columnOf(series.timeAt(index), start, scale, columns) !== column) break;
      const value = series.valueAt(index);
      if (value < low) {
        low = value;
        lowest = index;
      }
      if (value > high) {
        high = value;
        highest = index;
      }
    }
    const offset = 1 + column * SLOTS;
    const isGap = (at: number) => Number.isNaN(series.valueAt(at));
    if (isGap(first)) line[offset] = null;
    if (isGap(index - 1)) line[offset + LAST_SLOT] = null;
    const isFew = index - first <= FEW;
    const places = isFew
      ? Array.from({ length: index - first }, (_, offset) => first + offset)
      : lowest < highest
      ? [lowest, highest]
      : [highest, lowest];
    const chosen = [...new Set(places)].filter((at) => at !== -1 && !isGap(at));
    // A reading that is alone is drawn where it is in the column.
    const part = ((series.timeAt(chosen[0] ?? first) - start) * scale - column) * FEW;
    const from = chosen.length === 1 ? Math.min(FEW - 1, Math.max(0, Math.floor(part))) : 0;
    chosen.forEach((at, slot) => line[offset + 1 + from + slot] = series.valueAt(at));
  }
  return line;
}

function columnOf(time: number, start: number, scale: number, columns: number): number {
  return Math.min(columns - 1, Math.floor((time - start) * scale));
}

/** The index of the first reading after a time. */
function firstAfter(series: Samples, time: number): number {
  let index = series.indexAt(time);
  while (index < series.length && series.timeAt(index) === time) index++;
  return index;
}

/** What the line has at a time between the readings `index` and `index + 1`. */
function between(series: Samples, index: number, time: number): Drawn {
  if (index < 0 || index + 1 >= series.length) return undefined;
  const [before, after] = [series.timeAt(index), series.timeAt(index + 1)];
  const [low, high] = [series.valueAt(index), series.valueAt(index + 1)];
  const value = low + (high - low) * (after > before ? (time - before) / (after - before) : 0);
  return Number.isNaN(value) ? null : value;
}
