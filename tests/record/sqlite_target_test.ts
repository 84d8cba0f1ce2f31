import { assertEquals, assertRejects } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { openTarget } from "../../record/open_target.ts";
import { temporaryFolder } from "../support/folder.ts";
import { tool } from "../support/process.ts";

const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };

Deno.test("a source keeps its number, and one with another unit is another source", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const first = await openTarget(file);
  const volts = first.source(VOLTAGE);
  const millivolts = first.source({ ...VOLTAGE, unit: "mV" });
  await first.close();
  const second = await openTarget(file);
  assertEquals(second.source({ ...VOLTAGE, unit: "mV" }), millivolts);
  assertEquals(second.source(VOLTAGE), volts);
  assertEquals(volts === millivolts, false);
  await second.close();
});

Deno.test("Python's sqlite3 reads a recording while it is written", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  target.write([{ source, time: 1_000.25, received: 1_001, value: 1.5 }], [
    { source, start: 2_000, reason: "the service is not connected" },
  ]);
  const script = `
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT service, attribute, unit, time, received, value, json FROM reading JOIN source ON source = source.id")
print(json.dumps(rows.fetchall()))`;
  assertEquals(JSON.parse(await tool("python3", "-c", script, file)), [
    ["DMM", "voltage", "V", 1_000.25, 1_001, 1.5, null],
  ]);
  assertEquals(target.size > 0, true);
  await target.close();
});

Deno.test("the record of a source is continued: its last reading, and the gap that lasted", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const first = await openTarget(file);
  const source = first.source(VOLTAGE);
  assertEquals(first.end(source), {});
  const gap = { source, start: 5, reason: "the service is not connected" };
  first.write([{ source, time: 1, received: 3, value: 1 }], [gap]);
  await first.close();
  const second = await openTarget(file);
  assertEquals(second.end(source), { time: 1, received: 3, gap });
  second.write([], [{ ...gap, end: 9 }]);
  assertEquals(second.end(source), { time: 1, received: 3 });
  await second.close();
});

Deno.test("a file whose name says nothing of its kind is refused", async () => {
  await assertRejects(
    () => openTarget("lab.xyz"),
    ConfigurationError,
    "Cannot record to lab.xyz: its name must end with one of .sqlite",
  );
});
