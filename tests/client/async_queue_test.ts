import { assert, assertEquals, assertRejects } from "@std/assert";
import { AsyncQueue } from "../../client/async_queue.ts";
import { collectGarbage } from "../support/garbage.ts";

Deno.test("values are taken in the order in which they have come, however the taking goes", async () => {
  const queue = new AsyncQueue<number>();
  const taken: unknown[] = [];
  let next = 0;
  for (const [pushed, takes] of [[1, 1], [3, 1], [0, 1], [2, 2], [5, 3]]) {
    for (let i = 0; i < pushed; i++) queue.push(next++);
    for (let i = 0; i < takes; i++) taken.push((await queue.take("it")).value);
  }
  assertEquals(taken, [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(queue.size, 3);
  queue.complete();
  queue.push(99); // after the end
  for (const value of [8, 9, 10]) assertEquals(await queue.take("it"), { value, done: false });
  assertEquals(await queue.take("it"), { value: undefined, done: true });
});

Deno.test("what is taken is let go of, also where something always waits to be taken", async () => {
  const queue = new AsyncQueue<object>();
  queue.push({});
  const taken: WeakRef<object>[] = [];
  for (let i = 0; i < 100; i++) {
    queue.push({});
    taken.push(new WeakRef((await queue.take("it")).value!));
  }
  await collectGarbage();
  assertEquals(queue.size, 1);
  const held = taken.filter((value) => value.deref() !== undefined).length;
  assert(held <= 1, `${held} are still held`);
});

Deno.test("those that are not wanted are dropped, and the reason is what comes instead", async () => {
  const queue = new AsyncQueue<number>();
  for (let i = 0; i < 3; i++) queue.push(i);
  await queue.take("it");
  queue.clear(new Error("enough"));
  assertEquals(queue.size, 0);
  await assertRejects(() => queue.take("it"), Error, "enough");
});
