import { assertEquals } from "@std/assert";
import { AsyncQueue } from "../../client/async_queue.ts";
import { Future } from "../../future.ts";
import type { RequestOutcome } from "../../client/request.ts";
import { StreamWindow } from "../../client/stream_window.ts";
import { Stream, type StreamItem } from "../../client/stream.ts";

Deno.test("of several who wait for a value, each is given the next one in its turn", async () => {
  const values = new AsyncQueue<StreamItem<number>>();
  const { future: reply } = Future.withResolvers<unknown>();
  const { promise: outcome, resolve } = Promise.withResolvers<RequestOutcome>();
  const stream = new Stream({
    label: "it",
    timeout: undefined,
    values,
    reply,
    outcome,
    caller: undefined,
    window: new StreamWindow(),
    requestMore() {},
    onRead() {},
  });
  const loops = [1, 2, 3].map(() => stream[Symbol.asyncIterator]());
  const [first, second, third] = loops.map((loop) => loop.next());
  values.push({ value: 1, time: 10 });
  assertEquals(await first, { value: 1, done: false });
  assertEquals(stream.time, 10);
  values.push({ value: 2, time: 20 });
  assertEquals(await second, { value: 2, done: false });
  assertEquals(stream.time, 20);
  resolve({ state: "fulfilled", result: null });
  assertEquals(await third, { value: undefined, done: true });
});
