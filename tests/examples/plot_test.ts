/** Plots of values over time, as SVG. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { plot, type Point } from "../../examples/plot.ts";

const LABELS = { title: "A <title>\u0000& more", values: "DC voltage / V" };

function points(values: readonly number[], interval = 60_000): Point[] {
  const start = Date.UTC(2025, 10, 25, 9, 30);
  return values.map((value, index) => ({ time: new Date(start + index * interval), value }));
}

/** The texts in the plot. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([_, text]) => text);
}

function line(svg: string): number[][] {
  const [_, list] = /<polyline points="([^"]*)"/.exec(svg)!;
  return list.split(" ").map((pair) => pair.split(",").map(Number));
}

Deno.test("the axes have the times, and the voltage with its unit", () => {
  const svg = plot(points(Array.from({ length: 61 }, (_, index) => 10 + index * 1e-6)), LABELS);
  const written = texts(svg);
  for (
    const text of ["09:30", "10:00", "10:30", "2025-11-25 (UTC)", "10.00000", "DC voltage / V"]
  ) assert(written.some((one) => one.startsWith(text)), `${text}: ${written.join(", ")}`);
  assertEquals(new Set(written).size, written.length, "a label is there twice");
  assertStringIncludes(svg, "<title>A &lt;title> &amp; more</title>");
  assertMatch(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
});

Deno.test("each value is a point of the line: a later one is to the right, a larger one is higher", () => {
  const [first, second, third] = line(plot(points([1, 3, 2]), LABELS));
  assert(first[0] < second[0] && second[0] < third[0]);
  assert(second[1] < third[1] && third[1] < first[1]);
});

Deno.test("one value, a value that never changes, and 0 are drawn in the middle", () => {
  for (const values of [[10], [10, 10], [0, 0], [-5]]) {
    const [[_, height]] = line(plot(points(values), LABELS));
    assert(height > 180 && height < 220, `${values}: ${height}`);
  }
});

Deno.test("a plot of seconds has seconds at its ticks, a plot of days has days", () => {
  assert(texts(plot(points([1, 2, 3], 1_000), LABELS)).includes("09:30:01"));
  assert(texts(plot(points([1, 2, 3], 3 * 86_400_000), LABELS)).includes("11-26 00:00"));
});

Deno.test("a plot without values is an error", () => {
  assertThrows(() => plot([], LABELS), RangeError, "Cannot draw a plot: there are no values");
});
