import { assert, assertEquals } from "@std/assert";
import { RecordingFile } from "../../record/recording_file.ts";
import { SqliteTarget } from "../../record/sqlite_target.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";

const DAY = 86_400_000;
const SOURCE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };
const START = Date.UTC(2026, 0, 1);

/** A recorder whose clock a test sets. */
class Recorder implements Disposable {
  readonly target: SqliteTarget;
  readonly source: number;
  readonly #recording: RecordingFile;
  now: number;
  monotonic = 0;

  constructor(folder: TemporaryFolder, keep: number, now = START) {
    this.now = now;
    const file = folder.join("lab.sqlite");
    const clock = { now: () => this.now, monotonic: () => this.monotonic };
    this.target = new SqliteTarget(file, { keep }, clock);
    this.source = this.target.source(SOURCE);
    this.#recording = new RecordingFile(file);
  }

  /** Time passes, by both. */
  wait(time: number): void {
    this.now += time;
    this.monotonic += time;
  }

  /** Writes a reading of now; others of earlier, too. */
  write(times: readonly number[] = [this.now], received = this.now): void {
    const { source } = this;
    this.target.write(times.map((time) => ({ source, time, received, value: 1 })), []);
  }

  /** How many readings there are, which the rollups must say too. */
  get count(): number {
    const span = { start: 0, end: START + 1_000_000 * DAY };
    const { length } = Array.from(this.#recording.readings(this.source, span));
    const buckets = this.#recording.buckets(this.source, span, 100);
    assertEquals(buckets.reduce((sum, { count }) => sum + count, 0), length);
    return length;
  }

  get gaps(): number {
    return Array.from(this.#recording.gaps(this.source, { start: 0, end: Infinity })).length;
  }

  [Symbol.dispose](): void {
    this.#recording[Symbol.dispose]();
    this.target.close();
  }
}

Deno.test("readings are kept for a time, and those that are older are deleted", async () => {
  await using folder = await temporaryFolder();
  using recorder = new Recorder(folder, 64 * DAY);
  for (let day = 0; day < 200; day++) {
    recorder.write();
    const kept = Math.min(day + 1, recorder.count);
    assert(recorder.count >= Math.min(day + 1, 64) && kept <= 66, `${kept} on day ${day}`);
    recorder.wait(DAY);
  }
});

Deno.test("gaps are deleted with the readings, and one that lasts is not", async () => {
  await using folder = await temporaryFolder();
  using recorder = new Recorder(folder, 64 * DAY);
  const { source, target } = recorder;
  recorder.write();
  const gap = { source, start: START, reason: "too slow" };
  target.write([], [{ ...gap, end: START + 1 }, { ...gap, start: START + 2 }]);
  assertEquals(recorder.gaps, 2);
  recorder.wait(100 * DAY);
  recorder.write();
  assertEquals([recorder.count, recorder.gaps], [1, 1]);
});

Deno.test("old readings are deleted in small steps, while new ones are written", async () => {
  await using folder = await temporaryFolder();
  {
    using before = new Recorder(folder, 1_000 * DAY);
    const times = Array.from({ length: 8_000 }, (_, index) => START + index);
    before.write(times);
    before.write([START + 200 * DAY], START + 200 * DAY);
  }
  using recorder = new Recorder(folder, 64 * DAY, START + 200 * DAY);
  let [count, writes] = [recorder.count, 0];
  assertEquals(count, 8_001);
  for (; count > 1_000; writes++) {
    recorder.wait(50);
    recorder.write();
    const left = recorder.count;
    assert(left >= count - 501, `${count - left} were deleted at once`);
    count = left;
    recorder.write();
    assertEquals(recorder.count, ++count, "it was not yet time for the next step");
  }
  assert(writes >= 14);
  const several = Array.from({ length: 2_000 }, () => recorder.now);
  recorder.write(several);
  assert(recorder.count > 2_000);
});

Deno.test("what is deleted keeps up with what is written", async () => {
  await using folder = await temporaryFolder();
  using recorder = new Recorder(folder, 64_000);
  let most = 0;
  for (let step = 0; step < 200; step++) {
    recorder.write(Array.from({ length: 600 }, (_, index) => recorder.now + index));
    recorder.wait(1_000);
    most = Math.max(most, step % 50 === 49 ? recorder.count : 0);
  }
  assert(most >= 38_400 && most <= 40_800, `${most} readings of 64 s`);
});

Deno.test("a clock that jumps deletes nothing that is not too old by the other one", async () => {
  await using folder = await temporaryFolder();
  {
    using recorder = new Recorder(folder, 64 * DAY);
    recorder.write();
    recorder.now += 10_000 * DAY;
    for (let step = 0; step < 10; step++) {
      recorder.monotonic += 1_000;
      recorder.write();
    }
    assertEquals(recorder.count, 11);
    recorder.now = START + 1_000;
    recorder.write();
  }
  // A computer that starts with a wrong clock.
  using recorder = new Recorder(folder, 64 * DAY, START + 20_000 * DAY);
  recorder.monotonic += 1_000;
  recorder.write();
  recorder.monotonic += 1_000;
  recorder.write();
  assertEquals(recorder.count, 14);
});

Deno.test("a clock that goes back keeps readings for longer", async () => {
  await using folder = await temporaryFolder();
  using recorder = new Recorder(folder, 64 * DAY);
  recorder.write();
  recorder.now -= 1_000 * DAY;
  recorder.monotonic += 500 * DAY;
  recorder.write();
  assertEquals(recorder.count, 2);
});

Deno.test("the readings of a source with a wrong clock are kept as long as others", async () => {
  await using folder = await temporaryFolder();
  using recorder = new Recorder(folder, 64 * DAY);
  for (let day = 0; day < 63; day++) {
    recorder.write([recorder.monotonic]);
    recorder.wait(DAY);
  }
  assertEquals(recorder.count, 63);
  recorder.wait(10 * DAY);
  recorder.write();
  assert(recorder.count < 63);
});
