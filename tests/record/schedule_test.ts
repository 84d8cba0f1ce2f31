import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { JumpDetector } from "../../record/clock.ts";
import { Schedule } from "../../record/schedule.ts";
import fc from "../support/properties.ts";

Deno.test("ticks are at whole intervals from the first one, which is at the start", () => {
  const schedule = new Schedule(1_000, 500);
  assertEquals(schedule.next(1_000), { at: 1_000, missed: 0 });
  assertEquals(schedule.next(1_003), { at: 1_500, missed: 0 });
  assertEquals(schedule.next(1_900), { at: 2_000, missed: 0 });
});

Deno.test("a tick that is over is used late, unless the next one is due too", () => {
  const schedule = new Schedule(0, 500);
  schedule.next(0);
  assertEquals(schedule.next(700), { at: 500, missed: 0 });
  assertEquals(schedule.next(2_600), { at: 2_500, missed: 3 });
  assertEquals(schedule.next(2_600), { at: 3_000, missed: 0 });
});

Deno.test("however long the calls take, ticks do not drift, do not pile up, and none is uncounted", () => {
  const durations = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 50 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), durations, (interval, calls) => {
    const schedule = new Schedule(123.25, interval);
    let now = 123.25;
    let ticks = 0;
    for (const duration of calls) {
      const { at, missed } = schedule.next(now);
      ticks += missed;
      assertAlmostEquals(at, 123.25 + ticks * interval, 1e-6);
      ticks++;
      assert(at > now - interval, "it is not the latest one that is due");
      now = Math.max(now, at) + duration;
    }
  }));
});

Deno.test("a clock that is set is noticed once, one that is adjusted little by little is not", () => {
  let now = 1_000_000;
  let monotonic = 5;
  const clock = { now: () => now, monotonic: () => monotonic, sleep: () => Promise.resolve() };
  const detector = new JumpDetector(clock);
  const pass = (time: number, error = 0) => {
    monotonic += time;
    now += time + error;
    return detector.check();
  };
  assertEquals([pass(1_000), pass(1_000, 20), pass(60_000, -30)], [0, 0, 0]);
  assertEquals([pass(1_000, 3_600_000), pass(1_000)], [3_600_000, 0]);
  assertEquals([pass(1_000, -7_200_000), pass(1_000)], [-7_200_000, 0]);
  for (let second = 0; second < 100; second++) assertEquals(pass(1_000, 50), 0);
});
