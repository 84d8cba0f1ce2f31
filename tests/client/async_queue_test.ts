import { assert, assertEquals, assertRejects } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AsyncQueue } from "../../client/async_queue.ts";

Deno.test("values are taken in the order in which they have come, however the taking goes", async () => {
  const arrivals = new AsyncQueue<number>();
  const taken: unknown[] = [];
  let next = 0;
  for (const [pushed, takes] of [[1, 1], [3, 1], [0, 1], [2, 2], [5, 3]]) {
    for (let i = 0; i < pushed; i++) arrivals.push(next++);
    for (let i = 0; i < takes; i++) taken.push((await arrivals.take("it")).value);
  }
  assertEquals(taken, [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(arrivals.size, 3);
  arrivals.complete();
  arrivals.push(99); // after the end
  for (const value of [8, 9, 10]) assertEquals(await arrivals.take("it"), { value, done: false });
  assertEquals(await arrivals.take("it"), { value: undefined, done: true });
});

Deno.test("what is taken is let go of, also where something always waits to be taken", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const arrivals = new AsyncQueue<object>();
  arrivals.push({});
  const taken: WeakRef<object>[] = [];
  for (let i = 0; i < 100; i++) {
    arrivals.push({});
    taken.push(new WeakRef((await arrivals.take("it")).value!));
  }
  await new Promise((resolve) => setTimeout(resolve, 0)); // until then a WeakRef keeps its object
  collectGarbage();
  assertEquals(arrivals.size, 1);
  const held = taken.filter((value) => value.deref() !== undefined).length;
  assert(held <= 1, `${held} are still held`);
});

Deno.test("those that are not wanted are dropped, and the reason is what comes instead", async () => {
  const arrivals = new AsyncQueue<number>();
  for (let i = 0; i < 3; i++) arrivals.push(i);
  await arrivals.take("it");
  arrivals.cut(new Error("enough"));
  assertEquals(arrivals.size, 0);
  await assertRejects(() => arrivals.take("it"), Error, "enough");
});
