/// <reference lib="dom" />
/**
 * A plot on a canvas, drawn by uPlot: lines with gaps, axes with units, limits as bands. It draws what
 * it is told when it is told; `plot_pane.ts` is its component.
 *
 * @module
 */

import uPlot from "uplot";
import { decimate, type Samples } from "./decimation.ts";
import { drawnRange, type Limits } from "./limit_state.ts";
import { incrementOf, instantTexts, ticksOf, tickTexts } from "./number_text.ts";
import { colorsOf, LINE_COLORS, type PlotColors, whenColorsChange } from "./plot_colors.ts";
import type { Shown } from "./plot_view.ts";

/** A line of a plot. */
export interface PlotLine extends Limits {
  label: string;
  samples: Samples;
  /** Which of the colours it has. */
  color: number;
}

/** What a plot is told when it is made. */
export interface PlotOptions {
  /** Whether the horizontal axis is a time, in milliseconds since 1970. */
  isTime: boolean;
  /** What stands at the vertical axis. */
  unit: string;
  /** What stands at the horizontal axis, unless it is a time. */
  axis?: string;
  /** The height in CSS pixels. */
  height: number;
  /** Plots with the same name show the cursor at the same time. */
  cursor?: string;
  /** A part of the horizontal axis was chosen with the mouse. */
  onZoom?: (shown: Shown) => void;
  /** Where the cursor is on the horizontal axis; `undefined` if it has left. */
  onCursor?: (at: number | undefined) => void;
  /** The plot has to be drawn again: its size or its colours have changed. */
  onChange: () => void;
}

/** The narrowest part that can be chosen, in CSS pixels: less is a click. */
const NARROWEST = 4;
/** The width of a time with seconds, and of one with milliseconds, with what is between two of them. */
const TIME_WIDTH = 76;
const EXACT_TIME_WIDTH = 100;
/** The room for a number at the horizontal axis, and at the vertical one. */
const NUMBER_WIDTH = 60;
const NUMBER_HEIGHT = 30;
/** The room below the plot, and right of it. */
const TIME_HEIGHT = 42;
const RIGHT = 28;
const AXIS_FONT = "12px system-ui, sans-serif";

/** A plot. Dispose of it. */
export class Plot {
  readonly #element: HTMLElement;
  readonly #options: PlotOptions;
  readonly #observer: ResizeObserver;
  readonly #forgetColors: () => void;
  #colors: PlotColors;
  #uplot: uPlot | undefined;
  #lines: readonly PlotLine[] = [];
  /** The width of the labels at the vertical axis; it is kept, so that the plot does not tremble. */
  #labelWidth = 40;

  constructor(element: HTMLElement, options: PlotOptions) {
    this.#element = element;
    this.#options = options;
    this.#colors = colorsOf(element);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(element);
    this.#forgetColors = whenColorsChange(() => {
      this.#colors = colorsOf(element);
      this.#uplot?.redraw(false, true);
    });
  }

  /** Draws a part of the axis. */
  draw(lines: readonly PlotLine[], [start, end]: Shown): void {
    const width = Math.floor(this.#element.clientWidth);
    if (width === 0) return; // it is not shown
    if (!isSame(lines, this.#lines)) this.#uplot = void this.#uplot?.destroy();
    this.#lines = lines;
    this.#uplot ??= this.#make(width);
    const plot = this.#uplot;
    const columns = Math.max(1, Math.round(plot.bbox.width));
    const drawn = decimate(lines.map(({ samples }) => samples), start, end, columns);
    plot.batch(() => {
      plot.setData([drawn.times, ...drawn.lines] as uPlot.AlignedData, false);
      plot.setScale("x", { min: start, max: end });
    });
  }

  [Symbol.dispose](): void {
    this.#observer.disconnect();
    this.#forgetColors();
    this.#uplot?.destroy();
    this.#uplot = undefined;
  }

  #resize(): void {
    const width = Math.floor(this.#element.clientWidth);
    if (this.#uplot === undefined || width === 0) return this.#options.onChange();
    if (width === this.#uplot.width) return;
    this.#uplot.setSize({ width, height: this.#options.height });
    this.#options.onChange(); // another number of columns
  }

  #make(width: number): uPlot {
    const { height, isTime, unit, axis = "", cursor, onZoom, onCursor } = this.#options;
    const style: uPlot.Axis = {
      stroke: () => this.#colors.text,
      grid: { stroke: () => this.#colors.grid, width: 1 },
      ticks: { stroke: () => this.#colors.grid, width: 1, size: 5 },
      font: AXIS_FONT,
      labelFont: AXIS_FONT,
      labelSize: 20,
    };
    // uPlot has no labels for numbers below 1e-16, and 0.25 where there is room for one digit.
    const numbers: uPlot.Axis = {
      incrs: () => [Number.MAX_VALUE],
      splits: (plot, axis, low, high) => ticksOf(low, high, this.#incrementOf(plot, axis)),
      values: (plot, ticks, axis) => tickTexts(ticks, this.#incrementOf(plot, axis)),
    };
    const times: uPlot.Axis = {
      space: (_plot, _axis, start, end, width) =>
        (end - start) / width * EXACT_TIME_WIDTH < 1000 ? EXACT_TIME_WIDTH : TIME_WIDTH,
      values: (_plot, ticks, _axis, _space, increment) => instantTexts(ticks, increment),
    };
    const plot = new uPlot(
      {
        width,
        height,
        ms: 1,
        legend: { show: false },
        padding: [8, RIGHT, 0, 0],
        cursor: {
          ...(cursor === undefined ? {} : { sync: { key: cursor } }),
          drag: { x: onZoom !== undefined, y: false, setScale: false },
          y: false,
        },
        scales: {
          x: { time: isTime, auto: false, range: (_, min, max) => [min, max] },
          y: { range: (_, low, high) => [...this.#rangeOf(low, high)] },
        },
        axes: [
          {
            ...style,
            ...(isTime ? times : numbers),
            size: isTime ? TIME_HEIGHT : 30,
            ...(axis === "" ? {} : { label: axis }),
          },
          {
            ...style,
            ...numbers,
            ...(unit === "" ? {} : { label: unit }),
            size: (_, texts) => this.#widthOf(texts),
          },
        ],
        series: [
          {},
          ...this.#lines.map(({ label, color }): uPlot.Series => ({
            label,
            stroke: () => this.#colors.lines[color % LINE_COLORS],
            width: 1.5,
            pxAlign: 0,
            points: { size: 5 },
          })),
        ],
        hooks: {
          drawClear: [(self) => this.#drawLimits(self)],
          setSelect: [(self) => {
            const { left, width } = self.select;
            if (width < NARROWEST) return;
            onZoom?.([self.posToVal(left, "x"), self.posToVal(left + width, "x")]);
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          }],
          setCursor: [({ cursor: { left = -1 }, posToVal }) => {
            onCursor?.(left < 0 ? undefined : posToVal(left, "x"));
          }],
        },
      },
      [[], ...this.#lines.map(() => [])],
      this.#element,
    );
    return plot;
  }

  /** How far the labels at an axis of numbers are apart: 0 is the horizontal one. */
  #incrementOf({ scales: { x, y }, width, height }: uPlot, axis: number): number {
    const most = axis === 0
      ? (width - this.#labelWidth - RIGHT) / NUMBER_WIDTH
      : (height - TIME_HEIGHT) / NUMBER_HEIGHT;
    const { min = 0, max = 0 } = axis === 0 ? x : y;
    return incrementOf(min, max, Math.floor(most));
  }

  #rangeOf(low: number | null, high: number | null): readonly [number, number] {
    return low === null || high === null ? [0, 1] : drawnRange(low, high, this.#lines);
  }

  #widthOf(texts: readonly string[] | null): number {
    const longest = Math.max(0, ...(texts ?? []).map(({ length }) => length));
    const width = Math.max(40, longest * 7.5 + 14);
    const isKept = width <= this.#labelWidth && width > this.#labelWidth * 0.7;
    return this.#labelWidth = isKept ? this.#labelWidth : width;
  }

  /** What is beyond a limit has another ground; with several lines each limit is a line only. */
  #drawLimits(plot: uPlot): void {
    const { ctx, bbox: { left, top, width, height } } = plot;
    const isAlone = this.#lines.length === 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    for (const { warning, alarm } of this.#lines) {
      for (const [limits, color] of [[warning, "warning"], [alarm, "alarm"]] as const) {
        if (limits === undefined) continue;
        const [low, high] = limits.map((limit) => place(plot, limit, top, height));
        ctx.fillStyle = ctx.strokeStyle = this.#colors[color];
        if (isAlone) {
          ctx.globalAlpha = 0.12;
          ctx.fillRect(left, top, width, high - top);
          ctx.fillRect(left, low, width, top + height - low);
        }
        ctx.globalAlpha = 0.8;
        ctx.setLineDash([6, 4]);
        ctx.beginPath();
        for (const at of [low, high]) {
          ctx.moveTo(left, at);
          ctx.lineTo(left + width, at);
        }
        ctx.stroke();
      }
    }
    ctx.restore();
  }
}

/** Where a limit is on the canvas, inside or just outside of the plot. */
function place(plot: uPlot, limit: number, top: number, height: number): number {
  if (limit === Infinity) return top - 1;
  if (limit === -Infinity) return top + height + 1;
  return Math.min(top + height + 1, Math.max(top - 1, plot.valToPos(limit, "y", true)));
}

/** Whether only the values are others. */
function isSame(some: readonly PlotLine[], others: readonly PlotLine[]): boolean {
  return some.length === others.length &&
    some.every(({ label, color }, index) =>
      label === others[index].label && color === others[index].color
    );
}
