/**
 * An array of numbers as a plot over its index, or over the first of several arrays.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Samples } from "./decimation.ts";
import { type Element, html } from "./html.ts";
import { roundedText, withUnit } from "./number_text.ts";
import { lineColor } from "./plot_colors.ts";
import { PlotPane } from "./plot_pane.ts";
import type { Shown } from "./plot_view.ts";
import type { Limits } from "./limit_state.ts";
import type { ArrayLine } from "./value_kind.ts";

const HEIGHT = 240;

/** What there is to say of a line. */
interface Extent {
  count: number;
  lowest: number;
  highest: number;
  /** How many items are missing, or no finite numbers. */
  missing: number;
}

/** Arrays as a plot. To drag over a part of it enlarges that part. */
export function ArrayPlot(
  { lines, axis, unit = "", limits = {} }: {
    lines: readonly ArrayLine[];
    axis: string;
    unit?: string;
    limits?: Limits;
  },
): Element {
  const zoomed = useSignal<Shown | undefined>(undefined);
  const extents = useMemo(() => lines.map(({ samples }) => extentOf(samples)), [lines]);
  const whole = wholeOf(lines);
  const shown = zoomed.value ?? whole;
  const content = () => ({
    shown,
    lines: lines.map(({ label, samples }, color) => ({ label, samples, color, ...limits })),
  });
  const zoom = (factor: number) => {
    const [middle, half] = [(shown[0] + shown[1]) / 2, (shown[1] - shown[0]) / 2 * factor];
    const to = [Math.max(whole[0], middle - half), Math.min(whole[1], middle + half)] as const;
    zoomed.value = to[1] > to[0] ? to : undefined;
  };
  const texts = lines.map(({ label }, index) => `${label}: ${describe(extents[index], unit)}`);
  return html`
    <div class="array-plot">
      <div class="plot-tools" role="group" aria-label="Plot">
        <button type="button" class="small" aria-label="Zoom in" onClick=${() =>
          zoom(0.5)}>+</button>
        <button type="button" class="small" aria-label="Zoom out" onClick=${() =>
          zoom(2)}>−</button>
        <button type="button" class="small" disabled=${zoomed.value === undefined}
          onClick=${() => zoomed.value = undefined}>Show all</button>
      </div>
      <${PlotPane} isTime=${false} unit=${unit} axis=${axis} height=${HEIGHT}
        content=${content}
        description=${`Plot of ${texts.join("; ")}`}
        onZoom=${(part: Shown) => zoomed.value = part} />
      <ul class="plot-texts">${texts.map((text, index) =>
        html`<li key=${index}><span class="plot-swatch" ref=${colored(index)}></span>${text}</li>`
      )}</ul>
    </div>
  `;
}

function colored(index: number): (element: HTMLElement | null) => void {
  return (element) => element?.style.setProperty("background", lineColor(index));
}

/** The axis from the first to the last item. */
function wholeOf(lines: readonly ArrayLine[]): Shown {
  const filled = lines.map(({ samples }) => samples).filter(({ length }) => length > 0);
  const start = Math.min(...filled.map((one) => one.timeAt(0)));
  const end = Math.max(...filled.map((one) => one.timeAt(one.length - 1)));
  return end > start ? [start, end] : [start - 1, start + 1];
}

function extentOf(samples: Samples): Extent {
  let [lowest, highest, missing] = [Infinity, -Infinity, 0];
  for (let index = 0; index < samples.length; index++) {
    const value = samples.valueAt(index);
    if (Number.isNaN(value)) missing++;
    else {
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
  }
  return { count: samples.length, lowest, highest, missing };
}

function describe({ count, lowest, highest, missing }: Extent, unit: string): string {
  const range = `${roundedText(lowest)} to ${withUnit(roundedText(highest), unit)}`;
  const note = missing === 0 ? "" : `, ${missing} of them missing or not finite`;
  return `${count.toLocaleString("en")} numbers${note}, ${range}`;
}
