import { assertEquals } from "@std/assert";
import { describeRoundTrips, statisticsOf } from "../../cli/commands/ping.ts";

Deno.test("the statistics do not depend on the order of the round trips", () => {
  const times = Array.from({ length: 200 }, (_, index) => 200 - index);
  assertEquals(statisticsOf(times), {
    min_ms: 1,
    avg_ms: 100.5,
    p50_ms: 100,
    p99_ms: 198,
    max_ms: 200,
  });
  assertEquals(statisticsOf([0.12345]), {
    min_ms: 0.123,
    avg_ms: 0.123,
    p50_ms: 0.123,
    p99_ms: 0.123,
    max_ms: 0.123,
  });
});

Deno.test("without a reply there are no statistics, and the text says so", () => {
  assertEquals(statisticsOf([]), null);
  assertEquals(describeRoundTrips("Echo", 1, []), "--- Echo ---\n1 sent, 0 answered");
  assertEquals(
    describeRoundTrips("Echo", 3, [1, 2]),
    "--- Echo ---\n3 sent, 2 answered\nmin/avg/p50/p99/max = 1.000/1.500/1.000/2.000/2.000 ms",
  );
});
