import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { Budget, Holder } from "../../base/budget.ts";
import fc from "../support/properties.ts";

Deno.test("a budget gives no more bytes than it has, and what is given back can be taken again", () => {
  const budget = new Budget(10);
  assert(budget.tryTake(4));
  assertFalse(budget.tryTake(7));
  assertEquals(budget.held, 4);
  assert(budget.tryTake(6));
  assertFalse(budget.tryTake(1));
  budget.give(4);
  assert(budget.tryTake(3));
  assertEquals(budget.held, 9);
});

/** Takes all that each holder may have, one holder after the other. */
function fill(budget: Budget, holders: readonly Holder[]): number[] {
  for (const holder of holders) while (budget.tryTakeFairly(1, holder));
  return holders.map(({ held }) => held);
}

Deno.test("a holder of a budget may have no more than is left for the others", () => {
  const budget = new Budget(16);
  const holders = Array.from({ length: 5 }, () => Holder.one());
  assertEquals(fill(budget, holders), [8, 4, 2, 1, 0]);
  assertEquals([budget.held, budget.left], [15, 1]);
  budget.giveBackOf(holders[0], 8);
  assertEquals([budget.left, holders[0].held], [9, 0]);
  assert(budget.tryTakeFairly(3, holders[4]));
  assertEquals([budget.left, holders[4].held], [6, 3]);
  assertFalse(budget.tryTakeFairly(2, holders[4]));
});

Deno.test("a group has no more of a budget than three times what is left, with however many holders", () => {
  for (const count of [1, 2, 3, 100]) {
    const budget = new Budget(64);
    const group = Holder.group();
    const holders = Array.from({ length: count }, () => Holder.one(group));
    fill(budget, holders);
    assertEquals(group.held, holders.reduce((sum, { held }) => sum + held, 0));
    assertEquals(group.held, count === 1 ? 32 : 48);
    // Others get half of what is left, and half of the rest.
    const [first] = fill(budget, [Holder.one(Holder.group()), Holder.one()]);
    assertEquals(first, count === 1 ? 16 : 8);
  }
});

Deno.test("no more can be given back to a budget than is held", () => {
  const budget = new Budget(10);
  assert(budget.tryTake(3));
  assertThrows(() => budget.give(4), RangeError, "Cannot give back 4 bytes: only 3 are held");
  assertEquals(budget.held, 3);
});

Deno.test("a budget never holds more than its limit, whatever is taken and given back", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(200), (sizes, limit) => {
      const budget = new Budget(limit);
      const taken: number[] = [];
      let held = 0;
      for (const size of sizes) {
        const fits = held + size <= limit;
        assertEquals(budget.tryTake(size), fits);
        if (fits) taken.push(size), held += size;
        else if (taken.length > 0) {
          const bytes = taken.shift()!;
          budget.give(bytes);
          held -= bytes;
        }
        assertEquals(budget.held, held);
        assert(budget.held <= limit);
      }
    }),
  );
});
