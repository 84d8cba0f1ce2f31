import { assert, assertEquals } from "@std/assert";
import { LONGEST_LABEL } from "../../limits.ts";
import { Calls, CallStatistics, DURATION_BOUNDS } from "../../manager/call_statistics.ts";
import fc from "../support/properties.ts";

/** A connection with so many bytes. */
function connection(bytesIn = 0, bytesOut = 0) {
  return { traffic: { bytesIn, bytesOut, linesIn: 0, linesOut: 0 } };
}

Deno.test("a call is counted with its duration, in the connection and by the name of the service", () => {
  const statistics = new CallStatistics(10);
  const calls = new Calls();
  const series = calls.series = statistics.enter("DMM", connection());
  for (const milliseconds of [0, 0.5, 0.75, 60_000, 60_001, 1e9]) calls.end(milliseconds, false);
  calls.end(3.75, true);
  calls.end(NaN, true); // e.g. the service had gone
  const counted = { ended: 8, errors: 2, timed: 7 };
  assertEquals({ ended: calls.ended, errors: calls.errors, timed: calls.timed }, counted);
  assertEquals([series.ended, series.errors], [8, 2]);
  assertEquals([calls.seconds, series.seconds], [1_000_120.006, 1_000_120.006]);
  const buckets = new Map(
    [...DURATION_BOUNDS, Infinity].map((bound, index) => [bound, series.buckets[index]]),
  );
  assertEquals(
    [...buckets].filter(([_, count]) => count > 0),
    [[0.0005, 2], [0.001, 1], [0.005, 1], [60, 1], [Infinity, 2]],
  );
});

Deno.test("the time is that of the last read, not of now", () => {
  let now = 5;
  const statistics = new CallStatistics(10, () => now);
  now = 6;
  assertEquals(statistics.now, 5);
  statistics.tick();
  assertEquals(statistics.now, 6);
});

Deno.test("a service that comes back keeps its counters, and its bytes never fall", () => {
  const statistics = new CallStatistics(10);
  const first = connection(100, 200);
  const series = statistics.enter("DMM", first);
  series.end(1, false);
  const second = connection(1, 2);
  assertEquals(statistics.enter("DMM", second) === series, true); // the first one is not closed yet
  const bytes = () => [series.traffic.bytesIn, series.traffic.bytesOut];
  assertEquals(bytes(), [101, 202]);
  first.traffic.bytesIn += 10;
  series.leave(first);
  series.leave(first); // again
  assertEquals(bytes(), [111, 202]);
  assertEquals(series.ended, 1);
});

Deno.test("the first services have counters of their own for ever, and further ones are counted together", () => {
  const statistics = new CallStatistics(2);
  const labels = () => statistics.series.map(({ label }) => label);
  const enter = (name: string) => {
    const one = connection();
    const series = statistics.enter(name, one);
    series.leave(one);
    return series;
  };
  enter("scan-1");
  enter("DMM");
  assertEquals([labels(), statistics.hasOther], [["scan-1", "DMM"], false]);
  for (let scan = 2; scan < 100; scan++) enter(`scan-${scan}`).end(1, false);
  assertEquals([labels(), statistics.hasOther], [["scan-1", "DMM", "other"], true]);
  assertEquals(statistics.series[2].ended, 98);
  assertEquals(enter("DMM").label, "DMM");
  assertEquals(statistics.labelOf("scan-99"), "other");
});

Deno.test("whatever services are called, labels are bounded, differ, and can be printed", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.string({ unit: "binary", minLength: 120, maxLength: 256 }),
    fc.constantFrom("other", "\ud800", "\\u{d800}", "__proto__", "a\nb"),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), fc.nat(8), (names, limit) => {
      const statistics = new CallStatistics(limit);
      for (const one of names) {
        const series = statistics.enter(one, connection(1, 1));
        series.end(1, false);
        assertEquals(statistics.labelOf(one), series.label);
      }
      const all = [...statistics.series];
      assert(all.length <= limit + 1);
      assertEquals(new Set(all.map(({ label }) => label)).size, all.length);
      assertEquals(all.reduce((sum, { ended }) => sum + ended, 0), names.length);
      for (const { label } of all) {
        assert(label.isWellFormed() && !/[\p{Cc}]/u.test(label));
        assert(label.length <= LONGEST_LABEL, `${label.length} characters`);
      }
    }),
  );
});

Deno.test("a long name is cut in its label, and counted with those that begin like it", () => {
  const statistics = new CallStatistics(4);
  const [first, second] = ["a", "b"].map((end) =>
    statistics.enter("\u0001".repeat(200) + end, connection())
  );
  assertEquals(first, second);
  assertEquals(first.label.length, LONGEST_LABEL);
  assert(first.label.startsWith("\\u{1}\\u{1}") && first.label.endsWith("…"), first.label);
  const astral = statistics.enter("a" + "🌡".repeat(127), connection());
  assertEquals(astral.label, `a${"🌡".repeat(63)}…`);
});
