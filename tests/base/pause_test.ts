import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { pauses, Watch } from "../../base/pause.ts";

/** Keeps the event loop busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Has `performance.now()` give the time of a test. */
function fakeNow(now: () => number): Disposable {
  const method = mock.method(performance, "now", now);
  return { [Symbol.dispose]: () => method.mock.restore() };
}

/** Two ends of a TCP connection. */
async function connection(): Promise<Disposable & { near: Deno.Conn; far: Deno.Conn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [near, far] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  };
}

Deno.test("work that goes on for a slice is paused, and lets what has come be read", async () => {
  using pair = await connection();
  await pair.near.write(new Uint8Array(1));
  let isRead = false;
  const reading = pair.far.read(new Uint8Array(1)).then(() => isRead = true);
  const pause = pauses(1);
  for (let i = 0; i < 3; i++) { // the first may come before the byte has
    work(2);
    await pause();
  }
  assertEquals(isRead, true);
  await reading;
});

Deno.test("work that takes no time is not paused", async () => {
  const pause = pauses(1_000_000);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let i = 0; i < 1_000; i++) await pause();
  clearInterval(timer);
  assertEquals(turns, 0);
});

Deno.test("a pause is due when the last one is a slice ago, and not after it", async () => {
  let now = 1_000;
  using _clock = fakeNow(() => now);
  const watch = new Watch(5);
  assertEquals(watch.isDue, false);
  now += 4;
  assertEquals(watch.isDue, false);
  now += 1;
  assertEquals(watch.isDue, true);
  await watch.pause();
  assertEquals(watch.isDue, false);
  now += 5;
  assertEquals(watch.isDue, true);
});

Deno.test("those that pause at the same time pause together", async () => {
  const watch = new Watch(0);
  const first = watch.pause();
  assertEquals(watch.pause() === first, true);
  await first;
  const later = watch.pause();
  assertEquals(later === first, false);
  await later;
});
