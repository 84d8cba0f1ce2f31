import { assert, assertEquals } from "@std/assert";
import { ReceiveWindow, WindowBudget } from "../../cluster/window.ts";
import fc from "../support/properties.ts";

const SIZES = { initial: 100, largest: 1_000, total: 2_000 };

/** Uses up so many bytes of a window. Returns how often its limit was raised. */
function use(window: ReceiveWindow, count: number): number {
  let raised = 0;
  for (let used = 0; used < count; used += 10) {
    assert(window.receive(10));
    if (window.consume(10)) raised++;
  }
  return raised;
}

Deno.test("a window that is used grows up to its largest size, and the limit seldom changes", () => {
  const window = new ReceiveWindow(new WindowBudget(SIZES));
  assertEquals(window.limit, 100);
  use(window, 10_000);
  const raised = use(window, 10_000);
  assert(raised <= 2 * 10_000 / 1_000, `${raised}`);
  assert(window.limit > 20_000 && window.limit <= 21_000);
});

Deno.test("a window that is used slowly stays small", () => {
  const budget = new WindowBudget(SIZES);
  const window = new ReceiveWindow(budget);
  for (let round = 0; round < 100; round++) {
    budget.period += 2;
    use(window, 50);
  }
  assertEquals(window.limit, 5_000 + 100);
});

Deno.test("what nobody has consumed fills a window, and more is too much", () => {
  const window = new ReceiveWindow(new WindowBudget(SIZES));
  assert(window.receive(60));
  assert(window.receive(40));
  assert(!window.receive(1));
});

Deno.test("windows share a budget: those that are used give back what others need", () => {
  const budget = new WindowBudget(SIZES);
  const windows = Array.from({ length: 10 }, () => new ReceiveWindow(budget));
  const sizes = () => windows.map((window) => window.limit);
  use(windows[0], 10_000);
  assertEquals(sizes()[0] - 10_000 <= 1_000, true);
  for (let round = 0; round < 50; round++) for (const window of windows) use(window, 1_000);
  const unused = sizes().map((limit, index) => limit - 50_000 - (index === 0 ? 10_000 : 0));
  for (const size of unused) assert(size <= 300, `${unused}`); // 100 of its own, and 200 of the budget
  for (const window of windows.slice(1)) window.close();
  use(windows[0], 10_000);
  assert(windows[0].limit - 70_000 > 500);
});

Deno.test("a limit never shrinks, and all together stay within the budget", () => {
  const step = fc.record({ window: fc.nat(7), size: fc.nat(400), waits: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
    const budget = new WindowBudget(SIZES);
    const windows = Array.from({ length: 8 }, () => new ReceiveWindow(budget));
    const received = windows.map(() => 0);
    for (const { window: index, size, waits } of steps) {
      const window = windows[index];
      const before = window.limit;
      const count = Math.min(size, before - received[index]);
      assert(window.receive(count));
      received[index] += count;
      window.consume(count);
      if (waits) budget.period += 2;
      assert(window.limit >= before);
      assert(window.limit - received[index] <= SIZES.largest);
    }
    const promised = windows.reduce((sum, { limit }, index) => sum + limit - received[index], 0);
    assert(promised <= SIZES.total + windows.length * SIZES.initial, `${promised}`);
  }));
});
