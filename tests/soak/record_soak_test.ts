import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SEED } from "../support/properties.ts";
import type { Recorded } from "../support/recordings.ts";
import {
  compare,
  faultsOf,
  formatReport,
  type Outage,
  readDelivered,
  sinceRecorded,
} from "./record_report.ts";
import { recordSoak } from "./record_soak.ts";

Deno.test("each delivered reading is recorded or lies in a gap, although any process may be killed", async () => {
  const options = { minutes: 6, factor: 60, seed: SEED, meanLife: 1_000 };
  const report = await recordSoak(options);
  assertEquals(faultsOf(report), [], `--seed ${SEED}\n${formatReport(report)}`);
  assert(report.delivered > 100 && report.outages.size >= 2, formatReport(report));
});

const DELIVERED = readDelivered("DMM", "voltage 1 10\nvoltage 2 20\nvoltage 3 30\nvoltage 4");
const OUTAGES: Outage[] = [{ victim: "Manager", start: 15, end: 25 }];

function reportOf(recorded: Recorded, outages = OUTAGES) {
  return compare(DELIVERED, new Map([["DMM.voltage", recorded]]), outages, 0.0001);
}

const READINGS = [{ value: 1, time: 10 }, { value: 3, time: 30 }];
const GAP = { start: 10, end: 30, reason: "Manager gone: it was killed" };

Deno.test("a line that an instrument was killed in was not delivered", () => {
  assertEquals(DELIVERED.at(-1), { name: "DMM.voltage", value: 3, time: 30 });
});

Deno.test("what was delivered before a recorder looked for it is not lost, if the one before was killed", () => {
  const gapsFrom = (start: number) => ({ readings: [], gaps: [{ ...GAP, start, reason: "x" }] });
  const recorded = new Map([["DMM.voltage", gapsFrom(20)], ["DMM.current", gapsFrom(5)]]);
  const times = (outages: Outage[]) =>
    sinceRecorded(DELIVERED, recorded, outages).map(({ time }) => time);
  assertEquals(times([{ victim: "recorder", start: 18, end: 19 }]), [20, 30]);
  assertEquals(times([{ victim: "recorder", start: 25, end: 26 }]), [10, 20, 30]);
  assertEquals(times([{ victim: "DMM", start: 12, end: 19 }]), [10, 20, 30]);
});

Deno.test("a reading that is in no gap, one that nobody has delivered, and a gap without a cause are faults", () => {
  const fine = reportOf({ readings: READINGS, gaps: [GAP] });
  assertEquals([fine.delivered, fine.recorded, fine.inGaps, faultsOf(fine)], [3, 2, 1, []]);
  const text = formatReport(fine);
  assertStringIncludes(text, "Killed: Manager 1 times");
  assertStringIncludes(text, "2 are in the file (66.7 %)");
  assertStringIncludes(text, "  Manager gone: 1, 0ms");
  const cases: [recorded: Recorded, outages: Outage[], fault: string][] = [
    [{ readings: READINGS, gaps: [] }, OUTAGES, "1 readings are neither in the file nor in a gap"],
    [{ readings: READINGS, gaps: [{ ...GAP, start: 21 }] }, OUTAGES, "1 readings are neither"],
    [
      { readings: [...READINGS, { value: 9, time: 12 }], gaps: [GAP] },
      OUTAGES,
      "1 readings in the file were not delivered like that, or are there twice",
    ],
    [{ readings: [...READINGS, READINGS[0]], gaps: [GAP] }, OUTAGES, "1 readings in the file"],
    [
      { readings: [{ value: 1, time: 11 }, READINGS[1]], gaps: [{ ...GAP, start: 5 }] },
      OUTAGES,
      "1 readings in the file were not",
    ],
    [{ readings: READINGS, gaps: [GAP] }, [], "1 gaps are where nothing had happened"],
    [{ readings: [], gaps: [{ ...GAP, start: 0 }] }, OUTAGES, "only 0 of 3 were recorded"],
  ];
  for (const [recorded, outages, fault] of cases) {
    const faults = faultsOf(reportOf(recorded, outages));
    assertEquals(faults.length, 1, faults.join());
    assertStringIncludes(faults[0], fault);
  }
});
