import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { openTarget } from "../../record/open_target.ts";
import { RecordingFile } from "../../record/recording_file.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordingWriter } from "../support/recorded_numbers.ts";

const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };

Deno.test("what was recorded is read while it is written", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  using recording = new RecordingFile(file);
  assertEquals(recording.sources().map(({ id, service }) => ({ id, service })), [
    { id: source, service: "DMM" },
  ]);
  assertEquals(recording.latest(source), undefined);
  assertEquals(recording.span(source), undefined);
  const readings = [10, 20, 30, 40].map((time) => ({
    source,
    time,
    received: time + 1,
    value: time / 10,
  }));
  const gap = { source, start: 41, end: 50, reason: "too slow" };
  target.write(readings, [gap]);
  assertEquals(recording.latest(source), readings[3]);
  assertEquals(recording.span(source), { start: 10, end: 40 });
  assertEquals([...recording.readings(source, { start: 20, end: 40 })], readings.slice(1, 3));
  assertEquals([...recording.gaps(source, { start: 0, end: 60 })], [gap]);
  assertEquals([...recording.gaps(source, { start: 50, end: 60 })], []);
  assertEquals(recording.buckets(source, { start: 0, end: 60 }, 2), [
    { start: 0, end: 30, low: 1, high: 2, mean: 1.5, count: 2 },
    { start: 30, end: 60, low: 3, high: 4, mean: 3.5, count: 2 },
  ]);
  await target.close();
});

Deno.test("a recording that does not exist is not made by a reader", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  const message = `Cannot read the recording ${file}: there is no such file`;
  assertThrows(() => new RecordingFile(file), ConfigurationError, message);
});

Deno.test("another process that writes does not change what is read at once", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  await using program = recordingWriter(file, 0);
  await program.stdout.next((line) => line === "2");
  using recording = new RecordingFile(file);
  const source = recording.sources().find(({ attribute }) => attribute === "count")!.id;
  const written = () => Number(recording.latest(source)!.value) + 1;
  let looks = 0;
  // Twice as many as are added to the rollups at once, with a text for each three.
  for (let before = written(); before < 15_000; before = written()) {
    const buckets = recording.buckets(source, { start: 0, end: 1_000_000 }, 100);
    const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    assert(before <= count && count <= written(), `${count} of ${before} to ${written()}`);
    looks++;
  }
  assert(looks > 10, "the writer was too fast");
  program.kill("SIGKILL");
});
