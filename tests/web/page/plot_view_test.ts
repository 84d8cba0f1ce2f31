import { assertEquals } from "@std/assert";
import { PlotView } from "../../../web/page/plot_view.ts";
import { TimeSeries } from "../../../web/page/time_series.ts";

const NOW = 1_000_000;

function seriesUntil(end: number, start = 0): TimeSeries {
  const series = new TimeSeries({ label: "x", capacity: 100 });
  for (let time = start; time <= end; time += 10) series.append(time, time);
  return series;
}

Deno.test("a plot follows the newest reading, and shows now where there is none", () => {
  const view = new PlotView(100);
  assertEquals(view.shown([], NOW), [NOW - 100, NOW]);
  const series = seriesUntil(500);
  assertEquals(view.shown([series, new TimeSeries({ label: "y" })], NOW), [400, 500]);
  series.append(600, 1);
  assertEquals(view.shown([series], NOW), [500, 600]);
  view.span = Infinity;
  assertEquals(view.shown([series, seriesUntil(300, 200)], NOW), [0, 600]);
});

Deno.test("few readings have the width: in steps while they come, and all of it when they have ended", () => {
  const view = new PlotView(1000);
  const series = seriesUntil(5010, 5000);
  const shown = () => view.shown([series], NOW);
  assertEquals(shown(), [5000, 5010]);
  series.append(5011, 1);
  assertEquals(shown(), [5000, 5015]);
  series.append(5610, 1);
  assertEquals(shown(), [5000, 5800]);
  series.append(5900, 1);
  assertEquals(shown(), [5000, 6000]);
  view.isEnded = true;
  assertEquals(shown(), [5000, 5900]);
  view.isEnded = false;
  series.append(6020, 1); // they have filled it: it follows the newest one
  assertEquals(shown(), [5020, 6020]);
  view.span = 700; // no step is wider than what was chosen
  const others = seriesUntil(650);
  assertEquals(view.shown([others], NOW), [0, 700]);
  assertEquals(view.shown([seriesUntil(0)], NOW), [-700, 0]); // one reading takes no time
});

Deno.test("a paused plot keeps what it shows, also when the newest readings push that out", () => {
  const view = new PlotView(100);
  const series = seriesUntil(500);
  view.pause([series], NOW);
  for (let time = 510; time < 5000; time += 10) series.append(time, 0);
  assertEquals([view.isPaused, view.shown([series], NOW)], [true, [400, 500]]);
  const [kept] = view.series([series]);
  assertEquals(kept.timeAt(kept.length - 1), 500);
  view.resume();
  assertEquals(view.shown([series], NOW), [4890, 4990]);
  assertEquals(view.series([series])[0], series);
});

Deno.test("to zoom and to move pauses", () => {
  const view = new PlotView(100);
  const series = [seriesUntil(500)];
  view.zoom(series, NOW);
  assertEquals([view.isPaused, view.shown(series, NOW)], [true, [425, 475]]);
  view.zoom(series, NOW, true);
  view.zoom(series, NOW, true);
  assertEquals(view.shown(series, NOW), [350, 550]);
  view.move(series, NOW);
  assertEquals(view.shown(series, NOW), [300, 500]);
  view.move(series, NOW, true);
  assertEquals(view.shown(series, NOW), [350, 550]);
});

Deno.test("nothing, or less than a millisecond, is not shown", () => {
  const view = new PlotView(100);
  const series = [seriesUntil(500)];
  view.show(series, NOW, [450, 450]);
  view.show(series, NOW, [NaN, 450]);
  assertEquals(view.isPaused, false);
  for (let step = 0; step < 50; step++) view.zoom(series, NOW);
  assertEquals(view.shown(series, NOW), [449.5, 450.5]);
});
