import { assertEquals } from "@std/assert";
import { RecordStatus } from "../../cli/record_status.ts";

Deno.test("the line of a recording has samples, rate, gaps, size, and what it waits for", () => {
  const recorder = {
    samples: 1,
    gaps: 1,
    size: 4_096,
    missing: [] as string[],
    blocked: undefined as { message: string; waiting: number } | undefined,
  };
  let now = 0;
  const status = new RecordStatus(recorder, () => now);
  assertEquals(status.line(), "1 sample, 0.0/s, 1 gap, 4.1 kB");
  [now, recorder.samples, recorder.gaps, recorder.size] = [500, 11, 0, 1_250_000];
  assertEquals(status.line(), "11 samples, 20/s, 0 gaps, 1.3 MB");
  for (let turn = 0; turn < 100; turn++) {
    now += 500;
    recorder.samples += 1_000;
    status.line();
  }
  recorder.size = 2e9;
  assertEquals(status.line(), "100,011 samples, 2,000/s, 0 gaps, 2.0 GB");
  for (let turn = 0; turn < 30; turn++) {
    now += 500;
    status.line();
  }
  recorder.missing.push("DMM");
  recorder.blocked = { message: "the disk is full", waiting: 1_234 };
  assertEquals(
    status.line(),
    "100,011 samples, 0.0/s, 0 gaps, 2.0 GB, waiting for DMM, the disk is full (1,234 readings held)",
  );
  assertEquals(status.summary(), "100,011 samples, 0 gaps, 2.0 GB");
});
