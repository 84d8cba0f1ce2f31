import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Debts } from "../../manager/peer.ts";

Deno.test("what is owed is what was added and not settled, each as often", () => {
  const step = fc.record({ settles: fc.boolean(), uid: fc.constantFrom("", "1", "2") });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const debts = new Debts();
      const owed: string[] = [];
      for (const { settles, uid } of steps) {
        if (settles) {
          const index = owed.indexOf(uid);
          assertEquals(debts.settle(uid), index !== -1);
          if (index !== -1) owed.splice(index, 1);
        } else {
          debts.add(uid);
          owed.push(uid);
        }
        assertEquals([...debts].toSorted(), owed.toSorted());
        assertEquals(debts.size, owed.length);
        assertEquals(debts.has(uid), owed.includes(uid));
      }
    }),
  );
});

Deno.test("the oldest debt is the one that was added first of those that are left", () => {
  const debts = new Debts();
  assertEquals(debts.oldest, undefined);
  for (const uid of ["b", "a", "c", "b"]) debts.add(uid);
  assertEquals(debts.oldest, "b");
  debts.settle("b");
  assertEquals(debts.oldest, "b");
  debts.settle("b");
  assertEquals(debts.oldest, "a");
});
