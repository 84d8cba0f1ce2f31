/**
 * Whether a value is beyond the limits that its service has told.
 *
 * @module
 */

import type { Range } from "./time_series.ts";

/** What the limits say of a value. */
export type LimitState = "normal" | "warning" | "alarm";

/** The limits of a value. */
export interface Limits {
  readonly warning?: Range | undefined;
  readonly alarm?: Range | undefined;
}

/** What the limits say of a value. That which is no number is neither good nor bad. */
export function limitState(value: unknown, { warning, alarm }: Limits = {}): LimitState {
  if (typeof value !== "number" || Number.isNaN(value)) return "normal";
  if (isBeyond(value, alarm)) return "alarm";
  return isBeyond(value, warning) ? "warning" : "normal";
}

function isBeyond(value: number, limits: Range | undefined): boolean {
  return limits !== undefined && (value < limits[0] || value > limits[1]);
}

/** The range of values to draw, so that lines do not touch the border and near limits are seen. */
export function drawnRange(low: number, high: number, all: readonly Limits[]): Range {
  const size = high - low;
  // A value that never changes is drawn in the middle.
  const padding = size * PADDING || Math.abs(high) * 0.01 || 1;
  let [from, to] = [low - padding, high + padding];
  for (const limit of all.flatMap(({ warning = [], alarm = [] }) => [...warning, ...alarm])) {
    if (limit >= low - size * NEAR && limit < from) from = limit - padding;
    if (limit <= high + size * NEAR && limit > to) to = limit + padding;
  }
  return [from, to];
}

/** The margin above and below the values, as a part of their range. */
const PADDING = 0.06;
/** How far away a limit is still drawn, in ranges of the values. */
const NEAR = 3;
