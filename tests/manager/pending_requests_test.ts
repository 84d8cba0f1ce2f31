import { assertEquals, assertThrows } from "@std/assert";
import { PermissionError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { PendingRequests } from "../../manager/pending_requests.ts";
import { Registry } from "../../manager/registry.ts";
import { addClient, addService, MANAGER_NAME } from "../support/devices.ts";

/** Two clients, two services and no pending request. */
function devices(limits: Partial<typeof LIMITS> = {}) {
  const registry = new Registry<string>(MANAGER_NAME);
  return {
    pending: new PendingRequests<string>({ ...LIMITS, ...limits }),
    a: addClient(registry, "", "a"),
    b: addClient(registry, "", "b"),
    echo: addService(registry, "", "Echo"),
    lab: addService(registry, "", "Lab"),
  };
}

Deno.test("a client has as many pending requests as its limit allows, held ones among them", () => {
  const { pending, a, b, echo, lab } = devices({ maxRequests: 2 });
  const reason = "Too many requests of a[lab-pc:1] are pending, the limit is 2 (--max-requests)";
  pending.add(a, echo, "1", NaN);
  pending.hold(a);
  assertThrows(() => pending.add(a, lab, "2", NaN), PermissionError, reason);
  assertThrows(() => pending.hold(a), PermissionError, reason);
  pending.add(b, echo, "2", NaN); // the limit is each client's own
  pending.release(a);
  pending.add(a, lab, "2", NaN);
  assertEquals([a.pendingCount, b.pendingCount, lab.pendingCount], [2, 1, 1]);
});

Deno.test("a service has no more pending requests than its limit, from all clients together", () => {
  const { pending, a, b, echo, lab } = devices({ maxRequests: 9, maxServiceRequests: 2 });
  pending.add(a, echo, "1", NaN);
  pending.add(b, echo, "1", NaN);
  assertThrows(
    () => pending.add(a, echo, "2", NaN),
    PermissionError,
    "Too many requests to the 'Echo' service are pending, the limit is 2 for a service and 9 for a " +
      "client (--max-requests)",
  );
  assertEquals([a.pendingCount, echo.pendingCount], [1, 2]);
  pending.add(a, lab, "2", NaN);
  pending.complete(b, echo, "1", NaN, false);
  pending.add(a, echo, "2", NaN);
});

Deno.test("a call counts for its client and its service, with its duration and its error", () => {
  const { pending, a, echo } = devices();
  pending.add(a, echo, "1", 1_000);
  pending.add(a, echo, "2", 1_500);
  assertEquals(pending.complete(a, echo, "1", 3_000, false), true);
  assertEquals(pending.complete(a, echo, "1", 3_000, false), false);
  assertEquals(pending.complete(a, echo, "2", 3_000, true), true);
  for (const { calls } of [a, echo]) {
    const { ended, errors, timed, seconds } = calls;
    assertEquals({ ended, errors, timed, seconds }, {
      ended: 2,
      errors: 1,
      timed: 2,
      seconds: 3.5,
    });
  }
});

Deno.test("what a service has not answered when it goes counts as calls that failed", () => {
  const { pending, a, b, echo, lab } = devices();
  for (const client of [a, b]) pending.add(client, echo, "1", 0);
  pending.add(a, lab, "2", 0);
  const taken = pending.take(echo);
  assertEquals(taken.map(({ client, uid }) => `${client.name} ${uid}`), ["a 1", "b 1"]);
  const counted = [echo, a, b, lab].map((
    { calls: { ended, errors, timed } },
  ) => [ended, errors, timed]);
  assertEquals(counted, [[2, 2, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0]]);
  assertEquals([echo.pendingCount, a.pendingCount, b.pendingCount], [0, 1, 0]);
  assertEquals(pending.of(a), [{ service: lab, uid: "2" }]);
});

Deno.test("what a client that goes has not got answers to is forgotten, and nothing of others", () => {
  const { pending, a, b, echo, lab } = devices();
  for (const service of [echo, lab]) pending.add(a, service, "1", 0);
  pending.add(b, echo, "1", 0);
  pending.removeOf(a);
  assertEquals(pending.of(a), []);
  assertEquals([a.pendingCount, echo.pendingCount, lab.pendingCount], [0, 1, 0]);
  assertEquals([a.calls.ended, pending.some], [0, true]);
  pending.complete(b, echo, "1", NaN, false);
  assertEquals(pending.some, false);
});

Deno.test("a client and a service that are not linked any more know each other until all is answered", () => {
  const { pending, a, echo } = devices();
  pending.add(a, echo, "1", NaN);
  pending.unlinked(a, echo);
  assertEquals(pending.find(a, echo), { client: a, uid: "1" });
  pending.complete(a, echo, "1", NaN, false);
  assertEquals([a.pending.has(echo), echo.pending.has(a)], [true, true]); // for the next request
  pending.unlinked(a, echo);
  assertEquals([a.pending.has(echo), echo.pending.has(a)], [false, false]);
});
