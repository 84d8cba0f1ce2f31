/** What a recording knows: sources, latest readings, histories. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { latestReadings, recordedSources, sourceHistory } from "../../record/history.ts";
import { openTarget } from "../../record/open_target.ts";
import type { Gap, SourceDescription } from "../../record/reading.ts";
import { descriptionOf, findSources, sourceName } from "../../record/source_name.ts";
import { temporaryFolder } from "../support/folder.ts";

const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };
const NOW = 100_000;

/** A recording with the readings `[time, value]` and gaps of each source. */
async function recording(
  sources: readonly (readonly [
    description: SourceDescription,
    readings: readonly (readonly [time: number, value: unknown])[],
    gaps?: readonly Omit<Gap, "source">[],
  ])[],
) {
  const folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  for (const [description, readings, gaps = []] of sources) {
    const source = target.source(description);
    target.write(
      readings.map(([time, value]) => ({ source, time, received: time, value })),
      gaps.map((gap) => ({ source, ...gap })),
    );
  }
  await target.close();
  return { file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

Deno.test("a source has a name in the grammar, by which it is found", () => {
  const sources: SourceDescription[] = [
    VOLTAGE,
    { ...VOLTAGE, arguments: "10, n=2" },
    { ...VOLTAGE, service: "a b", attribute: "x.y" },
    { service: "Room", attribute: "temperature", arguments: "", unit: "°C" },
    { service: "Room", attribute: ":temperature", arguments: "", unit: "°C" },
  ];
  const names = sources.map(sourceName);
  assertEquals(names, [
    "DMM.voltage",
    "DMM.voltage(10, n=2)",
    '"a b"."x.y"',
    "Room.temperature",
    "Room:temperature",
  ]);
  for (const [index, name] of names.entries()) {
    assertEquals(descriptionOf(name), { ...sources[index], unit: "" });
    assert(findSources(sources, name).includes(sources[index]), name);
  }
  assertEquals(findSources(sources, "DMM.voltage@5s"), [sources[0]]);
  assertEquals(findSources(sources, "DMM.voltage( 10,n=2 )"), [sources[1]]);
  assertEquals(findSources(sources, "Room:"), sources.slice(3));
  assertThrows(
    () => findSources(sources, "DMM.volts"),
    ValueError,
    "Cannot find DMM.volts in the recording. Did you mean 'DMM.voltage'? It has",
  );
  assertThrows(() => findSources([], "DMM.volts"), ValueError, "It has no sources");
  assertThrows(() => findSources(sources, "DMM"), ValueError, "Cannot read the source");
});

Deno.test("the sources of a recording, and from when to when they have readings", async () => {
  await using lab = await recording([
    [VOLTAGE, [[1_000, 5], [2_000, "overload"]]],
    [{ ...VOLTAGE, unit: "mV" }, []],
  ]);
  assertEquals(recordedSources(lab.file), [
    { id: 1, source: "DMM.voltage", unit: "V", start: 1_000, end: 2_000 },
    { id: 2, source: "DMM.voltage", unit: "mV", start: null, end: null },
  ]);
});

Deno.test("the latest reading says whether the source is in a gap since", async () => {
  await using lab = await recording([
    [VOLTAGE, [[1_000, 5]], [{ start: 1_000, reason: "service gone" }]],
    [{ ...VOLTAGE, service: "Other" }, [[1_000, "on"]], [{ start: 500, end: 900, reason: "x" }]],
    [{ ...VOLTAGE, service: "New" }, []],
  ]);
  assertEquals(
    latestReadings(lab.file, null).map(({ source, time, value, gap }) => ({
      source,
      time,
      value,
      gap,
    })),
    [
      {
        source: "DMM.voltage",
        time: 1_000,
        value: 5,
        gap: { start: 1_000, reason: "service gone" },
      },
      { source: "Other.voltage", time: 1_000, value: "on", gap: null },
      { source: "New.voltage", time: null, value: null, gap: null },
    ],
  );
  assertEquals(latestReadings(lab.file, ["Other.voltage", 1, "DMM.voltage"]).map(({ id }) => id), [
    2,
    1,
  ]);
  assertThrows(() => latestReadings(lab.file, [7]), ValueError, "a source with the number 7");
});

Deno.test("a history has minimum, maximum, mean and count of each bucket, and the gaps", async () => {
  await using lab = await recording([[
    VOLTAGE,
    [[0, 1], [10, 3], [20, 5], [55, "overload"], [60, 7]],
    [{ start: 20, end: 55, reason: "too slow" }],
  ]]);
  assertEquals(sourceHistory(lab.file, "DMM.voltage", { start: 0, end: 80, points: 4 }), {
    id: 1,
    source: "DMM.voltage",
    unit: "V",
    start: 0,
    end: 80,
    buckets: [
      { start: 0, end: 20, minimum: 1, maximum: 3, mean: 2, count: 2 },
      { start: 20, end: 40, minimum: 5, maximum: 5, mean: 5, count: 1 },
      { start: 60, end: 80, minimum: 7, maximum: 7, mean: 7, count: 1 },
    ],
    gaps: [{ start: 20, end: 55, reason: "too slow", count: 1 }],
  });
});

Deno.test("the span of a history is that of the record, and goes on to now if a gap does", async () => {
  await using lab = await recording([
    [VOLTAGE, [[1_000, 5], [3_000, 6]]],
    [{ ...VOLTAGE, service: "Lost" }, [[1_000, 5]], [{ start: 1_000, reason: "service gone" }]],
    [{ ...VOLTAGE, service: "Never" }, [], [{ start: 2_000, reason: "no reading yet" }]],
    [{ ...VOLTAGE, service: "Ended" }, [[1, 1]], [{ start: 1, end: 9_000, reason: "x" }]],
    [{ ...VOLTAGE, service: "Old" }, [[1, 1]], [{ start: 1, reason: "recorder stopped" }]],
  ]);
  const span = (name: string, wanted = {}) => {
    const { start, end } = sourceHistory(lab.file, name, wanted, NOW);
    return [start, end];
  };
  assertEquals(span("DMM.voltage"), [1_000, 3_001]);
  assertEquals(span("DMM.voltage", { start: 2_000 }), [2_000, NOW]);
  assertEquals(span("DMM.voltage", { end: 2_000 }), [1_000, 2_000]);
  assertEquals(span("Lost.voltage"), [1_000, NOW]);
  assertEquals(span("Never.voltage"), [2_000, NOW]);
  assertEquals(span("Ended.voltage"), [1, 9_000]);
  assertEquals(span("Old.voltage"), [1, 2]);
  for (const wanted of [{ end: 1_000 }, { start: 5, end: 5 }, { start: NOW + 1 }]) {
    assertThrows(
      () => span("DMM.voltage", wanted),
      ValueError,
      "Cannot give the history from 1970-01-01T00:0",
    );
  }
});

Deno.test("of several units, a name means the one with the latest reading; a number means each", async () => {
  await using lab = await recording([
    [VOLTAGE, [[1_000, 5]]],
    [{ ...VOLTAGE, unit: "mV" }, [[2_000, 5_000]]],
    [{ ...VOLTAGE, unit: "kV" }, []],
  ]);
  assertEquals(sourceHistory(lab.file, "DMM.voltage").unit, "mV");
  assertEquals(sourceHistory(lab.file, 1).unit, "V");
});

Deno.test("a name that means several sources has no one history", async () => {
  await using lab = await recording([
    [{ ...VOLTAGE, attribute: "a" }, []],
    [{ ...VOLTAGE, attribute: "b" }, []],
  ]);
  assertThrows(
    () => sourceHistory(lab.file, "DMM:"),
    ValueError,
    "Cannot give one history of DMM:: it means DMM.a, DMM.b",
  );
});

Deno.test("gaps that are nearer to each other than a bucket are one, with the reason of the longest", async () => {
  const gaps = Array.from({ length: 1_000 }, (_, index) => ({
    start: 1_000 + index * 10,
    end: 1_000 + index * 10 + (index === 500 ? 8 : 5),
    reason: index === 500 ? "service gone" : "too slow",
  }));
  const far = { start: 50_000, end: 60_000, reason: "Manager gone" };
  const open = { start: 60_500, reason: "call failed" };
  await using lab = await recording([[VOLTAGE, [[0, 1]], [...gaps, far, open]]]);
  const { gaps: found } = sourceHistory(lab.file, 1, { start: 0, end: NOW, points: 100 });
  assertEquals(found, [
    { start: 1_000, end: 10_995, reason: "service gone", count: 1_000 },
    { start: 50_000, end: null, reason: "call failed", count: 2 },
  ]);
  const all = sourceHistory(lab.file, 1, { start: 0, end: NOW, points: 10_000 }).gaps;
  assertEquals(all.at(-2), { ...far, count: 1 });
});

Deno.test("a file that is no recording is an error", () => {
  assertThrows(() => recordedSources("no.sqlite"), ConfigurationError, "there is no such file");
});
