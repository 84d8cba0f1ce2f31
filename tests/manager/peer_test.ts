import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { PendingRequests } from "../../manager/peer.ts";

Deno.test("what is owed is what was added and not settled, each as often", () => {
  const step = fc.record({ settles: fc.boolean(), uid: fc.constantFrom("", "1", "2") });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const pending = new PendingRequests();
      const expected: string[] = [];
      for (const { settles, uid } of steps) {
        if (settles) {
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

Deno.test("the oldest debt is the one that was added first of those that are left", () => {
  const pending = new PendingRequests();
  assertEquals(pending.oldest, undefined);
  for (const uid of ["b", "a", "c", "b"]) pending.add(uid);
  assertEquals(pending.oldest, "b");
  pending.complete("b");
  assertEquals(pending.oldest, "b");
  pending.complete("b");
  assertEquals(pending.oldest, "a");
});
