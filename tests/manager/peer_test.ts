import { assertEquals } from "@std/assert";
import { PendingRequests } from "../../manager/peer.ts";
import fc from "../support/properties.ts";

Deno.test("what is pending was added and not completed, each uid as often as it was", () => {
  const step = fc.record({ completes: fc.boolean(), uid: fc.constantFrom("", "1", "2") });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const pending = new PendingRequests();
      const expected: string[] = [];
      for (const { completes, uid } of steps) {
        if (completes) {
          const index = expected.indexOf(uid);
          assertEquals(pending.complete(uid), index !== -1);
          if (index !== -1) expected.splice(index, 1);
        } else {
          pending.add(uid);
          expected.push(uid);
        }
        assertEquals([...pending].toSorted(), expected.toSorted());
        assertEquals(pending.size, expected.length);
        assertEquals(pending.has(uid), expected.includes(uid));
      }
    }),
  );
});

Deno.test("the oldest request is the one that was added first of those that are pending", () => {
  const pending = new PendingRequests();
  assertEquals(pending.oldest, undefined);
  for (const uid of ["b", "a", "c", "b"]) pending.add(uid);
  assertEquals(pending.oldest, "b");
  pending.complete("b");
  assertEquals(pending.oldest, "b");
  pending.complete("b");
  assertEquals(pending.oldest, "a");
});
