import { assertEquals } from "@std/assert";
import { PendingUids } from "../../manager/pending_uids.ts";
import fc from "../support/properties.ts";

Deno.test("what is pending was added and not completed, the oldest first, each uid as often as it was", () => {
  const step = fc.record({ completes: fc.boolean(), uid: fc.constantFrom("", "1", "2") });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const pending = new PendingUids();
      const expected: { uid: string; start: number }[] = [];
      for (const [start, { completes, uid }] of steps.entries()) {
        if (completes) {
          const index = expected.findIndex((one) => one.uid === uid);
          const [oldest] = index === -1 ? [] : expected.splice(index, 1);
          assertEquals(pending.complete(uid), oldest?.start);
        } else {
          pending.add(uid, start);
          expected.push({ uid, start });
        }
        const uids = expected.map((one) => one.uid);
        assertEquals([...pending].toSorted(), uids.toSorted());
        assertEquals(pending.size, expected.length);
        assertEquals(pending.has(uid), uids.includes(uid));
      }
    }),
  );
});

Deno.test("the oldest request is the one that was added first of those that are pending", () => {
  const pending = new PendingUids();
  assertEquals(pending.oldest, undefined);
  for (const uid of ["b", "a", "c", "b"]) pending.add(uid, NaN);
  assertEquals(pending.oldest, "b");
  pending.complete("b");
  assertEquals(pending.oldest, "b");
  pending.complete("b");
  assertEquals(pending.oldest, "a");
});
