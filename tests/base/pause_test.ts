import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { periodicPause, Yielder } from "../../base/pause.ts";

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

Deno.test("work that lasts a slice is paused, and bytes that have come are read", async () => {
  using pair = await connection();
  await pair.near.write(new Uint8Array(1));
  let isRead = false;
  const reading = pair.far.read(new Uint8Array(1)).then(() => isRead = true);
  const pause = periodicPause(1);
  for (let i = 0; i < 3; i++) { // the first may come before the byte has
    work(2);
    await pause();
  }
  assertEquals(isRead, true);
  await reading;
});

Deno.test("work that is shorter than a slice is not paused", async () => {
  const pause = periodicPause(1_000_000);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let i = 0; i < 1_000; i++) await pause();
  clearInterval(timer);
  assertEquals(turns, 0);
});

Deno.test("a pause is due a slice after the last one, and not right after it", async () => {
  let now = 1_000;
  using _clock = fakeNow(() => now);
  const yielder = new Yielder(5);
  assertEquals(yielder.isDue, false);
  now += 4;
  assertEquals(yielder.isDue, false);
  now += 1;
  assertEquals(yielder.isDue, true);
  await yielder.pause();
  assertEquals(yielder.isDue, false);
  now += 5;
  assertEquals(yielder.isDue, true);
});

Deno.test("loops that pause at the same time share one pause", async () => {
  let now = 0;
  using _clock = fakeNow(() => now++);
  const yielder = new Yielder(1_000);
  await Promise.all([yielder.pause(), yielder.pause(), yielder.pause()]);
  assertEquals(now, 2); // at its making, and once at the end of all three
});

Deno.test("of loops that work all the time, each one in turn is the first after a pause", async () => {
  let now = 0;
  using _clock = fakeNow(() => now);
  const yielder = new Yielder(5);
  const work: string[] = [];
  const loop = async (name: string) => {
    while (work.length < 60) {
      while (yielder.isDue) await yielder.pause();
      work.push(name);
      now += 5; // one step is a slice
    }
  };
  await Promise.all(["a", "b", "c"].map(loop));
  const counts = ["a", "b", "c"].map((name) => work.filter((one) => one === name).length);
  assertEquals(counts.every((count) => count >= 15), true, `${counts}`);
});
