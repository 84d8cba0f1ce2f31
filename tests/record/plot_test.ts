/** Plots of values over time, as SVG. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { plot, type PlotGap, type PlotPoint, type PlotSeries } from "../../record/plot.ts";
import fc from "../support/properties.ts";
import { PYTHON } from "../support/python.ts";

const START = Date.UTC(2025, 10, 25, 9, 30);
const MINUTE = 60_000;
const TITLE = { title: "A plot" };

function points(values: readonly number[], interval = MINUTE): PlotPoint[] {
  return values.map((value, index) => ({ time: START + index * interval, value }));
}

function voltage(values: readonly number[], others: Partial<PlotSeries> = {}): PlotSeries {
  return { label: "DMM.voltage", unit: "V", points: points(values), ...others };
}

/** The texts in the plot. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([_, text]) => text);
}

/** The points of each line. */
function lines(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline class="line" points="([^"]*)"/g)]
    .map(([_, list]) => list.split(" ").map((pair) => pair.split(",").map(Number)));
}

/** The hatched areas: where they begin and end, and what they say. */
function areas(svg: string): [from: number, to: number, reason: string][] {
  const found = svg.matchAll(
    /<rect x="([^"]*)" y="[^"]*" width="([^"]*)" height="[^"]*" fill="url\(#gap\)"><title>([^<]*)</g,
  );
  return [...found].map(([_, x, width, reason]) => [Number(x), Number(x) + Number(width), reason]);
}

function gap(start: number, end: number | undefined, reason: string): PlotGap {
  const time = (index: number) => START + index * MINUTE;
  return { start: time(start), end: end === undefined ? undefined : time(end), reason };
}

Deno.test("the axes have the times, and the values with their unit", () => {
  const svg = plot(
    [voltage(Array.from({ length: 61 }, (_, index) => 10 + index * 1e-6))],
    { title: "A <title>\u0000& more" },
  );
  const written = texts(svg);
  for (
    const text of ["09:30", "10:00", "10:30", "2025-11-25", "UTC", "10.00000", "DMM.voltage / V"]
  ) assert(written.some((one) => one.startsWith(text)), `${text}: ${written.join(", ")}`);
  assertEquals(new Set(written).size, written.length, "a label is there twice");
  assertStringIncludes(svg, "<title>A &lt;title&gt; &amp; more</title>");
  assertMatch(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
  assertStringIncludes(svg, "@media (prefers-color-scheme: dark)");
});

Deno.test("each value is a point of the line: a later one is to the right, a larger one is higher", () => {
  const [[first, second, third]] = lines(plot([voltage([1, 3, 2])], TITLE));
  assert(first[0] < second[0] && second[0] < third[0]);
  assert(second[1] < third[1] && third[1] < first[1]);
  const shuffled = voltage([1, 3, 2], { points: points([1, 3, 2]).reverse() });
  assertEquals(lines(plot([shuffled], TITLE)), [[first, second, third]]);
});

Deno.test("a value that never changes is drawn in the middle, and one that is alone is a dot", () => {
  for (const value of [10, 0, -5, 1e300, 5e-324]) {
    const svg = plot([voltage([value, value])], TITLE);
    const [top, bottom] = [74, 334];
    const [[[_, height]]] = lines(svg);
    assert(Math.abs(height - (top + bottom) / 2) < 1, `${value}: ${height}`);
    assertMatch(plot([voltage([value])], TITLE), /<circle class="dot" cx="124" cy="204"/);
  }
});

Deno.test("no line crosses a gap, which is an area that says why", () => {
  const svg = plot(
    [voltage([1, 2, 3, 4, 5, 6], {
      gaps: [gap(1.5, 1.7, "the service <b>is</b> gone"), gap(3.1, 3.9, "too slow")],
    })],
    TITLE,
  );
  assertEquals(lines(svg).map(({ length }) => length), [2, 2, 2]);
  const [first, second] = areas(svg);
  assertEquals([first[2], second[2]], ["the service &lt;b&gt;is&lt;/b&gt; gone", "too slow"]);
  const [one, two, three] = lines(svg);
  assert(one[1][0] < first[0] && first[1] < two[0][0] && two[1][0] < second[0]);
  assert(second[1] < three[0][0]);
});

Deno.test("a gap that lasts goes to the edge, and what follows an early reading in it is not joined to it", () => {
  const svg = plot([voltage([1, 2], { gaps: [gap(1, undefined, "no reply")] })], {
    ...TITLE,
    end: START + 10 * MINUTE,
  });
  assertEquals(areas(svg)[0][1], 580);
  // A long gap and a short one in it: the end of the long one counts.
  const nested = [gap(0.5, 4.5, "long"), gap(0.6, 0.7, "short")];
  const within = plot([voltage([1, 2, 3, 4, 5, 6, 7], { gaps: nested })], TITLE);
  assertEquals(lines(within).map(({ length }) => length), [2]);
  assertEquals(within.match(/<circle/g)?.length, 5);
});

Deno.test("many short gaps are one area, so that the file stays small", () => {
  const gaps = Array.from(
    { length: 10_000 },
    (_, index) => gap(index / 1_000, index / 1_000, index % 2 === 0 ? "odd" : "even"),
  );
  const svg = plot([voltage([1, 2], { gaps })], TITLE);
  assertEquals(areas(svg).length, 1);
  assertEquals(areas(svg)[0][2], "odd, and other reasons");
});

Deno.test("a value that is no number interrupts the line", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const svg = plot([voltage([1, 2, value, 2, 1])], TITLE);
    assertEquals(lines(svg).map(({ length }) => length), [2, 2]);
  }
  assert(texts(plot([voltage([NaN, NaN])], TITLE)).includes("no values"));
});

Deno.test("the extremes of a bucket are a band around its mean", () => {
  const buckets = points([5, 6, 5]).map((point) => ({
    ...point,
    low: point.value - 2,
    high: point.value + 1,
  }));
  const svg = plot([voltage([], { points: buckets })], TITLE);
  const band = /<polygon class="band" points="([^"]*)"/.exec(svg)![1].split(" ")
    .map((pair) => pair.split(",").map(Number));
  const [line] = lines(svg);
  assertEquals(band.length, 6);
  for (const [index, [x, y]] of line.entries()) {
    assertEquals([band[index][0], band[5 - index][0]], [x, x]);
    assert(band[index][1] < y && y < band[5 - index][1]);
  }
  assert(!plot([voltage([5, 6, 5])], TITLE).includes("<polygon"));
  const alone = plot([voltage([], { points: buckets.slice(0, 1) })], TITLE);
  assertMatch(alone, /<path class="line" d="M/);
});

Deno.test("limits near the values are bands, and those that are far away do not flatten the line", () => {
  const near = plot([voltage([4.1, 5, 5.9], { warning: [4.5, 5.5], alarm: [4, 6] })], TITLE);
  assertEquals(near.match(/<rect class="(warning|alarm)"/g)?.length, 4);
  const far = plot([voltage([5, 5.001], { warning: [4.5, 5.5], alarm: [-Infinity, 6] })], TITLE);
  assert(!far.includes('<rect class="'.concat("warning")));
  assertEquals(lines(far), lines(plot([voltage([5, 5.001])], TITLE)));
  // All values are beyond the limit: the whole panel is.
  const beyond = plot([voltage([7, 7.001], { alarm: [4, 6] })], TITLE);
  assertMatch(beyond, /<rect class="alarm" x="124" y="74" width="456" height="260"/);
});

Deno.test("each source has a panel, below one time axis", () => {
  const temperature = { label: "Room:temperature", unit: "°C", points: points([20, 21]) };
  const silent = { label: "Lost.value", points: [], gaps: [gap(0, undefined, "never connected")] };
  const written = texts(plot([voltage([1, 2, 3]), temperature, silent], TITLE));
  for (const text of ["DMM.voltage / V", "Room:temperature / °C", "Lost.value", "no values"]) {
    assertEquals(written.filter((one) => one === text).length, 1, text);
  }
  assertEquals(written.filter((one) => one === "09:31:00").length, 1);
});

Deno.test("a plot without values, or that ends before its start, is an error", () => {
  for (const series of [[], [voltage([])]]) {
    assertThrows(() => plot(series, TITLE), RangeError, "Cannot draw a plot: there are no values");
  }
  assertThrows(
    () => plot([voltage([1])], { ...TITLE, start: START, end: START - MINUTE }),
    RangeError,
    "Cannot draw a plot from 2025-11-25T09:30:00.000Z to 2025-11-25T09:29:00.000Z: it has to end",
  );
});

Deno.test("property: any values, texts and gaps make a plot that is XML and has no NaN", async () => {
  const value = fc.double();
  const time = fc.integer({ min: -1e12, max: 4e12 });
  const text = fc.string({ unit: "binary", maxLength: 80 });
  const range = fc.option(fc.tuple(value, value), { nil: undefined });
  const series = fc.record({
    label: text,
    unit: text,
    points: fc.array(
      fc.record({ time, value, low: value, high: value }),
      { minLength: 1, maxLength: 12 },
    ),
    gaps: fc.array(
      fc.record({ start: time, end: fc.option(time, { nil: undefined }), reason: text }),
      { maxLength: 5 },
    ),
    warning: range,
    alarm: range,
  });
  const made: string[] = [];
  fc.assert(fc.property(
    fc.array(series, { minLength: 1, maxLength: 3 }),
    text,
    (all, title) => {
      const svg = plot(all, { title });
      assert(!/="[^"]*(NaN|Infinity|undefined)/.test(svg), svg);
      made.push(svg);
    },
  ));
  const program = "import json, sys; from xml.etree.ElementTree import fromstring\n" +
    "print(len([fromstring(svg) for svg in json.load(sys.stdin)]))";
  const child = new Deno.Command(PYTHON, {
    args: ["-c", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(made)));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assertEquals(
    new TextDecoder().decode(stdout).trim(),
    `${made.length}`,
    new TextDecoder().decode(stderr),
  );
});
