import { assertEquals } from "@std/assert";
import { AsyncQueue } from "../../client/async_queue.ts";
import { Future } from "../../future.ts";
import { Stream } from "../../client/stream.ts";

Deno.test("of several who wait for a value, each is given the next one in its turn", async () => {
  const arrivals = new AsyncQueue<number>();
  const { future: request, resolve } = Future.withResolvers<unknown>();
  const stream = new Stream({ label: "it", timeout: undefined, arrivals, request, want() {} });
  const loops = [1, 2, 3].map(() => stream[Symbol.asyncIterator]());
  const [first, second, third] = loops.map((loop) => loop.next());
  arrivals.push(1);
  assertEquals(await first, { value: 1, done: false });
  arrivals.push(2);
  assertEquals(await second, { value: 2, done: false });
  resolve(null);
  assertEquals(await third, { value: undefined, done: true });
});
