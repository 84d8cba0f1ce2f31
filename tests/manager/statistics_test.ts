import { assertEquals } from "@std/assert";
import { KeyError } from "../../errors.ts";
import { Counts, Statistics } from "../../manager/statistics.ts";

/** Traffic whose four numbers differ. */
function traffic(times: number) {
  return { bytesIn: times, bytesOut: 2 * times, linesIn: 3 * times, linesOut: 4 * times };
}

Deno.test("events are counted by name, whatever the name is", () => {
  const counts = new Counts();
  assertEquals(counts.toObject(), {});
  for (const name of ["stalled", "__proto__", "stalled", "constructor"]) counts.add(name);
  assertEquals(Object.entries(counts.toObject()), [
    ["stalled", 2],
    ["__proto__", 1],
    ["constructor", 1],
  ]);
});

Deno.test("the uptime is that of the clock since the start", () => {
  let now = 5_000;
  const statistics = new Statistics(() => now);
  now = 7_500;
  assertEquals(statistics.uptime, 2_500);
});

Deno.test("the traffic of connections that have ended still counts", () => {
  const statistics = new Statistics();
  assertEquals(statistics.traffic([]), traffic(0));
  statistics.addEnd({ state: "left" }, traffic(1));
  statistics.addEnd({ state: "stalled", timeout: 1 }, traffic(10));
  const open = [{ traffic: traffic(100) }, { traffic: traffic(1_000) }];
  for (let time = 0; time < 2; time++) {
    assertEquals(statistics.traffic(open), traffic(1_111));
  }
  assertEquals(statistics.traffic([]), traffic(11));
  assertEquals(statistics.endedConnections.toObject(), { left: 1, stalled: 1 });
});

Deno.test("each way in which a connection ends is counted under a name of its own", () => {
  const statistics = new Statistics();
  const ends = [
    { state: "left" },
    { state: "closed" },
    { state: "stalled", timeout: 1 },
    { state: "silent", timeout: 1 },
    { state: "overrun", limit: 1 },
    { state: "failed", cause: new Error() },
  ] as const;
  for (const end of ends) statistics.addEnd(end, traffic(0));
  assertEquals(
    statistics.endedConnections.toObject(),
    Object.fromEntries(ends.map(({ state }) => [state, 1])),
  );
});

Deno.test("rejected connections are counted by their reason, errors by their class", () => {
  const statistics = new Statistics();
  statistics.addRefusal("wrong Manager password");
  assertEquals(statistics.refusedConnections.toObject(), { wrong_manager_password: 1 });
  for (const error of [new KeyError("a"), new KeyError("b"), new TypeError(), "text"]) {
    statistics.addError(error);
  }
  assertEquals(statistics.errors.toObject(), { KeyError: 2, TypeError: 1, Error: 1 });
});
