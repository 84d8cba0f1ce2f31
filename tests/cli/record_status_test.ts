import { assertEquals } from "@std/assert";
import { RecordStatus } from "../../cli/record_status.ts";

Deno.test("the line of a recording has readings, rate, gaps, size, and what it waits for", () => {
  const recorder = {
    readings: 1,
    gaps: 1,
    size: 4_096,
    missing: [] as string[],
    blocked: undefined as { message: string; waiting: number } | undefined,
  };
  let now = 0;
  const status = new RecordStatus(recorder, () => now);
  assertEquals(status.line(), "1 reading, 0/s, 1 gap, 4 KiB");
  [now, recorder.readings, recorder.gaps, recorder.size] = [500, 11, 0, 1_250_000];
  assertEquals(status.line(), "11 readings, 20/s, 0 gaps, 1.2 MiB");
  for (let turn = 0; turn < 100; turn++) {
    now += 500;
    recorder.readings += 1_000;
    status.line();
  }
  recorder.size = 2e9;
  assertEquals(status.line(), "100,011 readings, 2,000/s, 0 gaps, 1.9 GiB");
  for (let turn = 0; turn < 30; turn++) {
    now += 500;
    status.line();
  }
  recorder.missing.push("DMM");
  recorder.blocked = { message: "the disk is full", waiting: 1_234 };
  assertEquals(
    status.line(),
    "100,011 readings, 0/s, 0 gaps, 1.9 GiB, waiting for DMM, the disk is full (1,234 readings held)",
  );
  assertEquals(status.summary(), "100,011 readings, 0 gaps, 1.9 GiB");
});
