import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { Budget } from "../../base/budget.ts";
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

Deno.test("a holder of a budget may have no more than is left for the others", () => {
  const budget = new Budget(16);
  const has = [0, 0, 0, 0, 0];
  for (const holder of has.keys()) while (budget.tryTakeFairly(1, has[holder])) has[holder]++;
  assertEquals(has, [8, 4, 2, 1, 0]);
  assertEquals(budget.held, 15);
  budget.give(8);
  assertEquals([budget.leavesAsMuch(9), budget.leavesAsMuch(10)], [true, false]);
  assert(budget.tryTakeFairly(3, 1));
  assertFalse(budget.tryTakeFairly(1, 6));
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
