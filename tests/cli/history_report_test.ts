import { assertStringIncludes } from "@std/assert";
import { describeHistory, describeSources, historyCsv } from "../../cli/history_report.ts";

Deno.test("the latest value of an array is a summary of it", () => {
  const source = { id: 1, source: "Scope.trace", unit: "V", start: 0, end: 0 };
  const value = new Float64Array(1_000_000);
  const latest = { id: 1, source: "Scope.trace", unit: "V", time: 0, value, gap: null };
  const text = describeSources([source], [latest], (text) => text);
  assertStringIncludes(text, "array(1000000 <f8, min 0, max 0");
});

Deno.test("what a recorder says is a time, and no calendar has, does not keep the rest from being shown", () => {
  const source = { id: 1, source: "DMM.voltage", unit: "V", start: 1e300, end: NaN };
  const gap = { start: -1e300, reason: "gone" };
  const latest = { id: 1, source: "DMM.voltage", unit: "V", time: 1e300, value: 5, gap };
  const plain = (text: string) => text;
  assertStringIncludes(describeSources([source], [latest], plain), "gone, since -1e+300");
  const bucket = { start: 0, end: 1e300, minimum: 1, maximum: 1, mean: 1, count: 1 };
  const history = { ...source, start: 0, end: 1e300, buckets: [bucket], gaps: [] };
  assertStringIncludes(describeHistory(history, plain), "1970-01-01T00:00:00.000Z to 1e+300");
  assertStringIncludes(historyCsv([history], false), "1970-01-01T00:00:00.000Z,1e+300,DMM.voltage");
});
