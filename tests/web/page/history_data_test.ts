import { assert, assertEquals, assertThrows } from "@std/assert";
import { csvOf } from "../../../web/page/csv.ts";
import {
  historyRows,
  HistorySamples,
  type ReceivedHistory,
  toAlarms,
  toHistory,
  toSources,
} from "../../../web/page/history_data.ts";

function bucket(start: number, minimum: number, maximum = minimum, count = 2) {
  return { start, end: start + 100, minimum, maximum, mean: (minimum + maximum) / 2, count };
}

function samplesOf(history: Partial<ReceivedHistory>): [time: number, value: number][] {
  const samples = new HistorySamples({ start: 0, end: 10_000, buckets: [], gaps: [], ...history });
  return Array.from(
    { length: samples.length },
    (_, index) => [samples.timeAt(index), samples.valueAt(index)],
  );
}

Deno.test("of a bucket the lowest and the highest value are drawn, of a single reading itself", () => {
  assertEquals(samplesOf({ buckets: [bucket(0, 1, 3), bucket(100, 5, 5, 1)] }), [
    [25, 1],
    [75, 3],
    [150, 5],
  ]);
});

Deno.test("a gap breaks the line between its buckets, wherever the samples stand in them", () => {
  const buckets = [bucket(900, 1), bucket(1000, 1, 2), bucket(4900, 3, 4), bucket(5000, 5)];
  for (const [start, end] of [[1000, 5000], [1075, 4925], [1100, 4900], [2000, 3000]]) {
    const samples = samplesOf({ buckets, gaps: [{ start, end, reason: "gone" }] });
    const at = samples.findIndex(([, value]) => Number.isNaN(value));
    assertEquals([samples.length, samples[at - 1][1], samples[at + 1][1]], [7, 2, 3]);
  }
});

Deno.test("a gap that lasts breaks nothing before it, and there may be no samples", () => {
  const gaps = [{ start: 2000, end: null, reason: "gone" }];
  assertEquals(samplesOf({ buckets: [bucket(0, 1), bucket(1000, 2)], gaps }), [[50, 1], [1050, 2]]);
  assertEquals(samplesOf({ gaps }), []);
});

Deno.test("what is no answer of a recorder is refused, and its parts that are none are left out", () => {
  for (const value of [null, 5, [], { start: "0", end: 1 }, { start: 0, end: 1e300 }]) {
    assertThrows(() => toHistory(value), TypeError, "no history");
  }
  const good = bucket(0, 1);
  const history = toHistory({
    start: 0,
    end: 1,
    buckets: [{ ...good, minimum: "1" }, { ...good, end: 1e300 }, bucket(500, 2), null, good],
    gaps: [
      { start: 1, end: null, reason: "x" },
      { start: 1, end: "2", reason: "x" },
      { start: -1e300, end: null, reason: "x" },
      5,
    ],
  });
  assertEquals([...historyRows([{ source: "x", unit: "", history }])].length, 4);
  const many = toHistory({
    start: 0,
    end: 1,
    buckets: Array.from({ length: 10_000 }, () => good),
    gaps: Array.from({ length: 10_000 }, () => ({ start: 1, end: 2, reason: "x" })),
  });
  assertEquals([many.buckets.length, many.gaps.length], [2_000, 2_000]);
  assertEquals([history.buckets, history.gaps.length], [[good, bucket(500, 2)], 1]);
  assertEquals(toHistory({ start: 0, end: 1, buckets: 5 }).buckets, []);
  const source = { id: 1, source: "x", unit: "", start: null, end: 5 };
  assertEquals(toSources([source, { ...source, id: "1" }, null]), [source]);
  assertEquals(toSources("x"), []);
  const alarm = { source: "x", state: "alarm", time: 1, message: "m" };
  const acknowledged = { ...alarm, acknowledged: true, acknowledgedBy: "me" };
  assertEquals(toAlarms([alarm, acknowledged]), [acknowledged]);
});

Deno.test("a history is CSV with its gaps, in the order of time", () => {
  const history = {
    start: 0,
    end: 1000,
    buckets: [bucket(0, 1, 2), bucket(500, 3)],
    gaps: [{ start: 100, end: null, reason: "=gone" }],
  };
  const lines = csvOf(historyRows([{ source: "DMM.voltage", unit: "V", history }])).split("\r\n");
  assertEquals(lines.slice(1, 4), [
    "DMM.voltage,V,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.100Z,1,2,1.5,2,",
    "DMM.voltage,V,1970-01-01T00:00:00.100Z,,,,,0,'=gone",
    "DMM.voltage,V,1970-01-01T00:00:00.500Z,1970-01-01T00:00:00.600Z,3,3,3,2,",
  ]);
  assert(lines[0].startsWith("source,unit,start"));
});

Deno.test("a time that no calendar has does not keep the others from being copied", () => {
  const history = { start: 0, end: 1e300, buckets: [bucket(1e300, 1), bucket(0, 1)], gaps: [] };
  const [, first, second] = [...historyRows([{ source: "DMM.voltage", unit: "V", history }])];
  assertEquals([first[2], second[2]], ["1970-01-01T00:00:00.000Z", "1e+300"]);
});
