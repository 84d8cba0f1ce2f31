import { assertEquals } from "@std/assert";
import { pathOf } from "../../../web/page/sparkline.ts";
import { TimeSeries } from "../../../web/page/time_series.ts";

Deno.test("a small line goes from the left to the right, lowest to highest, with its gaps", () => {
  const series = new TimeSeries({ label: "x" });
  for (const [time, value] of [[0, 0], [50, 10], [60, NaN], [100, 5]]) series.append(time, value);
  assertEquals(pathOf(series, 0, 100).replaceAll(/[\d.]+ /g, ""), "M38.0L2.0M20.0");
  assertEquals(pathOf(series, 100, 100), "");
  assertEquals(pathOf(series, 200, 300), "");
});

Deno.test("what does not change is drawn in the middle", () => {
  const series = new TimeSeries({ label: "x" });
  series.append(0, 7);
  series.append(100, 7);
  assertEquals(pathOf(series, 0, 100).replaceAll(/[\d.]+ /g, ""), "M20.0L20.0");
});
