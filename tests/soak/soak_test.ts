import { assert, assertEquals } from "@std/assert";
import { type Counts, faultsOf, formatResult, noCounts, type Result, sumOf } from "./counts.ts";
import { Random } from "./random.ts";
import { soak } from "./soak.ts";
import { SEED } from "../support/properties.ts";

Deno.test("a soak of two seconds has no faults", async () => {
  const result = await soak({ minutes: 2 / 60, seed: SEED, clients: 20, services: 5 });
  assertEquals(faultsOf(result), [], `--seed ${SEED}\n${formatResult(result)}`);
  assertEquals([result.start.peers, result.end.peers, result.empty.peers], [25, 25, 0]);
});

Deno.test("a soak that is aborted rejects with the reason and ends its processes", async () => {
  const reason = new Error("Interrupted");
  let error: unknown;
  try {
    await soak({ minutes: 1, seed: 1, clients: 2, services: 2, signal: AbortSignal.abort(reason) });
  } catch (thrown) {
    error = thrown;
  }
  assertEquals(error, reason);
});

const SNAPSHOT = { peers: 3, used: 100, resident: 100, descriptors: 10 };
const FINE: Result = {
  counts: { ...noCounts(), requests: 3, answered: 1, failed: { KeyError: 1 }, lost: 1 },
  alone: { ...SNAPSHOT, peers: 0, descriptors: 7 },
  start: SNAPSHOT,
  after: { ...SNAPSHOT, used: 500 },
  end: SNAPSHOT,
  empty: { ...SNAPSHOT, peers: 0, descriptors: 7 },
  seconds: 60,
};

Deno.test("a soak has a fault for each leaked resource and for each wrong reply", () => {
  const withCounts = (counts: Partial<Counts>) => ({
    ...FINE,
    counts: { ...FINE.counts, ...counts },
  });
  assertEquals(faultsOf(FINE), []);
  const faulty: [Result, RegExp][] = [
    [withCounts({ requests: 4, unanswered: 1 }), /^1 requests were not answered/],
    [withCounts({ unexpected: 2 }), /^2 answers were to nothing/],
    [withCounts({ wrong: 3 }), /^3 results were those of another request/],
    [withCounts({ requests: 5 }), /^the requests do not add up/],
    [withCounts({ requests: 2, answered: 0 }), /^nothing was answered/],
    [{ ...FINE, empty: { ...FINE.empty, peers: 1 } }, /^1 peers are registered/],
    [{ ...FINE, end: { ...SNAPSHOT, peers: 2 } }, /^2 are connected at the end, not 3/],
    [{ ...FINE, end: { ...SNAPSHOT, used: 111 } }, /^memory \(used\) is 1.11 times/],
    [{ ...FINE, end: { ...SNAPSHOT, resident: 151 } }, /^memory \(resident\) is 1.51 times/],
    [{ ...FINE, end: { ...SNAPSHOT, descriptors: 19 } }, /^descriptors are left open/],
    [{ ...FINE, empty: { ...FINE.empty, descriptors: 16 } }, /^descriptors are left open/],
  ];
  for (const [result, fault] of faulty) {
    const faults = faultsOf(result);
    assertEquals(faults.length, 1, faults.join());
    assert(fault.test(faults[0]), faults[0]);
  }
});

Deno.test("a value that cannot be measured is no fault, and the table says so", () => {
  const result = structuredClone(FINE);
  for (const snapshot of [result.alone, result.start, result.after, result.end, result.empty]) {
    snapshot.descriptors = undefined;
  }
  result.end.used = 200;
  result.seconds = 10;
  assertEquals(faultsOf(result), []);
  const table = formatResult(result);
  assert(/Too short to say anything about memory/.test(table), table);
  assert(/Descriptors can be counted on Linux only/.test(table), table);
});

Deno.test("counts of several crowds add up, by the kind of failure too", () => {
  const counts = sumOf([
    { ...noCounts(), requests: 1, failed: { KeyError: 1 } },
    { ...noCounts(), requests: 2, failed: { KeyError: 2, PermissionError: 1 } },
  ]);
  assertEquals(counts, {
    ...noCounts(),
    requests: 3,
    failed: { KeyError: 3, PermissionError: 1 },
  });
});

Deno.test("the same seed gives the same numbers, evenly distributed", () => {
  const [a, b] = [new Random(5), new Random(5)];
  const numbers = Array.from({ length: 10_000 }, () => a.next());
  assertEquals(numbers.map(() => b.next()), numbers);
  const mean = numbers.reduce((sum, number) => sum + number) / numbers.length;
  assert(Math.abs(mean - 0.5) < 0.02 && Math.min(...numbers) >= 0 && Math.max(...numbers) < 1);
});
