/**
 * The values of a stream or of notifications as they come: numbers in a plot, the latest one of
 * anything else as it is.
 *
 * @module
 */

import type { ValueAbout } from "../../wire/about.ts";
import { useChanges } from "./changes.ts";
import { type Element, html } from "./html.ts";
import { LivePlot } from "./live_plot.ts";
import { instantText } from "./number_text.ts";
import { MAX_LINES, type SeriesSet } from "./series_set.ts";
import { ValueView } from "./value_view.ts";

/** Values as they come. */
export function LiveValues(
  { values, about, ended = false }: {
    values: SeriesSet;
    about?: ValueAbout;
    /** Whether no more values come. */
    ended?: boolean;
  },
): Element {
  const changes = useChanges(values.listen);
  void changes.value; // shows it again
  const { series, latest, isPlotted, omitted } = values;
  return html`<div class="live-values">
    ${series.length > 0 && html`<${LivePlot} series=${series} ended=${ended} />`}
    ${
    omitted > 0 &&
    html`<p class="note">The plot has ${MAX_LINES} lines; ${omitted} more are not drawn.</p>`
  }
    ${
    latest !== undefined && !isPlotted &&
    html`
      <p class="note">At ${instantText(latest.time)}</p>
      <${ValueView} value=${latest.value} about=${about} />
    `
  }
  </div>`;
}
