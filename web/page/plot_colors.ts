/// <reference lib="dom" />
/**
 * The colours of a canvas: those of the custom properties in the style sheet, light or dark.
 *
 * @module
 */

/** How many colours there are for lines; the others begin again. */
export const LINE_COLORS = 8;

/** The colours of a plot, as a canvas takes them. */
export interface PlotColors {
  text: string;
  grid: string;
  warning: string;
  alarm: string;
  lines: readonly string[];
}

/** The custom property of a line's colour, for style sheets and legends. */
export function lineColor(index: number): string {
  return `var(--plot-${index % LINE_COLORS + 1})`;
}

/** The colours that hold for an element now. */
export function colorsOf(element: HTMLElement): PlotColors {
  const probe = element.ownerDocument.createElement("span");
  probe.hidden = true;
  element.append(probe);
  // A property may be written with others, or with light-dark(): the browser resolves it.
  const resolved = (value: string): string => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const colors = {
    text: resolved("var(--plot-text)"),
    grid: resolved("var(--plot-grid)"),
    warning: resolved("var(--plot-warning)"),
    alarm: resolved("var(--plot-alarm)"),
    lines: Array.from({ length: LINE_COLORS }, (_, index) => resolved(lineColor(index))),
  };
  probe.remove();
  return colors;
}

/** Calls a function when the reader changes between light and dark, until its result is called. */
export function whenColorsChange(changed: () => void): () => void {
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", changed);
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true });
  return () => {
    preference.removeEventListener("change", changed);
    observer.disconnect();
  };
}
